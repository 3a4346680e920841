/**
 * Where along the denoising a student parts from its teacher: for every layer and timestep the agreement of the two
 * outputs on the same x_t. The error is accumulated: each network runs freely on that x_t, so a layer's figure holds
 * what the layers before it did. Features are NHWC, C channels last.
 */
import { type Tensor, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core'
import { energyOf, lowRankAlignment, type Projected } from '../lrm/alignment'
import { fitAxes, projectFeatures, rankOf } from '../lrm/projection'
import { agreement } from '../math/agreement'
import type { Alignment, Diagnosis, Layer } from '../record/run'
import type { Checkpoint } from '../unet/checkpoint'
import type { Tap } from '../unet/forward'
import { type Predict, withNetwork } from './network'
import { pause } from './pause'
import { mixedBatch, type Timeline, teacherStates } from './trajectory'

/** Axes cost the cube of the channels: 512 take about a second and a half, 1024 twelve. */
export const mostChannels = 512

export type AlignmentOptions = {
  timeline: Timeline
  images: number
  seed: number
  signal?: AbortSignal
}

export type AlignmentResult = {
  output: NonNullable<Diagnosis['output']>
  /** In the order of the layer list. */
  layers: Alignment[]
  /** What was not measured and why. */
  assumptions: string[]
}

/** Parts of the work, for progress: DDIM steps, the teacher's axes, timesteps. */
export function alignmentSteps({ steps, timesteps }: Timeline): number {
  return steps + 1 + timesteps.length
}

/**
 * Measures two checkpoints of one architecture. At any time only the teacher's features of one timestep are held.
 * Lets other tasks run after every forward pass pair; frees every tensor, also when it is aborted.
 */
export async function measureAlignment(
  teacher: Checkpoint,
  student: Checkpoint,
  { timeline, images, seed, signal }: AlignmentOptions,
  onProgress: (done: number, words: string) => void = () => {},
): Promise<AlignmentResult> {
  const { timesteps, steps } = timeline
  return withNetwork(teacher, (predictTeacher) =>
    withNetwork(student, async (predictStudent) => {
      const run = { seed, images, signal }
      const states = await teacherStates(predictTeacher, teacher.config, timeline, run, (done) =>
        onProgress(done, 'noisy images from the teacher'),
      )
      const batch = mixedBatch(states, timesteps, images)
      const axes = teacherAxes(predictTeacher, teacher.layers, batch)
      try {
        onProgress(steps + 1, "axes of the teacher's features")
        await pause(signal)
        const layers = student.layers.map(emptyAlignment)
        const output: AlignmentResult['output'] = { sqnr: [], cosine: [] }
        for (const [i, t] of timesteps.entries()) {
          const features = new Map<number, Features>()
          const x = states.get(t)!
          const eps = predictTeacher(
            x,
            t,
            tapLayers(teacher.layers, (layer, tensor) => {
              features.set(layer, featuresOf(tensor, axes[layer]!))
            }),
          )
          const studentEps = predictStudent(
            x,
            t,
            tapLayers(student.layers, (layer, tensor) => {
              compare(layers[layer]!, features.get(layer)!, featuresOf(tensor, axes[layer]!))
              features.delete(layer)
            }),
          )
          const agreed = agreement(eps, studentEps)
          output.sqnr.push(agreed.sqnr)
          output.cosine.push(agreed.cosine)
          onProgress(steps + 2 + i, `timestep ${t}`)
          await pause(signal)
        }
        return { output, layers, assumptions: skipped(student.layers, axes) }
      } finally {
        for (const tensor of axes) tensor?.dispose()
      }
    }),
  )
}

/** A layer's output and, where there are axes, its projection on them. */
type Features = { values: Float32Array; projected: Projected | null }

function featuresOf(tensor: Tensor, axes: Tensor2D | null): Features {
  const values = tensor.dataSync() as Float32Array
  if (!axes) return { values, projected: null }
  const projection = projectFeatures(tensor, axes)
  const projected = { values: projection.dataSync() as Float32Array, energy: energyOf(values) }
  projection.dispose()
  return { values, projected }
}

function compare(into: Alignment, teacher: Features, student: Features): void {
  const { sqnr, cosine } = agreement(teacher.values, student.values)
  const lowRank =
    teacher.projected && student.projected && lowRankAlignment(teacher.projected, student.projected)
  into.sqnr.push(sqnr)
  into.cosine.push(cosine)
  into.lowRankCosine.push(lowRank?.cosine ?? null)
  into.lowRankTeacherEnergy.push(lowRank?.teacherEnergy ?? null)
  into.lowRankStudentEnergy.push(lowRank?.studentEnergy ?? null)
}

/** A tap that sees each layer once by its index; a module may share a layer's id and tell the same output again. */
function tapLayers(layers: readonly Layer[], see: (index: number, output: Tensor) => void): Tap {
  const waiting = new Map(layers.map(({ id }, i) => [id, i]))
  return (id, output) => {
    const index = waiting.get(id)
    if (index === undefined) return
    waiting.delete(id)
    see(index, output)
  }
}

/** Axes of each layer from the teacher's features of one batch, [C, k]; null where there are none. The caller owns them. */
function teacherAxes(
  predict: Predict,
  layers: readonly Layer[],
  { x, t }: { x: Float32Array; t: number[] },
): (Tensor2D | null)[] {
  const found = new Array<Float32Array | null>(layers.length).fill(null)
  predict(
    x,
    t,
    tapLayers(layers, (i, tensor) => {
      const { outChannels } = layers[i]!
      const rows = tensor.size / outChannels
      if (reasonAgainst(layers[i]!) || rows < rankOf(outChannels)) return
      found[i] = fitAxes(tensor.dataSync() as Float32Array, outChannels)
    }),
  )
  return found.map(
    (axes, i) => axes && tensor2d(axes, [layers[i]!.outChannels, rankOf(layers[i]!.outChannels)]),
  )
}

function reasonAgainst(layer: Layer): string | null {
  if (layer.place.part === 'time' || layer.place.role === 'time_proj')
    return 'layers on the time embedding, whose output at one timestep is the same for every image'
  if (layer.outChannels > mostChannels) return `layers with more than ${mostChannels} channels`
  return null
}

const otherReason = 'layers whose features in the first batch were not finite or fewer than the axes'

/** One sentence per reason for leaving low rank out. */
function skipped(layers: readonly Layer[], axes: readonly unknown[]): string[] {
  const counts = new Map<string, number>()
  layers.forEach((layer, i) => {
    if (axes[i]) return
    const reason = reasonAgainst(layer) ?? otherReason
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  })
  return [...counts].map(([reason, n]) => `low-rank alignment left out for ${n} ${reason}`)
}

function emptyAlignment(layer: Layer): Alignment {
  return {
    sqnr: [],
    cosine: [],
    lowRankCosine: [],
    lowRankTeacherEnergy: [],
    lowRankStudentEnergy: [],
    rank: rankOf(layer.outChannels),
  }
}

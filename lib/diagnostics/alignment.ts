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
import {
  mixedBatch,
  mixedSteps,
  type Noise,
  type Timeline,
  teacherStates,
  timestepsOnTheWay,
} from './trajectory'

/** Axes cost the cube of the channels: 512 take nearly two seconds a layer. */
export const mostChannels = 512

export type AlignmentOptions = Noise & { timeline: Timeline; signal?: AbortSignal }

export type AlignmentResult = {
  output: NonNullable<Diagnosis['output']>
  /** In the order of the layer list. */
  layers: Alignment[]
  /** What was not measured and why. */
  assumptions: string[]
}

/** Parts of the work, for progress: DDIM steps to the mixed batch, the teacher's axes, timesteps. */
export function alignmentParts(timeline: Timeline): number {
  return mixedSteps + 1 + timestepsOnTheWay(timeline).length
}

/**
 * Measures two checkpoints of one architecture. Only the teacher's features of one timestep are held at any time.
 * Lets other tasks run after each timestep; frees every tensor, also when it is aborted.
 */
export async function measureAlignment(
  teacher: Checkpoint,
  student: Checkpoint,
  { timeline, seed, images, signal }: AlignmentOptions,
  onProgress: (done: number, words: string) => void = () => {},
): Promise<AlignmentResult> {
  return withNetwork(teacher, (predictTeacher) =>
    withNetwork(student, async (predictStudent) => {
      let done = 0
      const next = async (words: string) => {
        onProgress(++done, words)
        await pause(signal)
      }
      const axes = await teacherAxes(predictTeacher, teacher, { seed, images }, next)
      try {
        const features = new Map<number, Features>()
        const remember = tapLayers(teacher.layers, (layer, output) => {
          features.set(layer, featuresOf(output, axes[layer]!))
        })
        const layers = student.layers.map(emptyAlignment)
        const output: AlignmentResult['output'] = { sqnr: [], cosine: [] }
        const predict: Predict = (x, t) => predictTeacher(x, t, remember)
        for (const { t, x, eps } of teacherStates(predict, teacher, timeline, { seed, images })) {
          if (timeline.measured.includes(t)) {
            const compared = tapLayers(student.layers, (layer, output) => {
              const teachers = features.get(layer)
              if (!teachers) return
              compare(layers[layer]!, teachers, featuresOf(output, axes[layer]!))
              features.delete(layer)
            })
            const agreed = agreement(eps, predictStudent(x, t, compared))
            output.sqnr.push(agreed.sqnr)
            output.cosine.push(agreed.cosine)
          }
          await next(`timestep ${t}`)
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

/** A tap for the layers alone, by their index in the list; blocks and norms pass by. */
function tapLayers(layers: readonly Layer[], see: (index: number, output: Tensor) => void): Tap {
  const indices = new Map(layers.map(({ id }, i) => [id, i]))
  return (id, output) => {
    const index = indices.get(id)
    if (index !== undefined) see(index, output)
  }
}

/**
 * Axes of each layer's features in the teacher over one batch of mixed timesteps, [C, k]; null where there are none.
 * The caller owns them.
 */
async function teacherAxes(
  predict: Predict,
  teacher: Checkpoint,
  noise: Noise,
  next: (words: string) => Promise<void>,
): Promise<(Tensor2D | null)[]> {
  const { layers } = teacher
  const mixing = mixedBatch(predict, teacher, noise)
  let step = mixing.next()
  while (!step.done) {
    await next('images at all noise levels')
    step = mixing.next()
  }
  const { x, t } = step.value
  const found = new Array<Float32Array | null>(layers.length).fill(null)
  const fit = tapLayers(layers, (i, output) => {
    const { outChannels } = layers[i]!
    if (reasonAgainst(layers[i]!) || output.size / outChannels < rankOf(outChannels)) return
    found[i] = fitAxes(output.dataSync() as Float32Array, outChannels)
  })
  predict(x, t, fit)
  await next("axes of the teacher's features")
  return found.map((axes, i) => {
    const { outChannels } = layers[i]!
    return axes && tensor2d(axes, [outChannels, rankOf(outChannels)])
  })
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

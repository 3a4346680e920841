/**
 * Where along the denoising a student parts from its teacher and why: one pass of both networks at each timestep, every layer
 * measured while it runs. Both see the same x_t. Accumulated errors hold what the layers before did, since each network runs
 * freely; local ones are the student's layer on the teacher's input. Features are NHWC, C channels last.
 */
import { keep, type Tensor, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core'
import { lowRankAlignment } from '../lrm/alignment'
import { fitAxes, projectFeatures, rankOf } from '../lrm/projection'
import { agreement } from '../math/agreement'
import type { Alignment, Diagnosis, Layer } from '../record/run'
import { detailOf, type PackedGrids, packGrids, rowOf, type SweepRecord } from '../record/sweep'
import { hostValues } from '../tensor/on-host'
import { architecture } from '../unet/architecture'
import type { Checkpoint } from '../unet/checkpoint'
import { modulesOf } from '../unet/modules'
import { concatenatedInputs } from '../unet/skips'
import type { Pair, SeenLayer } from '../unet/twin'
import { stepFactors, stepLeft } from './activation-use'
import { emptyLayerGrids, type LayerGrids, measureLayer, type SweptLayer } from './layer-sweep'
import { measureModule, type SweptModule, startModule } from './module-subspaces'
import { type Predict, withTwin } from './network'
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

export type SweepOptions = Noise & { timeline: Timeline; signal?: AbortSignal }

export type SweepResult = {
  output: NonNullable<Diagnosis['output']>
  /** In the order of the layer list. */
  layers: { alignment: Alignment; sweep: PackedGrids }[]
  sweep: SweepRecord
  /** What was not measured and why. */
  assumptions: string[]
}

/** Parts of the work, for progress: DDIM steps to the mixed batch, the teacher's axes, timesteps. */
export function sweepParts(timeline: Timeline): number {
  return mixedSteps + 1 + timestepsOnTheWay(timeline).length
}

/**
 * Measures two checkpoints of one architecture. Beside the passes themselves one layer's features are held at any time.
 * Lets other tasks run after each timestep; frees every tensor, also when it is aborted.
 */
export async function sweep(
  teacher: Checkpoint,
  student: Checkpoint,
  { timeline, seed, images, signal }: SweepOptions,
  onProgress: (done: number, words: string) => void = () => {},
): Promise<SweepResult> {
  const { measured } = timeline
  const detail = detailOf(measured.length)
  const localImages = Math.max(1, Math.floor(images / 8))
  const layers = sweptLayers(teacher, student)
  const sizes = { timesteps: measured.length, detailed: detail.length, images }
  const grids = layers.map((layer) => emptyLayerGrids(layer, sizes))
  const alignments = student.layers.map(emptyAlignment)
  const output: SweepResult['output'] = { sqnr: [], cosine: [] }
  return withTwin(teacher, student, async (twin) => {
    let done = 0
    const next = async (words: string) => {
      onProgress(++done, words)
      await pause(signal)
    }
    const reference = await teacherAxes(
      twin.predictTeacher,
      teacher,
      student,
      { seed, images },
      detail.length,
      next,
    )
    try {
      await next("axes of the teacher's features")
      const predict: Predict = (x, t) => {
        const at = measured.indexOf(t as number)
        if (at < 0) return twin.predictTeacher(x, t)
        const inDetail = detail.indexOf(at)
        const columns = { at, detail: inDetail < 0 ? null : inDetail }
        const seeLayer = (seen: SeenLayer) => {
          const { index } = seen
          const energies = measureLayer(grids[index]!, layers[index]!, seen, twin.parts, columns, localImages)
          align(alignments[index]!, seen.outputs, reference.layers[index]!, energies)
        }
        const seeBlock = (id: string, outputs: Pair<Tensor>) => {
          const module = columns.detail === null ? undefined : reference.modules.get(id)
          if (module) tidy(() => measureModule(module, outputs, columns.detail!))
        }
        const [eps, students] = twin.predict(x, t as number, { layer: seeLayer, block: seeBlock })
        const agreed = agreement(eps, students)
        output.sqnr.push(agreed.sqnr)
        output.cosine.push(agreed.cosine)
        return eps
      }
      for (const { t } of teacherStates(predict, teacher, timeline, { seed, images }))
        await next(`timestep ${t}`)
    } finally {
      for (const axes of reference.layers) axes?.dispose()
      for (const { axes } of reference.modules.values()) axes.dispose()
    }
    return {
      output,
      layers: alignments.map((alignment, i) => ({
        alignment: finished(alignment, grids[i]!, detail),
        sweep: packGrids(grids[i]!),
      })),
      sweep: {
        localImages,
        modules: [...reference.modules.values()].map(({ id, channels, rank, grids }) => ({
          ...{ id, channels, rank },
          grids: packGrids(grids),
        })),
      },
      assumptions: skipped(student.layers, reference.layers),
    }
  })
}

function sweptLayers(teacher: Checkpoint, student: Checkpoint): SweptLayer[] {
  const concatenated = concatenatedInputs(architecture(teacher.config))
  return student.layers.map((layer, i) => {
    const named = teacher.layers[i]!
    const bits = student.manifest[layer.id]!.activationBits
    const alpha = student.scales.get(layer.id)?.alpha
    return {
      names: [named, layer],
      step: bits === 32 || alpha === undefined ? null : { alpha, bits },
      ownChannels: concatenated.get(named.id) ?? null,
    }
  })
}

/** Adds a timestep to the low-rank series of a layer; `axes` [C, k] are the teacher's, `energies` the sums of squares of the outputs. */
function align(into: Alignment, outputs: Pair<Tensor>, axes: Tensor2D | null, energies: Pair<number>): void {
  const projections = axes ? outputs.map((features) => projectFeatures(features, axes)) : []
  const [teacher, student] = projections.map((projection, i) => ({
    values: hostValues(projection),
    energy: energies[i]!,
  }))
  const lowRank = teacher && student && lowRankAlignment(teacher, student)
  into.lowRankCosine.push(lowRank?.cosine ?? null)
  into.lowRankTeacherEnergy.push(lowRank?.teacherEnergy ?? null)
  into.lowRankStudentEnergy.push(lowRank?.studentEnergy ?? null)
}

/** The series that are rows of a grid. */
function finished(alignment: Alignment, grids: LayerGrids, detail: readonly number[]): Alignment {
  const [accumulated, local] = [grids.get('accumulated'), grids.get('local')]
  const steps = grids.get('stepSqnr')
  const left = steps ? stepLeft(stepFactors.map((_, row) => rowOf(steps, row))) : []
  const spread = new Array<number | null>(accumulated!.columns).fill(null)
  detail.forEach((at, column) => {
    spread[at] = left[column] ?? null
  })
  return {
    ...alignment,
    sqnr: rowOf(accumulated, 0),
    cosine: rowOf(accumulated, 1),
    local: { sqnr: rowOf(local, 0), cosine: rowOf(local, 1), stepLeft: spread },
  }
}

type Reference = {
  /** Axes of each layer's features in the teacher, [C, k]; null where there are none. */
  layers: (Tensor2D | null)[]
  /** By the id of what ends the module. */
  modules: Map<string, SweptModule>
}

/** The teacher's axes over one batch of mixed timesteps. The caller owns them. */
async function teacherAxes(
  predict: Predict,
  teacher: Checkpoint,
  student: Checkpoint,
  noise: Noise,
  detailed: number,
  next: (words: string) => Promise<void>,
): Promise<Reference> {
  const { layers } = teacher
  const mixing = mixedBatch(predict, teacher, noise)
  let step = mixing.next()
  while (!step.done) {
    await next('images at all noise levels')
    step = mixing.next()
  }
  const { x, t } = step.value
  const found: Reference = {
    layers: new Array<Tensor2D | null>(layers.length).fill(null),
    modules: new Map(),
  }
  const indices = new Map(layers.map(({ id }, i) => [id, i]))
  const storedAxes = storedBy(student)
  const modules = new Map(
    modulesOf(architecture(teacher.config)).map(({ id }, i) => [id, storedAxes[i] ?? null]),
  )
  predict(x, t, (id, output) => {
    const index = indices.get(id)
    const C = output.shape.at(-1)!
    if (index !== undefined && !reasonAgainst(layers[index]!) && output.size / C >= rankOf(C)) {
      const axes = fitAxes(hostValues(output), C)
      found.layers[index] = axes && keep(tensor2d(axes, [C, rankOf(C)]))
    }
    const stored = modules.get(id)
    if (stored === undefined || C > mostChannels) return
    const module = startModule(id, hostValues(output), C, stored, detailed)
    if (module) found.modules.set(id, module)
  })
  return found
}

/** The axes over channels that the student's training stored, module by module; null where there are none. */
function storedBy(student: Checkpoint) {
  return modulesOf(architecture(student.config)).map(({ id }) => student.axes.get(id) ?? null)
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

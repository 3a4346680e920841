/**
 * Where along the denoising a student parts from its teacher and why: one pass of both networks at each timestep, every layer
 * measured while it runs. Both see the same x_t. Accumulated errors hold what the layers before did, since each network runs
 * freely; local ones are the student's layer on the teacher's input. Features are NHWC, C channels last.
 */
import { type Tensor, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core'
import { lowRankAlignment } from '../lrm/alignment'
import { projectFeatures, rankOf } from '../lrm/projection'
import { agreement } from '../math/agreement'
import type { Alignment, Diagnosis, Layer } from '../record/run'
import { detailOf, packGrids, rowOf } from '../record/sweep'
import type { PackedGrids, SweepRecord } from '../record/sweep-record'
import { hostValues } from '../tensor/on-host'
import type { Tensor as HostTensor } from '../tensor/tensor'
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
import { keeper, type LowRank, type Measured, restore, type Slot } from './sweep-progress'
import { fitTeacherAxes, readAxes, reasonAgainst, type TeacherAxes, writeAxes } from './teacher-axes'
import {
  mixedSteps,
  type Noise,
  type Reached,
  type Timeline,
  teacherStates,
  timestepsOnTheWay,
} from './trajectory'

/**
 * Where a sweep keeps what it has, so that it goes on there when it was cut short. Slots are of the networks measured and the way
 * they are read: `axes` of the teacher, `timesteps` of the pair.
 */
export type Kept = { axes?: Slot; timesteps?: Slot }

export type SweepOptions = Noise & { timeline: Timeline; signal?: AbortSignal; kept?: Kept }

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
 * Lets other tasks run after each timestep; frees every tensor, also when it is aborted. What was kept of a sweep with the same
 * parameters is not measured again, and the result is the same to the bit.
 */
export async function sweep(
  teacher: Checkpoint,
  student: Checkpoint,
  { timeline, seed, images, signal, kept }: SweepOptions,
  onProgress: (done: number, words: string) => void = () => {},
): Promise<SweepResult> {
  const { measured } = timeline
  const detail = detailOf(measured.length)
  const localImages = Math.max(1, Math.floor(images / 8))
  const layers = sweptLayers(teacher, student)
  return withTwin(teacher, student, async (twin) => {
    let done = 0
    const next = async (words: string) => {
      onProgress(++done, words)
      await pause(signal)
    }
    const reference = await axesOf(twin.predictTeacher, teacher, { seed, images }, kept?.axes, next)
    const axes = uploaded(reference, teacher)
    const modules = startModules(reference, [teacher, student], detail.length)
    try {
      done = mixedSteps
      await next("axes of the teacher's features")
      const found: Measured = {
        output: { sqnr: nothing(measured), cosine: nothing(measured) },
        layers: layers.map((layer) => ({
          grids: emptyLayerGrids(layer, { timesteps: measured.length, detailed: detail.length, images }),
          lowRank: {
            cosine: nothing(measured),
            teacherEnergy: nothing(measured),
            studentEnergy: nothing(measured),
          },
        })),
        modules: [...modules.values()].map(({ grids }) => grids),
      }
      const predict: Predict = (x, t) => {
        const at = measured.indexOf(t as number)
        if (at < 0) return twin.predictTeacher(x, t)
        const inDetail = detail.indexOf(at)
        const columns = { at, detail: inDetail < 0 ? null : inDetail }
        const seeLayer = (seen: SeenLayer) => {
          const { index } = seen
          const { grids, lowRank } = found.layers[index]!
          const energies = measureLayer(grids, layers[index]!, seen, twin.parts, columns, localImages)
          align(lowRank, at, seen.outputs, axes[index]!, energies)
        }
        const seeBlock = (id: string, outputs: Pair<Tensor>) => {
          const module = columns.detail === null ? undefined : modules.get(id)
          if (module) tidy(() => measureModule(module, outputs, columns.detail!))
        }
        const [eps, students] = twin.predict(x, t as number, { layer: seeLayer, block: seeBlock })
        const agreed = agreement(eps, students)
        found.output.sqnr[at] = agreed.sqnr
        found.output.cosine[at] = agreed.cosine
        return eps
      }
      const parameters = JSON.stringify({
        timeline,
        seed,
        images,
        layers: student.layers.map(({ id }) => id),
      })
      const slot = kept?.timesteps
      const reached = slot && restore(await slot.read(), parameters, found)
      const keep = slot && keeper(slot, parameters, found)
      if (reached) done += timestepsOnTheWay(timeline).filter((t) => isBehind(t, reached, timeline)).length
      for (const state of teacherStates(predict, teacher, timeline, { seed, images }, reached)) {
        if (state.reached) await keep?.(state.reached)
        await next(`timestep ${state.t}`)
      }
      return {
        output: found.output,
        layers: found.layers.map(({ grids, lowRank }, i) => ({
          alignment: alignmentOf(student.layers[i]!, grids, lowRank, detail),
          sweep: packGrids(grids),
        })),
        sweep: {
          localImages,
          modules: [...modules.values()].map(({ id, channels, rank, grids }) => ({
            ...{ id, channels, rank },
            grids: packGrids(grids),
          })),
        },
        assumptions: skipped(student.layers, reference.layers),
      }
    } finally {
      for (const tensor of axes) tensor?.dispose()
      for (const { axes } of modules.values()) axes.dispose()
    }
  })
}

const nothing = (measured: readonly number[]): (number | null)[] => measured.map(() => null)

/** Whether a timestep is dealt with once so many DDIM steps are done. */
function isBehind(t: number, { done }: Reached, { visited }: Timeline): boolean {
  return t > (visited[done] ?? -1)
}

/** The teacher's axes, fitted unless they were kept. */
async function axesOf(
  predict: Predict,
  teacher: Checkpoint,
  noise: Noise,
  slot: Slot | undefined,
  next: (words: string) => Promise<void>,
): Promise<TeacherAxes> {
  const kept = slot && readAxes(await slot.read(), teacher, noise)
  if (kept) return kept
  const axes = await fitTeacherAxes(predict, teacher, noise, next)
  await slot?.write(writeAxes(axes, teacher, noise))
  return axes
}

/** [C, k] of each layer on the backend. The caller owns them. */
function uploaded({ layers }: TeacherAxes, teacher: Checkpoint): (Tensor2D | null)[] {
  return layers.map((axes, i) => {
    const C = teacher.layers[i]!.outChannels
    return axes && tensor2d(axes, [C, axes.length / C])
  })
}

/** By the id of what ends each module, in order of the forward pass. */
function startModules(
  { modules }: TeacherAxes,
  [teacher, student]: Pair<Checkpoint>,
  detailed: number,
): Map<string, SweptModule> {
  const stored = new Map(places(teacher).map((id, i) => [id, storedAxes(student, places(student)[i]!)]))
  return new Map(
    modules.map((module) => [module.id, startModule(module, stored.get(module.id) ?? null, detailed)]),
  )
}

/** Modules correspond by their place: the two networks may spell names otherwise. */
const places = ({ config }: Checkpoint) => modulesOf(architecture(config)).map(({ id }) => id)

/** The axes its training stored of a module; null if there are none, or none over channels: the released code's are over image width. */
function storedAxes({ axes, about }: Checkpoint, id: string): HostTensor | null {
  const { lrm } = about.settings
  const overWidth = typeof lrm === 'object' && lrm !== null && 'axis' in lrm && lrm.axis === 'width'
  return overWidth ? null : (axes.get(id) ?? null)
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

/** Measures low rank of a layer at one timestep; `axes` [C, k] are the teacher's, `energies` the sums of squares of the outputs. */
function align(
  into: LowRank,
  at: number,
  outputs: Pair<Tensor>,
  axes: Tensor2D | null,
  energies: Pair<number>,
): void {
  if (!axes) return
  const [teacher, student] = outputs.map((features) => projectFeatures(features, axes))
  const { cosine, teacherEnergy, studentEnergy } = lowRankAlignment(
    { values: hostValues(teacher!), energy: energies[0] },
    { values: hostValues(student!), energy: energies[1] },
  )
  into.cosine[at] = cosine
  into.teacherEnergy[at] = teacherEnergy
  into.studentEnergy[at] = studentEnergy
}

function alignmentOf(
  layer: Layer,
  grids: LayerGrids,
  lowRank: LowRank,
  detail: readonly number[],
): Alignment {
  const [accumulated, local] = [grids.get('accumulated'), grids.get('local')]
  const steps = grids.get('stepSqnr')
  const left = steps ? stepLeft(stepFactors.map((_, row) => rowOf(steps, row))) : []
  const spread = nothing(lowRank.cosine.map(() => 0))
  detail.forEach((at, column) => {
    spread[at] = left[column] ?? null
  })
  return {
    sqnr: rowOf(accumulated, 0),
    cosine: rowOf(accumulated, 1),
    lowRankCosine: lowRank.cosine,
    lowRankTeacherEnergy: lowRank.teacherEnergy,
    lowRankStudentEnergy: lowRank.studentEnergy,
    rank: rankOf(layer.outChannels),
    local: { sqnr: rowOf(local, 0), cosine: rowOf(local, 1), stepLeft: spread },
  }
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

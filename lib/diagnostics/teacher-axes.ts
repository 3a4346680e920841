/**
 * The principal axes a sweep holds features against: those of the teacher over one batch of all noise levels, of every layer and
 * module. They say nothing of a student, so that one fit serves all of them.
 */
import { fitAxes, rankOf } from '../lrm/projection'
import { leadingAxes, secondMoment } from '../math/pca'
import type { Layer } from '../record/run'
import { type Grid, packGrids, unpackGrids } from '../record/sweep'
import { KeptAxes, readKept, sweepVersion } from '../record/sweep-progress'
import { hostValues } from '../tensor/on-host'
import { architecture } from '../unet/architecture'
import type { Checkpoint } from '../unet/checkpoint'
import { modulesOf } from '../unet/modules'
import type { Predict } from './network'
import { mixedBatch, type Noise } from './trajectory'

/** Axes cost the cube of the channels: 512 take nearly a second a layer. */
export const mostChannels = 512
/** Axes a module is measured on at most. */
const mostAxes = 128

/** Axes [C, K] of a module's features, and their second moment [C, C]. */
export type ModuleAxes = { id: string; channels: number; axes: Float32Array; moment: Float32Array }

export type TeacherAxes = {
  /** [C, k] of each layer's output, in the order of the layer list; null where there are none. */
  layers: (Float32Array | null)[]
  /** In order of the forward pass; those with more channels than `mostChannels`, or features that are not finite, are left out. */
  modules: ModuleAxes[]
}

/** `next` is told of each DDIM step on the way to the batch. */
export async function fitTeacherAxes(
  predict: Predict,
  teacher: Checkpoint,
  noise: Noise,
  next: (words: string) => Promise<void>,
): Promise<TeacherAxes> {
  const mixing = mixedBatch(predict, teacher, noise)
  let step = mixing.next()
  while (!step.done) {
    await next('images at all noise levels')
    step = mixing.next()
  }
  const { x, t } = step.value
  const { layers } = teacher
  const found: TeacherAxes = { layers: layers.map(() => null), modules: [] }
  const indices = new Map(layers.map(({ id }, i) => [id, i]))
  const modules = new Set(modulesOf(architecture(teacher.config)).map(({ id }) => id))
  predict(x, t, (id, output) => {
    const C = output.shape.at(-1)!
    const index = indices.get(id)
    if (index !== undefined && !reasonAgainst(layers[index]!) && output.size / C >= rankOf(C))
      found.layers[index] = fitAxes(hostValues(output), C)
    if (modules.has(id) && C <= mostChannels) found.modules.push(...moduleAxes(id, hostValues(output), C))
  })
  return found
}

function moduleAxes(id: string, features: Float32Array, C: number): ModuleAxes[] {
  const moment = secondMoment(features, C)
  const axes = leadingAxes(moment, C, Math.min(C, mostAxes))
  return axes ? [{ id, channels: C, axes, moment: Float32Array.from(moment) }] : []
}

/** Why a layer has no axes; null if it should have some. */
export function reasonAgainst(layer: Layer): string | null {
  if (layer.place.part === 'time' || layer.place.role === 'time_proj')
    return 'layers on the time embedding, whose output at one timestep is the same for every image'
  if (layer.outChannels > mostChannels) return `layers with more than ${mostChannels} channels`
  return null
}

/** As text, so that they are fitted once; `noise` is what they were fitted on. */
export function writeAxes(
  { layers, modules }: TeacherAxes,
  teacher: Checkpoint,
  { seed, images }: Noise,
): string {
  const grids = new Map<string, Grid>()
  const add = (name: string, rows: number, values: Float32Array) =>
    grids.set(name, { rows, columns: values.length / rows, values })
  layers.forEach((axes, i) => {
    if (axes) add(`layer ${i}`, teacher.layers[i]!.outChannels, axes)
  })
  modules.forEach(({ channels, axes, moment }, i) => {
    add(`axes ${i}`, channels, axes)
    add(`moment ${i}`, channels, moment)
  })
  return JSON.stringify({
    ...{ version: sweepVersion, seed, images, grids: packGrids(grids) },
    modules: modules.map(({ id, channels }) => ({ id, channels })),
  } satisfies KeptAxes)
}

/** The axes in a text of writeAxes; null if it holds none of this teacher and noise. */
export function readAxes(text: string | null, { layers }: Checkpoint, noise: Noise): TeacherAxes | null {
  const kept = readKept(KeptAxes, text)
  if (!kept || kept.seed !== noise.seed || kept.images !== noise.images) return null
  const grids = unpackGrids(kept.grids)
  const own = layers.map((_, i) => grids.get(`layer ${i}`)?.values ?? null)
  if (own.some((axes, i) => axes && axes.length !== layers[i]!.outChannels * rankOf(layers[i]!.outChannels)))
    return null
  const modules = kept.modules.flatMap(({ id, channels }, i) => {
    const [axes, moment] = [grids.get(`axes ${i}`)?.values, grids.get(`moment ${i}`)?.values]
    return axes && moment ? [{ id, channels, axes, moment }] : []
  })
  return { layers: own, modules }
}

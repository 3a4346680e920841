/** What one layer is measured by at one timestep of a sweep. Features and inputs are [N, C], the images one after another. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { addSums, channelSums, type ErrorSums, errorMeasures, errorSums, tailMeasures } from '../math/errors'
import { spacedRows } from '../math/spaced-rows'
import { linearCka } from '../math/subspace'
import type { Layer } from '../record/run'
import {
  codeRows,
  emptyGrid,
  errorNames,
  type Grid,
  type LayerGrid,
  setColumn,
  tailNames,
} from '../record/sweep'
import { hostValues } from '../tensor/on-host'
import type { NetworkParts } from '../unet/forward'
import { firstImages, type Pair, type SeenLayer } from '../unet/twin'
import { channelPeaks, inputUse, type Step, stepFactors, stepSqnrs } from './activation-use'

/** Positions CKA is taken over: it costs their square. */
const ckaRows = 64
/** Values the tails are taken from: they cost several passes and a sort. */
const tailValues = 4096

export type LayerGrids = Map<LayerGrid, Grid>

/** What a sweep knows of a layer before it runs. */
export type SweptLayer = {
  /** The layer as teacher and student name it. */
  names: Pair<Layer>
  /** Step of the student's input; null for a float input. */
  step: Step | null
  /** Channels of the input that come from the way up, where the rest is a skip; null for an input of one part. */
  ownChannels: number | null
}

export type Sizes = { timesteps: number; detailed: number; images: number }

export function emptyLayerGrids({ names, step, ownChannels }: SweptLayer, sizes: Sizes): LayerGrids {
  const { timesteps: T, detailed: D, images } = sizes
  const [{ inChannels, outChannels }] = names
  const parts = ownChannels === null ? 1 : 2
  const shapes: [LayerGrid, rows: number, columns: number][] = [
    ['accumulated', errorNames.length, T],
    ['local', errorNames.length, T],
    ['accumulatedTails', tailNames.length, D],
    ['localTails', tailNames.length, D],
    ['images', images, T],
    ['channels', outChannels, D],
    ['localChannels', outChannels, D],
    ['range', 2 * parts, T],
    ['peaks', inChannels, D],
    ...(step
      ? ([
          ['weightsOnly', errorNames.length, D],
          ['activationsOnly', errorNames.length, D],
          ['codes', codeRows * parts, T],
          ['clipped', 2 * parts, T],
          ['stepSqnr', stepFactors.length, D],
        ] as [LayerGrid, number, number][])
      : []),
  ]
  return new Map(shapes.map(([name, rows, columns]) => [name, emptyGrid(rows, columns)]))
}

/** Where in the grids a measurement belongs; `detail` is null at timesteps that are not measured in detail. */
export type Columns = { at: number; detail: number | null }

/**
 * Measures one layer at one timestep into its grids: the accumulated error on all images; on the first `localImages` the error
 * with the teacher's input, in detail also with weights and input quantized apart, and the use of the student's input. Returns
 * the sums of squares of both outputs.
 */
export function measureLayer(
  grids: LayerGrids,
  { names, step, ownChannels }: SweptLayer,
  { inputs, outputs }: Pick<SeenLayer, 'inputs' | 'outputs'>,
  parts: Pair<NetworkParts>,
  { at, detail }: Columns,
  localImages: number,
): Pair<number> {
  const images = outputs[0].shape[0]!
  const C = names[0].outChannels
  const set = (name: LayerGrid, column: number, values: readonly (number | null)[]) => {
    setColumn(grids.get(name)!, column, values)
  }
  const compare = (name: 'accumulated' | 'local', [a, b]: Pair<Tensor>, count: number) => {
    const [x, y] = [hostValues(a), hostValues(b)]
    const sums = imageSums(x, y, count)
    const whole = addSums(sums)
    set(name, at, errorsOf(whole))
    if (name === 'accumulated')
      set(
        'images',
        at,
        sums.map((image) => errorMeasures(image).sqnr),
      )
    if (detail === null) return whole
    const channels = channelSums(x, y, C).map((channel) => errorMeasures(channel).sqnr)
    set(name === 'local' ? 'localChannels' : 'channels', detail, channels)
    set(name === 'local' ? 'localTails' : 'accumulatedTails', detail, tailsOf(x, y, C))
    return whole
  }
  const { energy, otherEnergy } = compare('accumulated', outputs, images)

  const [teacher, student] = parts
  const input = firstImages(inputs[0], localImages)
  const reference = firstImages(outputs[0], localImages)
  compare('local', [reference, student.layer(names[1], input)], localImages)
  if (step && detail !== null) {
    const weightsOnly = student.product(names[1], input)
    const activationsOnly = teacher.product(names[0], student.quantize(names[1].id, input))
    set('weightsOnly', detail, pairErrors(reference, weightsOnly))
    set('activationsOnly', detail, pairErrors(reference, activationsOnly))
  }

  const P = names[0].inChannels
  const all = hostValues(inputs[1])
  const own = all.subarray(0, (all.length / images) * localImages)
  const uses = partsOf(P, ownChannels).map((part) => inputUse(own, P, part, step))
  set(
    'range',
    at,
    uses.flatMap(({ min, max }) => [min, max]),
  )
  if (step) {
    set(
      'codes',
      at,
      uses.flatMap(({ codes }) => codes ?? new Array<null>(codeRows).fill(null)),
    )
    set(
      'clipped',
      at,
      uses.flatMap(({ clipped }) => clipped ?? [null, null]),
    )
  }
  if (detail !== null) {
    set('peaks', detail, channelPeaks(own, P))
    if (step) set('stepSqnr', detail, stepSqnrs(own, step))
  }
  return [energy, otherEnergy]
}

function imageSums(x: Float32Array, y: Float32Array, images: number): ErrorSums[] {
  const size = x.length / images
  return Array.from({ length: images }, (_, i) =>
    errorSums(x.subarray(i * size, (i + 1) * size), y.subarray(i * size, (i + 1) * size)),
  )
}

function errorsOf(sums: ErrorSums): (number | null)[] {
  const measures = errorMeasures(sums)
  return errorNames.map((name) => measures[name])
}

function pairErrors(a: Tensor, b: Tensor): (number | null)[] {
  return errorsOf(errorSums(hostValues(a), hostValues(b)))
}

/** Over positions spread evenly, all channels of them. */
function tailsOf(x: Float32Array, y: Float32Array, C: number): (number | null)[] {
  const n = Math.min(x.length / C, Math.ceil(tailValues / C))
  const measures = {
    ...tailMeasures(spacedRows(x, C, n), spacedRows(y, C, n)),
    cka: spacedCka(x, y, C),
  }
  return tailNames.map((name) => measures[name])
}

/** null with less than three positions, which any features fit. */
function spacedCka(x: Float32Array, y: Float32Array, C: number): number | null {
  const n = Math.min(x.length / C, ckaRows)
  return n < 3 ? null : linearCka(spacedRows(x, C, n), spacedRows(y, C, n), n)
}

function partsOf(channels: number, own: number | null): [number, number][] {
  return own === null
    ? [[0, channels]]
    : [
        [0, own],
        [own, channels],
      ]
}

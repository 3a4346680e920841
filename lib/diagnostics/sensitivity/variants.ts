/** Errors of networks mixed from others, on the same x_t: states of the teacher's own DDIM runs. */
import { errorSums } from '../../math/errors'
import { type Checkpoint, networkOf, quantizerOf } from '../../unet/checkpoint'
import { type Donors, predictMixed, type Source } from '../../unet/mixture'
import { predictNoise } from '../../unet/predict'
import { pause } from '../pause'
import { type Timeline, teacherStates, timestepsOnTheWay } from '../trajectory'

/** One network to measure: a carrier with layers of others. */
export type Variant = { carrier: Source; donors: Donors }

export type Protocol = {
  timeline: Timeline
  /** Of the starting noise; each gives a run of its own. */
  seeds: readonly number[]
  /** Images of each run. */
  images: number
}

/**
 * Error of the predicted noise at one timestep and seed, over all images. normalised: sum (eps - eps')^2 / sum eps^2, eps the
 * teacher's; 0 is equal, 1 as large as the signal. mse: mean (eps - eps')^2. Lower is better. NaN if eps is all zero.
 */
export type CellError = { normalised: number; mse: number }

export type MeasureOptions = {
  signal?: AbortSignal
  /** Called after every pass. */
  onProgress?: (done: number, total: number) => void
}

/** Passes that `measureVariants` makes, for progress. */
export function passesOf({ timeline, seeds }: Protocol, variants: number): number {
  return seeds.length * (timestepsOnTheWay(timeline).length + timeline.measured.length * variants)
}

/**
 * Errors of every variant, a list of cells each: seed after seed, in each the timesteps descending. One x_t and one prediction
 * are held at a time. Lets other tasks run after each pass; throws the signal's reason when aborted.
 */
export async function measureVariants(
  teacher: Checkpoint,
  reference: Source,
  variants: readonly Variant[],
  protocol: Protocol,
  { signal, onProgress = () => {} }: MeasureOptions = {},
): Promise<CellError[][]> {
  const { timeline, seeds, images } = protocol
  const cells = variants.map((): CellError[] => [])
  const total = passesOf(protocol, variants.length)
  let done = 0
  const next = async () => {
    onProgress(++done, total)
    await pause(signal)
  }
  const predict = (x: Float32Array, t: number | ArrayLike<number>) =>
    predictNoise(reference.unet, x, t, reference.quantizer)
  for (const seed of seeds) {
    for (const { t, x, eps } of teacherStates(predict, teacher, timeline, { seed, images })) {
      await next()
      if (!timeline.measured.includes(t)) continue
      for (const [i, { carrier, donors }] of variants.entries()) {
        cells[i]!.push(cellError(eps, predictMixed(carrier, donors, x, t)))
        await next()
      }
    }
  }
  return cells
}

function cellError(teacher: Float32Array, other: Float32Array): CellError {
  const { noise, energy, count } = errorSums(teacher, other)
  return { normalised: noise / energy, mse: noise / count }
}

/** Makes the networks of checkpoints ready to run, for as long as `use` takes, and frees them when it has settled. */
export async function withSources<T>(
  checkpoints: readonly Checkpoint[],
  use: (sources: Source[]) => Promise<T>,
): Promise<T> {
  const sources = checkpoints.map((c): Source => ({ unet: networkOf(c), quantizer: quantizerOf(c) }))
  try {
    return await use(sources)
  } finally {
    for (const { unet } of sources) unet.dispose()
  }
}

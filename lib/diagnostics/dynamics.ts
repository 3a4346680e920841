/**
 * What moved between successive checkpoints of one training, layer by layer: signs that flipped, weights that flip again and again,
 * latent weights at the ends of the straight-through estimator, scales that drift. One layer is in memory at a time, of one
 * checkpoint its weight and of the one before its signs, so that the length of a run costs time and not memory.
 */
import { type BasisScales, basisScales, type Scales, signPlanes, type Whose } from '../quant/binarizer'
import { isPacked, type StoredWeight } from '../quant/quantizer'
import type { LayerPrecision } from '../record/precision'
import type { LatentWindow, WorstChannel } from '../record/run'
import { InputError } from '../tensor/error'
import { latentWindow, worstOf } from './bases'
import { pause } from './pause'

/** One layer at one checkpoint. */
export type LayerState = { precision: LayerPrecision; scales: Scales; stored: StoredWeight }

/** One checkpoint of a run, whose layers are read when they are asked for. */
export type CheckpointWeights = {
  step: number
  /** Who is at fault in an InputError. */
  name: string
  /** Precision of every conv and linear layer. */
  layers: ReadonlyMap<string, LayerPrecision>
  /** One of them with its weight. */
  read(id: string): Promise<LayerState>
}

/** Signs that differ from the checkpoint before. */
export type Flips = {
  /** Step of that checkpoint. */
  since: number
  /** Share of the weights whose sign in the first basis is another, 0 to 1; lower is calmer, 0.5 is what chance gives. */
  first: number
  /** The same of the second basis, whose signs follow residuals; null unless both checkpoints have one. */
  second: number | null
  /** The output channel where most first signs are others. */
  worst: WorstChannel
}

export type LayerMoment = {
  step: number
  /** Sign planes of the layer at this checkpoint; 0 while it is in full precision. */
  bases: number
  /** null at the first checkpoint. Signs of a layer in full precision are those it would be binarized with. */
  flips: Flips | null
  /** null where latent weights are not stored. */
  latent: LatentWindow | null
  /** |sigma - start| / |start| over the channels, against the first checkpoint with this basis; null without the basis. */
  drift: { sigma1: number | null; sigma2: number | null }
}

export type LayerDynamics = {
  layer: string
  /** In the order of the checkpoints. */
  moments: LayerMoment[]
  /** Share of the weights whose first sign changed at least once; null with fewer than two checkpoints. */
  moved: number | null
  /** Share whose first sign changed between two or more pairs of neighbours; null with fewer than three checkpoints. */
  repeated: number | null
}

/** Layers that are binarized at one of the checkpoints, in order of the last. */
export function binarizedLayers(checkpoints: readonly CheckpointWeights[]): string[] {
  const binarized = (id: string) => checkpoints.some(({ layers }) => (layers.get(id)?.bases ?? 0) > 0)
  return [...(checkpoints.at(-1)?.layers.keys() ?? [])].filter(binarized)
}

export type DynamicsOptions = {
  onProgress?: (done: number, total: number, words: string) => void
  /** Looked at between layers; its reason is thrown. */
  signal?: AbortSignal
}

/** The dynamics of every layer that is binarized at one of the checkpoints, which are in order of training. */
export async function measureDynamics(
  checkpoints: readonly CheckpointWeights[],
  { onProgress = () => {}, signal }: DynamicsOptions = {},
): Promise<LayerDynamics[]> {
  const ids = binarizedLayers(checkpoints)
  const all: LayerDynamics[] = []
  for (const id of ids) {
    await pause(signal)
    all.push(await layerDynamics(id, checkpoints))
    onProgress(all.length, ids.length, 'layers')
  }
  return all
}

/** One layer over the checkpoints that have it. Throws an InputError if its weight is not of one shape in all of them. */
export async function layerDynamics(
  id: string,
  checkpoints: readonly CheckpointWeights[],
): Promise<LayerDynamics> {
  const moments: LayerMoment[] = []
  const start: { sigma1?: Float32Array; sigma2?: Float32Array } = {}
  let before: { step: number; planes: readonly Int8Array[] } | null = null
  let changes: Uint8Array | null = null
  for (const { step, name, layers, read } of checkpoints) {
    if (!layers.has(id)) continue
    const { precision, stored, scales } = await read(id)
    const whose = { file: name, layer: id }
    const used = basisScales(precision, stored, scales, whose)
    const planes = planesOf(precision, stored, used)
    changes ??= new Uint8Array(planes[0]!.length)
    if (planes[0]!.length !== changes.length) throw otherShape(whose, planes[0]!.length, changes.length)
    if (before) countChanges(before.planes[0]!, planes[0]!, changes)
    start.sigma1 ??= used?.sigma1
    start.sigma2 ??= used?.sigma2 ?? undefined
    moments.push({
      step,
      bases: precision.bases,
      flips: before && flipsBetween(before, planes, stored.shape[0] ?? 1),
      latent: isPacked(stored) ? null : latentWindow(stored.data, stored.shape[0] ?? 1),
      drift: {
        sigma1: used && start.sigma1 ? scaleDrift(start.sigma1, used.sigma1) : null,
        sigma2: used?.sigma2 && start.sigma2 ? scaleDrift(start.sigma2, used.sigma2) : null,
      },
    })
    before = { step, planes }
  }
  return {
    layer: id,
    moments,
    moved: moments.length < 2 ? null : shareOf(changes!, 1),
    repeated: moments.length < 3 ? null : shareOf(changes!, 2),
  }
}

/** Signs of the bases in use; in full precision the signs of the weights. */
function planesOf(
  precision: LayerPrecision,
  stored: StoredWeight,
  used: BasisScales | null,
): readonly Int8Array[] {
  if (isPacked(stored)) return stored.codes
  return signPlanes(stored.data, used ?? { sigma1: new Float32Array(), sigma2: null }, precision.zeroSign)
}

/**
 * Signs that differ between two checkpoints, planes [O, n]. Of weights that moved from a to b, jointly Gaussian around 0 with
 * correlation rho, a share arccos(rho)/pi flips.
 */
export function flipsBetween(
  before: { step: number; planes: readonly Int8Array[] },
  planes: readonly Int8Array[],
  O: number,
): Flips {
  const [first, second] = planes.map((plane, k) => {
    const other = before.planes[k]
    return other && differingShares(other, plane, O)
  })
  if (!first) throw new RangeError('flips without a sign plane')
  const mean = (shares: Float64Array) => shares.reduce((sum, share) => sum + share, 0) / shares.length
  return {
    since: before.step,
    first: mean(first),
    second: second ? mean(second) : null,
    worst: worstOf(first),
  }
}

/** Share of the signs of each output channel that differ. */
function differingShares(a: Int8Array, b: Int8Array, O: number): Float64Array {
  const n = a.length / O
  const shares = new Float64Array(O)
  for (let o = 0; o < O; o++) {
    let differing = 0
    for (let i = o * n; i < (o + 1) * n; i++) differing += Number(a[i] !== b[i])
    shares[o] = differing / n
  }
  return shares
}

/** Adds to `changes` where the signs differ; a count stays at 255. */
function countChanges(a: Int8Array, b: Int8Array, changes: Uint8Array): void {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && changes[i]! < 255) changes[i]! += 1
}

/** Share of the weights that changed at least that often. */
function shareOf(changes: Uint8Array, least: number): number | null {
  if (changes.length === 0) return null
  let found = 0
  for (let i = 0; i < changes.length; i++) found += Number(changes[i]! >= least)
  return found / changes.length
}

/**
 * How far scales are from where they started: |sigma - start| / |start| over the channels, a share; 0 is the start, no direction is better.
 * null if the start is all zeros, or channels are not as many.
 */
export function scaleDrift(start: ArrayLike<number>, sigma: ArrayLike<number>): number | null {
  if (start.length !== sigma.length) return null
  let [moved, from] = [0, 0]
  for (let o = 0; o < start.length; o++) {
    moved += (sigma[o]! - start[o]!) ** 2
    from += start[o]! ** 2
  }
  return from > 0 ? Math.sqrt(moved / from) : null
}

function otherShape({ file, layer }: Whose, found: number, expected: number): InputError {
  return new InputError({
    file,
    item: layer,
    problem: `it has ${found} weights, in the checkpoints before ${expected}`,
    remedy: 'Give checkpoints of one training.',
  })
}

/** Which layers of a network are binarized, and which of them get two bases. */
import { fullPrecisionLayer, type LayerPrecision, type Manifest, type Method } from '../record/precision'
import type { Layer } from '../record/run'
import { InputError } from '../tensor/error'
import { checkBases } from './binarizer'

/**
 * Where LMB has its second basis: 'all' binarized layers, or 'v1': the head and tail of the U-Net, where the
 * feature scale is at least half the input's (BinaryDM section 3.2 and code).
 */
export const basisPlaces = ['all', 'v1'] as const
export type BasisPlaces = (typeof basisPlaces)[number]

export type BinarizationPlan = {
  method: Method
  /** 2 only with lmb and ebb; layers outside `where` then have one. Ignored for fp. */
  bases: 1 | 2
  activationBits: LayerPrecision['activationBits']
  where: BasisPlaces
  /**
   * Weights of the layers that are not binarized: 32 leaves them alone (the default; BinaryDM's code), 8 gives them
   * method lsq, and 8-bit inputs unless activationBits is 32 (BinaryDM appendix B.1).
   */
  keptBits?: 8 | 32
}

/**
 * The layers BinaryDM never binarizes: the first and the last conv and the MLP of the time embedding.
 * The time projections inside blocks stand in down, mid or up and are binarized.
 */
export function keptFullPrecision({ place }: Layer): boolean {
  return place.part === 'in' || place.part === 'out' || place.part === 'time'
}

/**
 * Whether 'v1' gives the layer two bases: the two highest resolutions on the way down and up, without the
 * downsampler that leaves the second (its output has a quarter of the input's size). On LDM-4 these are
 * input_blocks 0-5 and output_blocks 6-11.
 */
export function inHeadOrTail({ place }: Layer): boolean {
  if (place.part !== 'down' && place.part !== 'up') return false
  if (place.level === null || place.level > 1) return false
  return !(place.level === 1 && place.role === 'downsample')
}

/**
 * The manifest of a student of a network with these layers: every conv and linear layer, in their order.
 * Throws an InputError for a method without that many bases.
 */
export function manifestFor(layers: readonly Layer[], plan: BinarizationPlan): Manifest {
  const { method, bases, activationBits, where, keptBits = 32 } = plan
  const keptLayer: LayerPrecision =
    keptBits === 32 || method === 'fp'
      ? fullPrecisionLayer
      : { method: 'lsq', bases: 0, activationBits: activationBits === 32 ? 32 : 8 }
  if (method !== 'fp') checkBases(method, bases, 'bases')
  const entries = new Map<string, LayerPrecision>()
  for (const layer of layers) {
    if (entries.has(layer.id))
      throw new InputError({
        file: 'layers',
        item: layer.id,
        problem: 'two layers have this id',
        remedy: 'Ids are module paths and name one layer each.',
      })
    const kept = method === 'fp' || keptFullPrecision(layer)
    const count = bases === 2 && (where === 'all' || inHeadOrTail(layer)) ? 2 : 1
    entries.set(layer.id, kept ? keptLayer : { method, bases: count, activationBits })
  }
  return Object.fromEntries(entries)
}

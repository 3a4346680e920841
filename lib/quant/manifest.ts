/** Which layers of a network are binarized, and which of them get two bases. */
import type { Method } from '../record/methods'
import { fullPrecisionLayer, type LayerPrecision, type Manifest } from '../record/precision'
import type { Layer } from '../record/run'
import { InputError } from '../tensor/error'
import { type BasisPlaces, layersWithTwoBases } from './basis-places'
import { checkBases } from './binarizer'
import { keptFullPrecision } from './kept-layers'

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
  /** Bases of single layers by id, whatever the rest of the plan gives them; 0 leaves the layer in full precision. */
  layers?: ReadonlyMap<string, 0 | 1 | 2>
}

/**
 * The manifest of a student of a network with these layers: every conv and linear layer, in their order.
 * Throws an InputError for a method without that many bases, and for a layer of the plan that the network does not have.
 */
export function manifestFor(layers: readonly Layer[], plan: BinarizationPlan): Manifest {
  const { method, bases, activationBits, where, keptBits = 32, layers: single = new Map() } = plan
  const keptLayer: LayerPrecision =
    keptBits === 32 || method === 'fp'
      ? fullPrecisionLayer
      : { method: 'lsq', bases: 0, activationBits: activationBits === 32 ? 32 : 8 }
  if (method !== 'fp') checkBases(method, bases, 'bases')
  const twoBases = layersWithTwoBases(layers, where)
  const entries = new Map<string, LayerPrecision>()
  for (const layer of layers) {
    if (entries.has(layer.id))
      throw new InputError({
        file: 'layers',
        item: layer.id,
        problem: 'two layers have this id',
        remedy: 'Ids are module paths and name one layer each.',
      })
    const own = single.get(layer.id)
    if (own !== undefined) {
      entries.set(layer.id, own === 0 ? fullPrecisionLayer : { method, bases: own, activationBits })
      continue
    }
    const kept = method === 'fp' || keptFullPrecision(layer)
    const count = bases === 2 && twoBases.has(layer.id) ? 2 : 1
    entries.set(layer.id, kept ? keptLayer : { method, bases: count, activationBits })
  }
  for (const id of single.keys()) if (!entries.has(id)) throw noSuchLayer(id, layers)
  return Object.fromEntries(entries)
}

function noSuchLayer(item: string, layers: readonly Layer[]): InputError {
  return new InputError({
    ...{ file: 'binarizer.layers', item, problem: 'the network has no conv or linear layer of this name' },
    remedy: `Its layers are ${layers[0]?.id}, ... (see inspect).`,
  })
}

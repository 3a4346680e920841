/** What a network costs as stored and with its switches, and what its samples are worth. */
import { bitsOf } from '../../lib/cost/bits'
import { type Cost, costOf } from '../../lib/cost/conventions'
import { switchedPrecision } from '../../lib/quant/switched-precision'
import type { LayerPrecision } from '../../lib/record/precision'
import type { Switches } from '../../lib/record/switches'
import type { SampleNetwork } from '../_views/load-sample'

type Costed = Pick<SampleNetwork, 'layers' | 'parameters'>

/** Bytes of a packed file, and operations for one image and step. */
export function switchedCost({ layers, parameters }: Costed, switches: Switches): Cost {
  const bits = layers.map((_, index) => bitsOf(precisionAt({ layers }, switches, index)))
  return costOf({ layers: layers.map(({ layer }) => layer), bits, parameters }, 'bases-counted')
}

/** Precision of a layer with its switch. */
export function precisionAt(
  { layers }: Pick<Costed, 'layers'>,
  switches: Switches,
  index: number,
): LayerPrecision {
  const { precision } = layers[index]!
  const entry = switches.get(index)
  return entry ? switchedPrecision(precision, entry) : precision
}

/** "W1A4", "W1A4, two bases", "W8A8", "FP32": one layer, as its row says it. */
export function precisionWords({ method, bases, activationBits }: LayerPrecision): string {
  if (method === 'fp') return activationBits === 32 ? 'FP32' : `W32A${activationBits}`
  const bits = `W${method === 'lsq' ? 8 : 1}A${activationBits}`
  return bases === 2 ? `${bits}, two bases` : bits
}

import { fullPrecisionLayer, type LayerPrecision } from '../record/precision'
import type { LayerSwitch } from '../record/switches'

/** What a layer of this precision has after the switch; all that its cost depends on. */
export function switchedPrecision(
  precision: LayerPrecision,
  { bases, activationBits }: LayerSwitch,
): LayerPrecision {
  const weights = switchedWeights(precision, bases)
  const bits = activationBits ?? weights.activationBits
  const { alphaPerBatch: _, ...rest } = weights
  // where no step is stored one is taken from each batch
  const perBatch = bits !== 32 && (precision.alphaPerBatch ?? precision.activationBits === 32)
  return { ...rest, activationBits: bits, ...(perBatch ? { alphaPerBatch: true as const } : {}) }
}

function switchedWeights(precision: LayerPrecision, bases: LayerSwitch['bases']): LayerPrecision {
  const { method } = precision
  if (bases === null || (bases === precision.bases && method !== 'lsq')) return precision
  if (bases === 0) return fullPrecisionLayer
  if (bases === 2) return { ...precision, method: method === 'ebb' ? 'ebb' : 'lmb', bases }
  return { ...precision, method: precision.bases > 0 ? method : 'sign', bases }
}

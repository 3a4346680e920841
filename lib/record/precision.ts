import type { LayerPrecision, Manifest } from './layer-precision'

export type { LayerPrecision, Manifest }

export const fullPrecisionLayer: LayerPrecision = { method: 'fp', bases: 0, activationBits: 32 }

/** Whether the sums of a layer can be taken on the bits: signs times 4-bit codes. */
export function isOneBit({ bases, activationBits }: LayerPrecision): boolean {
  return bases > 0 && activationBits === 4
}

/** Why the layers of a network do not run at one bit; null if they do, those that are kept in floats beside them. */
export function oneBitObstacle(layers: readonly LayerPrecision[]): string | null {
  if (!layers.some(isOneBit)) return 'no layer of it has weights of one bit and inputs of 4 bits'
  if (layers.some(({ alphaPerBatch }) => alphaPerBatch))
    return 'steps of its inputs are computed from every batch'
  return null
}

/** Bits of one stored weight, per basis if the layer is binarized. */
export function weightBits({ method }: LayerPrecision): 1 | 8 | 32 {
  return method === 'fp' ? 32 : method === 'lsq' ? 8 : 1
}

/**
 * "W1A4", "W1A4/8", "FP32"; "W8A8" if nothing is binarized but layers keep 8 bits. Every weight of a sign plane takes one bit, whatever the number of planes, and the activation
 * bits are those of the binarized layers, ascending if they differ. A second basis is not in the label: two planes of one bit
 * are not a 2-bit weight, so bases are shown on their own beside it, and the ledger counts their bytes.
 */
export function bitsLabel(manifest: Manifest): string {
  const precisions = Object.values(manifest)
  const binarized = precisions.filter((p) => p.bases > 0)
  const quantized = binarized.length > 0 ? binarized : precisions.filter((p) => p.method === 'lsq')
  const bits = [...new Set(quantized.map((p) => p.activationBits))].sort((a, b) => a - b)
  return quantized.length === 0 ? 'FP32' : `W${weightBits(quantized[0]!)}A${bits.join('/')}`
}

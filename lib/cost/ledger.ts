/** Bytes of a checkpoint if every binarized weight took one bit per basis. Counted from the layer list, not measured. */
import { fullPrecisionLayer, type LayerPrecision, type Manifest } from '../record/precision'
import type { Layer, Ledger } from '../record/run'

const float32Bytes = 4

/**
 * The ledger of a network with these layers, at the precision of `manifest` (layers it does not name are full precision).
 * parameters: all values of the checkpoint, biases and norms included, scales not.
 * Counted: one bit per weight and basis, whole bytes per layer and basis; sigma1 and sigma2 as float32 per output
 * channel; alpha as one float32 per layer with quantized input; everything else float32. MACs are those of conv and
 * linear layers for one image and one call; attention products are not among them.
 */
export function ledger(layers: readonly Layer[], manifest: Manifest, parameters: number): Ledger {
  const precisions = new Map(Object.entries(manifest))
  const binarized = layers.map((layer) =>
    binarizedBytes(layer, precisions.get(layer.id) ?? fullPrecisionLayer),
  )
  const sum = (of: (bytes: BinarizedBytes) => number) =>
    binarized.reduce((total, bytes) => total + of(bytes), 0)
  const signBytes = sum((b) => b.sign)
  const secondBasisBytes = sum((b) => b.secondBasis)
  const scaleBytes = sum((b) => b.scales)
  const floatBytes = float32Bytes * (parameters - sum((b) => b.weights))
  return {
    fullPrecisionBytes: float32Bytes * parameters,
    packedBytes: signBytes + secondBasisBytes + scaleBytes + floatBytes,
    signBytes,
    secondBasisBytes,
    scaleBytes,
    floatBytes,
    macs: layers.reduce((total, layer) => total + layer.macs, 0),
    parameters,
  }
}

/** weights: values that leave the float part. */
type BinarizedBytes = { weights: number; sign: number; secondBasis: number; scales: number }

function binarizedBytes(layer: Layer, { bases, activationBits }: LayerPrecision): BinarizedBytes {
  const weights = bases > 0 ? layer.kernel ** 2 * layer.inChannels * layer.outChannels : 0
  const plane = Math.ceil(weights / 8)
  const scales = bases * layer.outChannels + (activationBits === 32 ? 0 : 1)
  return {
    weights,
    sign: plane,
    secondBasis: bases === 2 ? plane : 0,
    scales: float32Bytes * scales,
  }
}

/** Bytes of a checkpoint if every weight took the bits its precision gives it. Counted from the layer list, not measured. */
import { fullPrecisionLayer, type LayerPrecision, type Manifest } from '../record/precision'
import type { Layer, Ledger } from '../record/run'

const float32Bytes = 4

/**
 * The ledger of a network with these layers, at the precision of `manifest` (layers it does not name are full precision).
 * parameters: all values of the checkpoint, biases and norms included, scales not.
 * Counted: one bit per weight and basis, whole bytes per output channel and basis as a packed file has them; one byte per weight
 * of a layer kept at 8 bits; sigma1 and sigma2, or the step of 8-bit weights, as float32 per output channel; alpha as one
 * float32 per layer with quantized input; everything else float32. MACs are those of conv and
 * linear layers for one image and one call; attention products are not among them.
 */
export function ledger(layers: readonly Layer[], manifest: Manifest, parameters: number): Ledger {
  const precisions = new Map(Object.entries(manifest))
  const quantized = layers.map((layer) =>
    quantizedBytes(layer, precisions.get(layer.id) ?? fullPrecisionLayer),
  )
  const sum = (of: (bytes: QuantizedBytes) => number) =>
    quantized.reduce((total, bytes) => total + of(bytes), 0)
  const signBytes = sum((b) => b.sign)
  const secondBasisBytes = sum((b) => b.secondBasis)
  const eightBitBytes = sum((b) => b.eightBit)
  const scaleBytes = sum((b) => b.scales)
  const floatBytes = float32Bytes * (parameters - sum((b) => b.weights))
  return {
    fullPrecisionBytes: float32Bytes * parameters,
    packedBytes: signBytes + secondBasisBytes + eightBitBytes + scaleBytes + floatBytes,
    signBytes,
    secondBasisBytes,
    ...(eightBitBytes > 0 ? { eightBitBytes } : {}),
    scaleBytes,
    floatBytes,
    macs: layers.reduce((total, layer) => total + layer.macs, 0),
    parameters,
  }
}

/** weights: values that leave the float part. */
type QuantizedBytes = { weights: number; sign: number; secondBasis: number; eightBit: number; scales: number }

function quantizedBytes(layer: Layer, { method, bases, activationBits }: LayerPrecision): QuantizedBytes {
  const { outChannels, inChannels, kernel } = layer
  const perChannel = kernel ** 2 * inChannels
  const plane = outChannels * Math.ceil(perChannel / 8)
  const eightBit = method === 'lsq' ? outChannels * perChannel : 0
  const terms = method === 'lsq' ? 1 : bases
  return {
    weights: terms > 0 ? outChannels * perChannel : 0,
    sign: bases > 0 ? plane : 0,
    secondBasis: bases === 2 ? plane : 0,
    eightBit,
    scales: float32Bytes * (terms * outChannels + (activationBits === 32 ? 0 : 1)),
  }
}

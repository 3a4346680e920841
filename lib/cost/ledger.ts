/** Bytes of a checkpoint if every weight took the bits its precision gives it. Counted from the layer list, not measured. */
import { fullPrecisionLayer, type Manifest } from '../record/precision'
import type { Layer, Ledger } from '../record/run'
import { bitsOf, type LayerBits } from './bits'

export const float32Bytes = 4

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
    quantizedBytes(layer, bitsOf(precisions.get(layer.id) ?? fullPrecisionLayer)),
  )
  const sum = (of: (bytes: QuantizedBytes) => number) =>
    quantized.reduce((total, bytes) => total + of(bytes), 0)
  const signBytes = sum((b) => b.sign)
  const secondBasisBytes = sum((b) => b.secondBasis)
  const eightBitBytes = sum((b) => b.codes)
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

/** weights: values that leave the float part; codes: bytes of weights of more than one bit. */
export type QuantizedBytes = {
  weights: number
  sign: number
  secondBasis: number
  codes: number
  scales: number
}

/** What a packed file has of one layer beside floats. */
export function quantizedBytes(layer: Layer, { weight, bases, activation }: LayerBits): QuantizedBytes {
  const { outChannels, inChannels, kernel } = layer
  const perChannel = kernel ** 2 * inChannels
  const plane = outChannels * Math.ceil((perChannel * weight) / 8)
  const [binary, quantized] = [weight === 1, weight < 32]
  return {
    weights: quantized ? outChannels * perChannel : 0,
    sign: binary ? plane : 0,
    secondBasis: binary && bases === 2 ? plane : 0,
    codes: quantized && !binary ? plane : 0,
    scales: float32Bytes * ((quantized ? bases * outChannels : 0) + (activation === 32 ? 0 : 1)),
  }
}

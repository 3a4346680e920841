/**
 * Quantizers of other code as its checkpoints hold them: q-diffusion (UniformAffineQuantizer) and EfficientDM, whose layers have
 * a step (delta) and a zero point per output channel for the weights, and for the input one of each, or one per
 * sampling step. Codes are round(w/delta) + zero_point, from 0 to 2^bits - 1; bits are an attribute of Python objects.
 */
import type { TensorFile } from '../tensor/tensor'

/** Smallest and largest of so many steps. */
export type StepRange = { count: number; least: number; most: number }

export type AffineQuantizer = {
  /** Module path of the layer. */
  layer: string
  /** Bits of its weights; null if nothing tells. */
  weightBits: number | null
  /** Whether the bits are those the codes are stored in; else the least that hold the zero points. */
  exact: boolean
  /** Steps of the weights, over output channels. */
  weights: StepRange
  /** Steps of the input, over sampling steps where each has its own; null where inputs stay floats. */
  input: StepRange | null
}

const weightStep = /^(.+)\.weight_quantizer(?:_0)?\.delta$/

/** The quantizers of a network by its bare names, in the order of the file. Reads steps and zero points, never weights. */
export async function affineQuantizers(file: TensorFile): Promise<AffineQuantizer[]> {
  const found: AffineQuantizer[] = []
  for (const name of file.tensors.keys()) {
    const layer = weightStep.exec(name)?.[1]
    if (layer === undefined) continue
    const steps = await file.read(name)
    const packed = packedBits(file, layer, steps.data.length)
    const zeroPoints = name.replace(/delta$/, 'zero_point')
    const least = file.tensors.has(zeroPoints) ? bitsHolding((await file.read(zeroPoints)).data) : null
    const input = ['delta_list', 'delta']
      .map((part) => `${layer}.act_quantizer.${part}`)
      .find((name) => file.tensors.has(name))
    found.push({
      layer,
      weightBits: packed ?? least,
      exact: packed !== null,
      weights: rangeOf(steps.data),
      input: input === undefined ? null : rangeOf((await file.read(input)).data),
    })
  }
  return found
}

/** Bits of codes stored as bytes with several codes each along the output channels; null for weights in floats. */
function packedBits({ tensors }: TensorFile, layer: string, channels: number): number | null {
  const weight = tensors.get(`${layer}.weight`)
  const bits = weight?.dtype === 'U8' ? (8 * weight.shape[0]!) / channels : 0
  return [2, 4, 8].includes(bits) ? bits : null
}

/** Zero points lie about the middle of the codes; the largest of many channels is in their upper half. */
function bitsHolding(zeroPoints: Float32Array): number | null {
  const most = zeroPoints.reduce((most, v) => Math.max(most, v), 0)
  const bits = Math.ceil(Math.log2(most + 1))
  return bits >= 1 && bits <= 8 ? bits : null
}

function rangeOf(steps: Float32Array): StepRange {
  let [least, most] = [Number.POSITIVE_INFINITY, 0]
  for (const step of steps) {
    least = Math.min(least, step)
    most = Math.max(most, step)
  }
  return { count: steps.length, least: steps.length > 0 ? least : 0, most }
}

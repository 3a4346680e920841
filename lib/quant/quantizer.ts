import type { Tensor as TfTensor } from '@tensorflow/tfjs-core'
import { InputError } from '../tensor/error'
import type { Tensor } from '../tensor/tensor'

/**
 * The weights of a layer without their latent floats, which are gone: a code per weight and term, in the order of
 * `shape` (OIHW or [out, in]). The weight in use is the sum over terms of the scale of its output channel times its code:
 * sigma1 and sigma2 times signs (+1, -1), or one step times codes from -128 to 127.
 */
export type PackedWeight = { shape: number[]; codes: Int8Array[] }

/** A layer's weights as a checkpoint has them: floats (latent ones, where the layer is quantized), or codes alone. */
export type StoredWeight = Tensor | PackedWeight

export function isPacked(weight: StoredWeight): weight is PackedWeight {
  return 'codes' in weight
}

/** Latent weights asked of a layer that is stored without. */
export function noLatentWeights(file: string, layer: string): InputError {
  return new InputError({
    file,
    item: layer,
    problem: 'its latent weights are not stored, only the signs or codes they were cut to',
    remedy: 'Give the checkpoint it was packed from.',
  })
}

/**
 * What becomes of a layer's weights and input. The U-Net asks for every conv and linear layer by id
 * and never knows whether the answer is binary.
 */
export type Quantizer = {
  /** The weights layer `id` computes with, from those it has (OIHW or [out, in], host memory). Pure. */
  weight(id: string, w: StoredWeight): Tensor
  /**
   * The input layer `id` computes with (NHWC or [batch, in], on the gradient tape). Also asked for the operands of attention by
   * ids of their own (ID.attention.q, .k, .v, NHWC; .w, the softmax weights) where a family can quantize them.
   */
  input(id: string, x: TfTensor): TfTensor
}

/** Full precision is the identity quantizer. Throws an InputError for a layer without latent weights. */
export const fullPrecision: Quantizer = {
  weight: (id, w) => {
    if (isPacked(w)) throw noLatentWeights('full precision', id)
    return w
  },
  input: (_id, x) => x,
}

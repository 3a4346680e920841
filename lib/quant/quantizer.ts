import type { Tensor as TfTensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '../tensor/tensor'

/**
 * What becomes of a layer's weights and input. The U-Net asks for every conv and linear layer by id
 * and never knows whether the answer is binary.
 */
export type Quantizer = {
  /** The weights layer `id` computes with, from its float weights w (OIHW or [out, in], host memory). Pure. */
  weight(id: string, w: Tensor): Tensor
  /** The input layer `id` computes with (NHWC or [batch, in], on the gradient tape). */
  input(id: string, x: TfTensor): TfTensor
}

/** Full precision is the identity quantizer. */
export const fullPrecision: Quantizer = {
  weight: (_id, w) => w,
  input: (_id, x) => x,
}

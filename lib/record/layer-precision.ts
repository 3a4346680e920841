import * as z from 'zod/mini'
import { methods } from './methods'

/**
 * Precision of one layer, as a checkpoint's manifest states it.
 * bases: sign planes of the weights (0 unless binarized). activationBits 32 means floats.
 */
export const LayerPrecision = z.object({
  method: z.enum(methods),
  bases: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  activationBits: z.union([z.literal(4), z.literal(8), z.literal(32)]),
  /** The step of the input is computed from each batch (BinaryDM's released code); absent where one is stored. */
  alphaPerBatch: z.optional(z.literal(true)),
  /** sign(0) of the binarizer where it is 0 (torch.sign, BinaryDM's code); absent where it is +1. */
  zeroSign: z.optional(z.literal(0)),
  /** Training step at which the layer took this precision; absent if it had it from the start. Nothing is computed from it. */
  since: z.optional(z.int().check(z.nonnegative())),
})
export type LayerPrecision = z.infer<typeof LayerPrecision>

/**
 * Layer id -> precision, for every conv and linear layer of a network; also id -> precision of the operands of attention
 * (query, key, softmax weights, value) where those are quantized, `fp` with the bits of their values.
 */
export const Manifest = z.record(z.string(), LayerPrecision)
export type Manifest = z.infer<typeof Manifest>

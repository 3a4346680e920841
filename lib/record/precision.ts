import * as z from 'zod/mini'

/** How the weights of a layer are binarized. `fp` is full precision, the identity. */
export const methods = ['fp', 'sign', 'xnor', 'lmb'] as const
export type Method = (typeof methods)[number]

/**
 * Precision of one layer, as a checkpoint's manifest states it.
 * bases: sign planes of the weights (0 for full precision). activationBits 32 means floats.
 */
export const LayerPrecision = z.object({
  method: z.enum(methods),
  bases: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  activationBits: z.union([z.literal(4), z.literal(8), z.literal(32)]),
})
export type LayerPrecision = z.infer<typeof LayerPrecision>

export const fullPrecisionLayer: LayerPrecision = { method: 'fp', bases: 0, activationBits: 32 }

/** Layer id -> precision, for every conv and linear layer of a network. */
export const Manifest = z.record(z.string(), LayerPrecision)
export type Manifest = z.infer<typeof Manifest>

/** "W1A4", "W1.3A8", "FP32": mean weight bits over binarized layers and the activation bits of the first of them. */
export function bitsLabel(manifest: Manifest): string {
  const binarized = Object.values(manifest).filter((p) => p.bases > 0)
  const first = binarized[0]
  if (!first) return 'FP32'
  return `W1A${first.activationBits}`
}

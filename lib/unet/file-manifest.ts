/**
 * The manifest as a file states it: the precision of every layer, and what would else have to be guessed from tensor names
 * and shapes. Files may leave the additions out; what they state is checked when they are read.
 */
import * as z from 'zod/mini'
import { LayerPrecision, type Manifest } from '../record/layer-precision'
import { weightBits } from '../record/precision'
import type { Layer } from '../record/run'
import { InputError } from '../tensor/error'
import { sameShape } from '../tensor/tensor'
import { weightShape } from './unet'

const names = z.array(z.string())

const FileLayer = z.extend(LayerPrecision, {
  kind: z.optional(z.enum(['conv', 'linear'])),
  /** Of the weights, OIHW or [out, in]. */
  shape: z.optional(z.array(z.int().check(z.positive()))),
  /** Bits of one weight, per basis. */
  weightBits: z.optional(z.union([z.literal(1), z.literal(8), z.literal(32)])),
  /** Tensors that hold the weights: one of floats, or a plane per basis, or codes. */
  weights: z.optional(names),
  /** Tensors that hold their scales, in the order of the bases; none where they follow from the weights. */
  scales: z.optional(names),
  /** Tensor that holds the LSQ step of the input; null at 32 bits. */
  alpha: z.optional(z.nullable(z.string())),
})
export type FileLayer = z.infer<typeof FileLayer>

export const FileManifest = z.record(z.string(), FileLayer)
export type FileManifest = z.infer<typeof FileManifest>

/** Names of the tensors that hold a layer's weights where its latent floats are gone: bit planes, or 8-bit codes. */
export function packedNames(id: string, { method, bases }: LayerPrecision): string[] {
  if (method === 'lsq') return [`${id}.codes`]
  return Array.from({ length: bases }, (_, i) => `${id}.plane${i + 1}`)
}

/** Names of the scales a layer needs. xnor takes its own from latent weights, and has to have it stored without them. */
export function scaleNames(id: string, { method, bases }: LayerPrecision, packed: boolean): string[] {
  if (method === 'lsq') return [`${id}.step`]
  if (method === 'xnor' && !packed) return []
  return Array.from({ length: bases }, (_, i) => `${id}.sigma${i + 1}`)
}

/** Name of the tensor that holds the step of an input; null where there is none. */
export function alphaName(id: string, { activationBits, alphaPerBatch }: LayerPrecision): string | null {
  return activationBits === 32 || alphaPerBatch ? null : `${id}.alpha`
}

/** What a file says of a layer whose weights have this shape. */
export function fileLayer(
  id: string,
  precision: LayerPrecision,
  shape: number[],
  packed: boolean,
): FileLayer {
  return {
    ...precision,
    kind: shape.length === 2 ? 'linear' : 'conv',
    shape,
    weightBits: weightBits(precision),
    weights: packed ? packedNames(id, precision) : [`${id}.weight`],
    scales: scaleNames(id, precision, packed),
    alpha: alphaName(id, precision),
  }
}

/** The precisions alone. */
export function plainManifest(stated: FileManifest): Manifest {
  return Object.fromEntries(Object.entries(stated).map(([id, entry]) => [id, z.parse(LayerPrecision, entry)]))
}

/**
 * Throws an InputError where a file contradicts itself: a layer the network does not have, attributes that are not those of the
 * layer, a named tensor that is missing or another than the layer's own. `operands`: ids of what else may be quantized.
 * `has` tells which tensors there are.
 */
export function checkFileManifest(
  stated: FileManifest,
  layers: readonly Layer[],
  operands: readonly string[],
  has: (name: string) => boolean,
  file: string,
): void {
  const known = new Map(layers.map((layer) => [layer.id, layer]))
  for (const [id, entry] of Object.entries(stated)) {
    const layer = known.get(id)
    if (!layer && operands.includes(id) && entry.method === 'fp') {
      if (entry.alpha) checkNamed(entry.alpha, [alphaName(id, entry) ?? ''], has, file)
      continue
    }
    if (!layer) throw contradiction(file, id, 'the manifest names a layer that the network does not have')
    const packed = packedNames(id, entry).some(has)
    const own = fileLayer(id, entry, weightShape(layer), packed)
    if (entry.kind !== undefined && entry.kind !== layer.kind)
      throw contradiction(file, id, `the manifest calls it ${entry.kind}, in the network it is ${layer.kind}`)
    if (entry.shape && !sameShape(entry.shape, own.shape!))
      throw contradiction(
        file,
        id,
        `the manifest gives it the shape [${entry.shape}], the network [${own.shape}]`,
      )
    if (entry.weightBits !== undefined && entry.weightBits !== own.weightBits)
      throw contradiction(
        file,
        id,
        `${entry.weightBits} bits are stated, ${entry.method} has ${own.weightBits}`,
      )
    for (const key of ['weights', 'scales'] as const) {
      for (const name of entry[key] ?? []) checkNamed(name, own[key] ?? [], has, file)
    }
    if (entry.alpha) checkNamed(entry.alpha, own.alpha ? [own.alpha] : [], has, file)
  }
}

function checkNamed(
  name: string,
  own: readonly string[],
  has: (name: string) => boolean,
  file: string,
): void {
  if (!has(name)) throw contradiction(file, name, 'the manifest names this tensor, and it is missing')
  if (!own.includes(name))
    throw contradiction(file, name, 'the manifest names a tensor that is not this layer’s')
}

function contradiction(file: string, item: string, problem: string): InputError {
  return new InputError({
    file,
    item,
    problem,
    remedy: 'Write the checkpoint again with the configuration it was trained with.',
  })
}

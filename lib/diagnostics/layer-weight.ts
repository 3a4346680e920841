/** One layer's weight straight from a file, where the whole checkpoint is not wanted in memory. */
import type { StoredWeight } from '../quant/quantizer'
import type { LayerPrecision } from '../record/precision'
import type { Layer } from '../record/run'
import type { TensorFile } from '../tensor/tensor'
import { readPackedWeight } from '../unet/checkpoint'
import { outputsFirst } from './weights-only'

/**
 * The weight of a layer of a network, `file` its tensors by bare names: what readCheckpoint has of it, and of a layer known by its
 * shape alone what its diagnosis saw. Throws an InputError for a tensor that is missing or does not fit.
 */
export async function readLayerWeight(
  file: TensorFile,
  layer: Layer,
  precision: LayerPrecision,
): Promise<StoredWeight> {
  const { id, shape } = layer
  if (shape) return outputsFirst({ id, shape }, file)
  return (await readPackedWeight(file, layer, precision)) ?? file.read(`${id}.weight`)
}

/** What a checkpoint is, without reading its weights. */
import type { TensorFile } from '../tensor/tensor'
import type { Checkpoint, GivenConfig } from './checkpoint'
import { readWanted, type Wanted } from './reading'

/**
 * A checkpoint as names, shapes and small tensors tell it: configuration, layers, precisions, assumptions. Its weights come out
 * empty. Throws an InputError for whatever readWanted refuses.
 */
export function readOutline(
  file: TensorFile,
  given: GivenConfig | null,
  wanted: Wanted,
): Promise<Checkpoint> {
  return readWanted(withoutWeights(file), given, wanted)
}

/**
 * The same file whose weights, biases and scales come out empty: configuration and precision do not depend on them. Steps and
 * the time embedding are read, because BinaryDM's bits are told by them.
 */
function withoutWeights(file: TensorFile): TensorFile {
  return {
    ...file,
    read: async (name) => {
      const shape = file.tensors.get(name)?.shape
      return shape && notTold.test(name) && !name.includes('time_embed')
        ? { shape, data: new Float32Array() }
        : file.read(name)
    },
  }
}

const notTold = /(weight|bias|scaling_(first|second)_order)$/

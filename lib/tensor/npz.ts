/** NumPy .npz archives (numpy.savez, numpy.savez_compressed): a zip of .npy files, each an array named like its file. */
import { faultsOf } from './error'
import { openNpy } from './npy'
import { type ByteSource, noSuchTensor, sizeOf, type TensorFile, type TensorInfo } from './tensor'
import type { ZipArchive } from './zip'

/** 1 GiB as float32, as much as any tensor of a torch file may have. */
const maxElements = 2 ** 28
const extension = '.npy'

export function isNpz({ entries }: ZipArchive): boolean {
  return entries.size > 0 && [...entries.keys()].every((name) => name.endsWith(extension))
}

/** Reads the header of every array, no values. Throws an InputError for a member that openNpy refuses. */
export async function openNpz(source: ByteSource, zip: ZipArchive): Promise<TensorFile> {
  const fault = faultsOf(source.name, 'It looks damaged: save it again with numpy.savez.')
  const arrays = new Map<string, TensorFile>()
  const tensors = new Map<string, TensorInfo>()
  for (const entry of zip.entries.values()) {
    const array = await openNpy(zip.source(entry))
    const [info] = array.tensors.values()
    const name = entry.name.slice(0, -extension.length)
    if (sizeOf(info!.shape) > maxElements)
      throw fault(
        `it has more than ${maxElements} elements`,
        name,
        'Split it into smaller arrays.',
        'too_large',
      )
    arrays.set(name, array)
    tensors.set(name, info!)
  }
  return {
    name: source.name,
    container: 'npz',
    tensors,
    metadata: new Map(),
    values: new Map(),
    async read(name) {
      const array = arrays.get(name)
      const [only] = array?.tensors.keys() ?? []
      if (!array || only === undefined) throw noSuchTensor(source.name, name)
      return array.read(only)
    },
  }
}

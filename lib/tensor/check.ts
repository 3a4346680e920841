import { openTensors } from './open'
import type { ByteSource, TensorFile } from './tensor'

/** Containers with checksums or compressed data: damage there shows only when the data is read. */
const checksummed: ReadonlySet<TensorFile['container']> = new Set(['torch-zip', 'npz'])

/**
 * The last word on a file, the same from server, command line and browser: opens it, and reads each tensor once where its
 * directory does not tell everything. Holds one tensor at a time. Throws an InputError for what is not right.
 */
export async function checkTensors(source: ByteSource): Promise<void> {
  await checkValues(await openTensors(source))
}

/** The same for a file that is open already. */
export async function checkValues(file: TensorFile): Promise<void> {
  if (!checksummed.has(file.container)) return
  for (const name of file.tensors.keys()) await file.read(name)
}

import { createSHA256 } from 'hash-wasm'
import { blobSource } from '../../lib/tensor/tensor'

/** sha256 in hex, read in pieces. */
export async function hash(file: File, onProgress: (done: number, total: number) => void): Promise<string> {
  const hasher = await createSHA256()
  const source = blobSource(file.name, file)
  const piece = 4 * 2 ** 20
  for (let at = 0; at < file.size; at += piece) {
    hasher.update(await source.read(at, Math.min(file.size, at + piece)))
    onProgress(Math.min(file.size, at + piece), file.size)
  }
  return hasher.digest('hex')
}

import { createSHA256 } from 'hash-wasm'
import { blobSource } from '../../lib/tensor/tensor'

/** sha256 in hex of all files in a row, read in pieces. */
export async function hash(
  files: readonly File[],
  onProgress: (done: number, total: number) => void,
): Promise<string> {
  const hasher = await createSHA256()
  const piece = 4 * 2 ** 20
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  for (const file of files) {
    const source = blobSource(file.name, file)
    for (let at = 0; at < file.size; at += piece) {
      const bytes = await source.read(at, Math.min(file.size, at + piece))
      hasher.update(bytes)
      done += bytes.length
      onProgress(done, total)
    }
  }
  return hasher.digest('hex')
}

import { createSHA256 } from 'hash-wasm'
import { blobSource } from '../../lib/tensor/tensor'

/** sha256 in hex, read in pieces; errors call the content `name`. */
export async function hash(
  content: Blob,
  name: string,
  onProgress: (done: number, total: number) => void,
): Promise<string> {
  const hasher = await createSHA256()
  const piece = 4 * 2 ** 20
  const source = blobSource(name, content)
  for (let at = 0; at < source.size; at += piece) {
    const end = Math.min(source.size, at + piece)
    hasher.update(await source.read(at, end))
    onProgress(end, source.size)
  }
  return hasher.digest('hex')
}

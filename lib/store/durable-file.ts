/** Files that are on the disk, and not only on their way there, when a function returns. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { InputError } from '../tensor/error'
import { sourceOf } from '../tensor/file-source'
import type { ByteSource } from '../tensor/tensor'

/** Bytes as one array, or as they arrive. */
export type Bytes = Uint8Array | AsyncIterable<Uint8Array>

/** More bytes than allowed; the rest was not read. */
export class TooLarge extends InputError {}

/** Writes a file that is not there yet. Returns its hash (hex) and length. Throws TooLarge after `limit` bytes. */
export async function writeHashed(
  name: string,
  bytes: Bytes,
  limit = Number.POSITIVE_INFINITY,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let length = 0
  const file = await open(name, 'wx')
  try {
    for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
      length += chunk.length
      if (length > limit)
        throw new TooLarge({
          file: 'upload',
          problem: `more than ${limit} bytes`,
          remedy: 'Raise SIGNSCOPE_MAX_UPLOAD_MB on the server if such files are meant to be stored.',
        })
      hash.update(chunk)
      for (let done = 0; done < chunk.length; ) done += (await file.write(chunk, done)).bytesWritten
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { sha256: hash.digest('hex'), bytes: length }
}

/** Reads a file of the store by slice. One that cannot be opened is the store's fault, not an InputError. */
export async function withStoredFile<T>(
  path: string,
  name: string,
  use: (source: ByteSource) => Promise<T>,
): Promise<T> {
  const handle = await open(path, 'r')
  try {
    return await use(sourceOf(handle, (await handle.stat()).size, name))
  } finally {
    await handle.close()
  }
}

/** Flushes a file, or the names in a folder. */
export async function flush(name: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(name, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

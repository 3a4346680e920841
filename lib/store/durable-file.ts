/** Files that are on the disk, and not only on their way there, when a function returns. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { InputError } from '../tensor/error'

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

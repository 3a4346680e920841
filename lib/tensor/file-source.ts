import { type FileHandle, open } from 'node:fs/promises'
import { InputError } from './error'
import { type ByteSource, outOfRange } from './tensor'

/** Node reads at most 2^31 - 1 bytes in one call. */
const maxRead = 2 ** 30

/**
 * A ByteSource over a file on disk, read by slice; the caller closes it. `name` is what errors call the file, for callers
 * whose paths are not their users'. Throws an InputError if there is no such readable file.
 */
export async function openFileSource(
  path: string,
  name = path,
): Promise<ByteSource & { close(): Promise<void> }> {
  const { handle, size } = await openFile(path, name)
  return sourceOf(handle, size, name)
}

/** A ByteSource over an open file of `size` bytes; the caller closes it. */
export function sourceOf(
  handle: FileHandle,
  size: number,
  name: string,
): ByteSource & { close(): Promise<void> } {
  return {
    name,
    size,
    async read(start, end) {
      if (start < 0 || end > size || start > end) throw outOfRange(name, start, end, size)
      const bytes = new Uint8Array(end - start)
      let done = 0
      while (done < bytes.length) {
        const length = Math.min(bytes.length - done, maxRead)
        const { bytesRead } = await handle.read(bytes, done, length, start + done)
        if (bytesRead === 0) throw outOfRange(name, start, end, start + done)
        done += bytesRead
      }
      return bytes
    },
    close: () => handle.close(),
  }
}

async function openFile(path: string, name: string): Promise<{ handle: FileHandle; size: number }> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    const stat = await handle.stat()
    if (stat.isFile()) return { handle, size: stat.size }
  } catch (error) {
    await handle?.close()
    throw unreadable(name, (error as NodeJS.ErrnoException).code)
  }
  await handle.close()
  throw unreadable(name, 'EISDIR')
}

function unreadable(file: string, code: string | undefined): InputError {
  const problems = new Map([
    ['ENOENT', 'there is no such file'],
    ['ENOTDIR', 'there is no such file'],
    ['EACCES', 'it may not be read'],
    ['EISDIR', 'it is not a file'],
  ])
  const problem = problems.get(code ?? '') ?? `it cannot be opened (${code ?? 'unknown reason'})`
  return new InputError({ file, problem, remedy: 'Check the path.', code: 'not_found' })
}

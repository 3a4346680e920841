import { InputError } from '../../lib/tensor/error'
import type { ByteSource } from '../../lib/tensor/tensor'

/** Tensors are read one after the other; one request brings this many bytes. */
const blockBytes = 2 ** 20

/** A ByteSource that counts what it had to fetch. */
export type RangeSource = ByteSource & { fetchedBytes(): number }

/**
 * A file behind an address that answers Range requests, fetched in blocks as they are needed and kept while the
 * source lives. Throws an InputError naming `name` if the server does not have it or sends other bytes than asked.
 */
export function rangeSource(
  name: string,
  url: string,
  size: number,
  request: typeof fetch = fetch,
): RangeSource {
  const blocks = new Map<number, Promise<Uint8Array>>()
  let fetched = 0

  async function fetchBlock(index: number): Promise<Uint8Array> {
    const start = index * blockBytes
    const end = Math.min(size, start + blockBytes)
    const response = await request(url, { headers: { range: `bytes=${start}-${end - 1}` } }).catch(() => null)
    if (!response?.ok) throw refused(name, response?.status)
    const bytes = new Uint8Array(await response.arrayBuffer())
    const wanted = response.status === 206 ? bytes : bytes.subarray(start, end)
    if (wanted.length !== end - start) throw cut(name, end - start, wanted.length)
    fetched += bytes.length
    return wanted
  }
  function block(index: number): Promise<Uint8Array> {
    const known = blocks.get(index)
    if (known) return known
    const fresh = fetchBlock(index)
    blocks.set(index, fresh)
    fresh.catch(() => blocks.delete(index))
    return fresh
  }

  return {
    name,
    size,
    fetchedBytes: () => fetched,
    async read(start, end) {
      if (start < 0 || end > size || start > end) throw cut(name, end, size)
      const out = new Uint8Array(end - start)
      for (let index = Math.floor(start / blockBytes); index * blockBytes < end; index++) {
        const offset = index * blockBytes
        const bytes = await block(index)
        const part = bytes.subarray(Math.max(0, start - offset), end - offset)
        out.set(part, Math.max(0, offset - start))
      }
      return out
    },
  }
}

function refused(file: string, status: number | undefined): InputError {
  if (status === 404)
    return new InputError({
      file,
      problem: 'its weights are not stored on this server',
      remedy: 'Import the checkpoint again, with its weights.',
    })
  return new InputError({
    file,
    problem: status === undefined ? 'the server did not answer' : `the server answered ${status}`,
    remedy: 'See whether the server is still running, then draw again.',
  })
}

function cut(file: string, wanted: number, found: number): InputError {
  return new InputError({
    file,
    problem: `${wanted} bytes are needed, ${found} came`,
    remedy: 'The stored file does not fit its record: import the checkpoint again.',
  })
}

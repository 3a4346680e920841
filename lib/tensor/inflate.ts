import type { ByteSource } from './tensor'

/** What is handed to the decompressor at once: it may give back a thousand times as much. */
const pieceBytes = 16 * 1024

/**
 * The first `length` bytes of a raw deflate stream (RFC 1951) in bytes [start, end) of a source. Never holds much more than
 * that: what unpacks to more is cut off, or with `whole`, where nothing may follow, rejects. Rejects for damaged streams.
 */
export async function inflate(
  source: ByteSource,
  start: number,
  end: number,
  length: number,
  whole: boolean,
): Promise<Uint8Array> {
  let at = start
  const packed = new ReadableStream<BufferSource>({
    async pull(controller) {
      if (at === end) return controller.close()
      const next = Math.min(end, at + pieceBytes)
      // A copy: streams may hand their chunks over to another thread.
      controller.enqueue((await source.read(at, next)).slice())
      at = next
    },
  })
  const reader = packed.pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const out = new Uint8Array(length)
  let filled = 0
  while (filled < length || whole) {
    const { value, done } = await reader.read()
    if (done) return out.subarray(0, filled)
    const room = length - filled
    if (value.length > room && whole) {
      await reader.cancel()
      throw new RangeError(`it unpacks to more than ${length} bytes`)
    }
    out.set(value.subarray(0, room), filled)
    filled += Math.min(room, value.length)
  }
  await reader.cancel()
  return out
}

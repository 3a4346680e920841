import { Readable } from 'node:stream'
import type { ReadableStream as NodeStream } from 'node:stream/web'

/** The raw body of a request as it arrives; nothing of it is held. */
export function bodyOf(request: Request): AsyncIterable<Uint8Array> {
  return request.body
    ? Readable.fromWeb(request.body as unknown as NodeStream<Uint8Array>)
    : Readable.from([])
}

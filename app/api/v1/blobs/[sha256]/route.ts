import { Readable } from 'node:stream'
import { openBlob, putBlob } from '@/lib/store/blobs'
import { TooLarge } from '@/lib/store/durable-file'
import { checkTensors } from '@/lib/tensor/check'
import { bodyOf } from '../../_body'
import { uploadLimit } from '../../_limits'
import { checkLength, checkRoom, HttpError, json, notFound, route, tooLarge } from '../../_route'
import { checkMayRead } from '../../_shared-file'

export const dynamic = 'force-dynamic'

type Params = { sha256: string }

/**
 * Stores a checkpoint file under the sha256 in the address; the body is the raw file. It is read as it arrives,
 * and kept only if the hash is right and every tensor in it can be read.
 */
export const PUT = route<Params>(async (request, { sha256 }) => {
  checkKey(sha256)
  const limit = uploadLimit()
  checkLength(request, limit, 'SIGNSCOPE_MAX_UPLOAD_MB')
  checkRoom(request)
  try {
    return json(await putBlob(bodyOf(request), { expectedSha256: sha256, limit, check: checkTensors }), 201)
  } catch (error) {
    throw error instanceof TooLarge ? tooLarge(limit, 'SIGNSCOPE_MAX_UPLOAD_MB') : error
  }
})

/**
 * The file, or the bytes a Range header asks for. It never changes: its address is its hash. Where reading needs a token,
 * ?share=TOKEN of a share link that shows it does as well.
 */
export const GET = route<Params>(async (request, { sha256 }) => {
  await checkMayRead(request, sha256)
  const blob = await openBlob(sha256)
  if (!blob) throw notFound('blob of this hash')
  const range = parseRange(request.headers.get('range'), blob.size)
  if (range === 'unsatisfiable') {
    await blob.handle.close()
    return new Response(null, { status: 416, headers: { 'content-range': `bytes */${blob.size}` } })
  }
  const { start, end } = range ?? { start: 0, end: blob.size }
  const headers = new Headers({
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${sha256}.bin"`,
    'content-length': String(end - start),
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=31536000, immutable',
    etag: `"${sha256}"`,
  })
  if (range) headers.set('content-range', `bytes ${start}-${end - 1}/${blob.size}`)
  if (request.method === 'HEAD' || end === start) {
    await blob.handle.close()
    return new Response(null, { status: range ? 206 : 200, headers })
  }
  // The stream closes the file when it ends or its reader goes away.
  const stream = blob.handle.createReadStream({ start, end: end - 1 })
  return new Response(Readable.toWeb(stream) as unknown as ReadableStream, {
    status: range ? 206 : 200,
    headers,
  })
}, 'open')

function checkKey(sha256: string): void {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new HttpError({
      status: 422,
      code: 'invalid',
      message: 'The address must end in the sha256 of the file, 64 small hex digits.',
      field: 'sha256',
    })
}

/** One range of a Range header as [start, end); null for the whole file, as for several ranges or another unit. */
function parseRange(
  header: string | null,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | null {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!found || (found[1] === '' && found[2] === '')) return null
  const first = found[1] === '' ? Math.max(0, size - Number(found[2])) : Number(found[1])
  const last = found[1] === '' || found[2] === '' ? size - 1 : Math.min(Number(found[2]), size - 1)
  return first > last ? 'unsatisfiable' : { start: first, end: last + 1 }
}

import { dropUpload, getUpload, receive } from '@/lib/store/uploads'
import { bodyOf } from '../../_body'
import { uploadLimit } from '../../_limits'
import { checkLength, HttpError, json, notFound, route } from '../../_route'
import { finishUpload, orConflict, uploadAnswer } from '../../_upload'

export const dynamic = 'force-dynamic'

type Params = { id: string }

/** Where an upload is: bytes here, state, and why it was refused. */
export const GET = route<Params>(async (_request, { id }) => uploadAnswer(await known(id)))

/** The same in headers: Upload-Offset, Upload-Length. */
export const HEAD = GET

/**
 * Bytes behind those that are here: `Upload-Offset: N` or `Content-Range: bytes N-M/LENGTH` says where they begin. The
 * last ones finish the upload. 409 with Upload-Offset if they do not follow what is here.
 */
export const PUT = route<Params>(async (request, { id }) => {
  const upload = await known(id)
  const left = (upload.bytes ?? uploadLimit()) - upload.offset
  checkLength(request, left, 'The length announced with the upload, and SIGNSCOPE_MAX_UPLOAD_MB')
  try {
    const offset = await receive(id, offsetOf(request.headers), bodyOf(request), uploadLimit())
    if (offset === upload.bytes) return await finishUpload(id)
  } catch (error) {
    throw orConflict(error)
  }
  return uploadAnswer(await known(id))
})

/** Forgets an upload. */
export const DELETE = route<Params>(async (_request, { id }) => {
  if (!(await dropUpload(id))) throw notFound('upload of this id')
  return json({ dropped: id })
})

async function known(id: string) {
  const upload = await getUpload(id)
  if (!upload) throw notFound('upload of this id')
  return upload
}

function offsetOf(headers: Headers): number {
  const given =
    headers.get('upload-offset') ?? /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1] ?? '0'
  if (/^\d{1,15}$/.test(given)) return Number(given)
  throw new HttpError({
    status: 400,
    code: 'bad_offset',
    message: 'Upload-Offset must be a number of bytes.',
    field: 'upload-offset',
  })
}

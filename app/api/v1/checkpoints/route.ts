import { CheckpointUpload } from '@/lib/record/run'
import { storeCheckpoint } from '@/lib/store/checkpoints'
import { beginUpload, dropUpload, receive } from '@/lib/store/uploads'
import { bodyOf } from '../_body'
import { uploadLimit } from '../_limits'
import { queryOf, wholeNumber } from '../_query'
import { checkLength, json, parse, readJson, route } from '../_route'
import { finishUpload } from '../_upload'

export const dynamic = 'force-dynamic'

/** Stores a diagnosed checkpoint: 201 with its id, or 200 and `duplicate: true` if it was there. */
export const POST = route(async (request) => {
  const upload = parse(CheckpointUpload, await readJson(request))
  const stored = await storeCheckpoint(upload)
  return json(stored, stored.duplicate ? 200 : 201)
})

/**
 * ?run=NAME&step=N[&file=NAME]: a checkpoint file in one request, its bytes as the body. 202 and the upload to ask after,
 * while it is diagnosed. What broke off on the way is dropped; long files are better sent to /uploads, which resumes.
 */
export const PUT = route(async (request) => {
  const query = queryOf(request)
  const limit = uploadLimit()
  checkLength(request, limit, 'SIGNSCOPE_MAX_UPLOAD_MB')
  const { id } = await beginUpload({
    run: query('run'),
    step: wholeNumber('step', query('step')),
    fileName: query('file', `${query('run')}-${query('step')}`),
    bytes: null,
  })
  try {
    await receive(id, 0, bodyOf(request), limit)
  } catch (error) {
    await dropUpload(id)
    throw error
  }
  return finishUpload(id)
})

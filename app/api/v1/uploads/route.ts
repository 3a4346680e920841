import { UploadStart } from '@/lib/record/training-job'
import { beginUpload, sweepUploads } from '@/lib/store/uploads'
import { uploadLimit } from '../_limits'
import { parse, readJson, route, tooLarge } from '../_route'
import { uploadAnswer } from '../_upload'

export const dynamic = 'force-dynamic'

/**
 * Announces a checkpoint file. 201 with the id to PUT its bytes to; 200 with `state: "stored"` if this very file is
 * stored at this step of the run.
 */
export const POST = route(async (request) => {
  const start = parse(UploadStart, await readJson(request, 2 ** 20))
  if (start.bytes > uploadLimit()) throw tooLarge(uploadLimit(), 'SIGNSCOPE_MAX_UPLOAD_MB')
  await sweepUploads()
  const upload = await beginUpload(start)
  return uploadAnswer(upload, upload.state === 'stored' ? 200 : 201)
})

/** What the routes that take checkpoint files share. */
import type { UploadStatus } from '../../../lib/record/training-job'
import { completeUpload, WrongOffset } from '../../../lib/store/uploads'
import { diagnoseSoon } from './_diagnosis'
import { HttpError, json } from './_route'

/** An upload as JSON, with its offset in a header too. */
export function uploadAnswer(upload: UploadStatus, status = 200): Response {
  const answer = json(upload, status)
  answer.headers.set('upload-offset', String(upload.offset))
  if (upload.bytes !== null) answer.headers.set('upload-length', String(upload.bytes))
  return answer
}

/** Judges a complete file: 202 while its diagnosis is under way, 200 and `duplicate` if it was stored before. */
export async function finishUpload(id: string): Promise<Response> {
  const upload = await completeUpload(id)
  if (upload.state === 'stored') return json({ ...upload, duplicate: true })
  diagnoseSoon()
  return uploadAnswer(upload, 202)
}

/** 409 with the offset to go on at. */
export function orConflict(error: unknown): unknown {
  if (!(error instanceof WrongOffset)) return error
  return new HttpError({
    status: 409,
    code: 'wrong_offset',
    message: `The upload: ${error.problem}.`,
    hint: error.remedy,
    headers: { 'upload-offset': String(error.offset) },
  })
}

/** Checkpoints that came over the network: diagnosed as `import` does, and stored with their weights. */
import { createReadStream } from 'node:fs'
import type { CheckpointUpload, RunSummary } from '../record/run'
import { blobFile } from '../store/blobs'
import { findBySha256, findCheckpoint, getCheckpoint, storeCheckpoint } from '../store/checkpoints'
import { getRun } from '../store/runs'
import { findRun } from '../store/training-runs'
import {
  awaitsDiagnosis,
  claimUpload,
  failClaim,
  keepClaim,
  type QueuedUpload,
  releaseClaim,
  settleUpload,
  uploadFile,
} from '../store/uploads'
import { InputError } from '../tensor/error'
import { readAbout } from '../unet/checkpoint'
import { wantedAgain } from '../unet/reading'
import { usualMeasurement, usualSamples } from './import'
import { withTensors } from './open'
import { type CheckpointFile, type Job, prepareUpload } from './prepare'

/** Signs of life of a diagnosis; one that gives none for a minute counts as ended. */
const signMs = 10_000
/** How often to look again while another process diagnoses. */
const lookMs = 3_000

/** Works until no upload is queued or under diagnosis. When the signal comes the one at work is given back to the queue. */
export async function diagnoseUploads(signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await awaitsDiagnosis())) {
    const upload = await claimUpload()
    if (upload) await diagnoseOne(upload, signal)
    else await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}

async function diagnoseOne(upload: QueuedUpload, signal: AbortSignal): Promise<void> {
  const signs = setInterval(() => keepClaim(upload.id).catch(() => {}), signMs)
  const stopped = new Promise<'stopped'>((resolve) => {
    signal.addEventListener('abort', () => resolve('stopped'), { once: true })
  })
  try {
    const result = await Promise.race([stopped, diagnosed(upload)])
    if (result === 'stopped') await releaseClaim(upload.id)
    else await settleUpload(upload, result)
  } catch (error) {
    await failClaim(upload.id)
    throw error
  } finally {
    clearInterval(signs)
  }
}

/** The stored checkpoint, or the reason for which there is none. Only bad files are a reason; other faults are thrown. */
async function diagnosed(upload: QueuedUpload): Promise<{ checkpoint: string } | { problem: string }> {
  try {
    const { id } = await storeCheckpoint(await recordOf(upload), createReadStream(uploadFile(upload.id)))
    return { checkpoint: id }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const item = error.item ? `${error.item}: ` : ''
    return { problem: `${upload.fileName}: ${item}${error.problem}. ${error.remedy}` }
  }
}

async function recordOf(upload: QueuedUpload): Promise<CheckpointUpload> {
  const { id, run, step, fileName, sha256, bytes, config, network } = upload
  const checkpoint: CheckpointFile = {
    path: uploadFile(id),
    facts: { name: fileName, sha256, bytes },
    run,
    given: config && { json: config, file: 'config' },
    step,
    wanted: network === null ? {} : { network },
  }
  const known = await getRun(run)
  const teacherName = (await findRun(run))?.teacherName ?? null
  const teacher = known?.role === 'teacher' ? null : await teacherOf(id, teacherName)
  const samples = usualSamples.onTheWay
  const record = await prepareUpload({ checkpoint, teacher, samples, ...usualMeasurement })
  return known ? besideJob(record, known, teacherName) : record
}

/**
 * The record with what the job said about its run. A file of latent weights does not tell that it is a student's, so there
 * the job's word stands; otherwise the file's.
 */
function besideJob(
  record: CheckpointUpload,
  { role, method, bits, settings }: RunSummary,
  teacher: string | null,
): CheckpointUpload {
  const said = role === 'student' && record.run.role === 'teacher' ? { role, method, bits } : {}
  return {
    ...record,
    run: {
      ...record.run,
      ...said,
      teacher: record.run.teacher ?? teacher,
      settings: { ...settings, ...record.run.settings },
    },
  }
}

/** The teacher a student is measured against: the very file it names, else the latest of that run; null if not stored. */
async function teacherOf(id: string, teacherName: string | null): Promise<Job['teacher']> {
  const about = await withTensors(uploadFile(id), async (file) => readAbout(file))
  const [named] = about?.teacherSha256 ? await findBySha256(about.teacherSha256) : []
  const run = named?.run ?? teacherName
  if (!run) return null
  const stored = named ? await getCheckpoint(named.id) : await findCheckpoint(run, null)
  if (!stored?.hasWeights) return null
  const { fileName: name, sha256, bytes, step, diagnosis, samples } = stored
  const given = { json: diagnosis.config, file: name }
  const wanted = wantedAgain(diagnosis)
  const facts = { name, sha256, bytes }
  return { checkpoint: { path: blobFile(sha256), facts, run, given, step, wanted }, samples }
}

/** Sends what was diagnosed to the server: weights first, records last, the student's at the very end. */
import type { CheckpointSummary, CheckpointUpload, RunSummary } from '../../lib/record/run'
import type { WorkerFault } from '../_workers/fault'

/** A refusal of the server, in the words of its JSON error. */
export class Refused extends Error {
  constructor(readonly fault: WorkerFault) {
    super(fault.problem)
  }
}

/** pair: whether there are two networks to sample side by side. */
export type StoredPair = { run: string; step: number; pair: boolean }

type ToStore = { upload: CheckpointUpload; file: File }

/** Runs as the server has them. Throws Refused. */
export async function fetchRuns(signal: AbortSignal): Promise<RunSummary[]> {
  const body = (await ask('the server', '/api/v1/runs', { signal })) as { runs: RunSummary[] }
  return body.runs
}

/** The run that holds this very network of this very file as a teacher, so that it is not stored under a second name. */
export function knownTeacher(runs: readonly RunSummary[], upload: CheckpointUpload): RunSummary | undefined {
  return runs.find((run) => run.role === 'teacher' && run.checkpoints.some(isThis(upload)))
}

/** Checkpoints stored before networks were told apart say nothing of theirs. */
function isThis({ sha256, diagnosis }: CheckpointUpload): (stored: CheckpointSummary) => boolean {
  return (stored) => stored.sha256 === sha256 && (stored.network ?? diagnosis.network) === diagnosis.network
}

/**
 * Stores a teacher and its student, or a teacher. A record exists only once its weights do, and a student only once its
 * teacher does; weights without a record are swept by the server. Throws Refused, or the signal's reason.
 */
export async function storePair(
  teacher: ToStore,
  student: ToStore | null,
  keepWeights: boolean,
  signal: AbortSignal,
  onProgress: (words: string) => void,
): Promise<StoredPair> {
  onProgress('asks what is stored')
  const known = knownTeacher(await fetchRuns(signal), teacher.upload)
  const checkpoint = known?.checkpoints.find(isThis(teacher.upload))
  if (keepWeights) {
    for (const each of [teacher, student]) {
      if (!each || (each === teacher && checkpoint?.hasWeights)) continue
      onProgress(`stores the weights of ${each.file.name}`)
      await ask(each.file.name, `/api/v1/blobs/${each.upload.sha256}`, {
        method: 'PUT',
        body: each.file,
        signal,
      })
    }
  }
  onProgress('stores the records')
  if (!known) await post(teacher, teacher.upload, signal)
  if (!student) return { run: known?.name ?? teacher.upload.run.name, step: teacher.upload.step, pair: false }
  const { upload } = student
  await post(
    student,
    { ...upload, run: { ...upload.run, teacher: known?.name ?? upload.run.teacher } },
    signal,
  )
  return { run: upload.run.name, step: upload.step, pair: upload.diagnosis.unrun === undefined }
}

function post({ file }: ToStore, upload: CheckpointUpload, signal: AbortSignal): Promise<unknown> {
  return ask(file.name, '/api/v1/checkpoints', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(upload),
    signal,
  })
}

type ErrorBody = { error?: { message?: string; field?: string; hint?: string } }

const ask = async (file: string, url: string, init: RequestInit): Promise<unknown> =>
  (await askServer(file, url, init)).json().catch(() => null)

/** An answer of this server about a file. Throws Refused, or the signal's reason. */
export async function askServer(file: string, url: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, init)
  } catch (error) {
    init.signal?.throwIfAborted()
    throw new Refused({
      file,
      item: '',
      problem: `the server did not answer (${(error as Error).message})`,
      remedy: 'See whether it is still running, then store again.',
    })
  }
  if (response.ok) return response
  const body: unknown = await response.json().catch(() => null)
  const { message, field, hint } = (body as ErrorBody | null)?.error ?? {}
  throw new Refused({
    file,
    item: field ?? '',
    problem: message?.replace(/\.$/, '') ?? `the server answered ${response.status}`,
    remedy: hint ?? 'Change what it names, then store again.',
  })
}

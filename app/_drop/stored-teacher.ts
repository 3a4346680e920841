/** Teachers that are stored on this server, for a student that was dropped without its own. */
import type {
  CheckpointDetail,
  CheckpointSummary,
  Layer,
  RunSummary,
  ScheduleName,
} from '../../lib/record/run'
import type { WorkerFault } from '../_workers/fault'
import type { Dropped } from './dropped'
import type { FoundCheckpoint } from './plan'
import { askServer } from './store-pair'

/** A checkpoint of a teacher's run. */
export type StoredTeacher = { run: string; checkpoint: CheckpointSummary }

/** A stored teacher as if it had been dropped, with what else is known of how it was read. */
export type FetchedTeacher = {
  dropped: Dropped
  /** Prefix of its network; null for checkpoints stored before that was kept. */
  network: string | null
  schedule: ScheduleName | null
  /** Its configuration, for a student that does not say its own. */
  config: File
}

/** The checkpoint a student names as its teacher; one with weights if it is stored more than once. */
export function namedTeacher(
  runs: readonly RunSummary[],
  { teacherSha256 }: Pick<FoundCheckpoint, 'teacherSha256'>,
): StoredTeacher | null {
  if (teacherSha256 === null) return null
  const same = teachersIn(runs).filter(({ checkpoint }) => checkpoint.sha256 === teacherSha256)
  return same.find(({ checkpoint }) => checkpoint.hasWeights) ?? same[0] ?? null
}

/**
 * The latest checkpoint of every teacher whose layers are those of a student, by name and shape, and whose weights are here.
 * Throws Refused, or the signal's reason.
 */
export async function teachersLike(
  runs: readonly RunSummary[],
  { layout }: Pick<FoundCheckpoint, 'layout'>,
  signal: AbortSignal,
): Promise<StoredTeacher[]> {
  const latest = runs.flatMap((run) =>
    teachersIn([run])
      .filter(({ checkpoint }) => checkpoint.hasWeights)
      .slice(-1),
  )
  const details = await Promise.all(latest.map((teacher) => fetchDetail(teacher, signal)))
  return latest.filter((_, i) => {
    const layers = details[i]!.diagnosis.layers.map(({ layer }) => layer)
    return fitsLayers(layout, layers)
  })
}

/** Whether a student's layers are these; of packed weights the shape is not asked. */
export function fitsLayers(layout: FoundCheckpoint['layout'], layers: readonly Layer[]): boolean {
  const byId = new Map(layers.map((layer) => [layer.id, layer]))
  return (
    layout.length === layers.length &&
    layout.every(([id, shape]) => {
      const layer = byId.get(id)
      return layer !== undefined && (shape === null || hasShape(layer, shape))
    })
  )
}

function hasShape({ shape: stored, outChannels, inChannels, kernel }: Layer, shape: number[]): boolean {
  if (stored) return stored.join() === shape.join()
  return shape[0] === outChannels && shape[1] === inChannels && (shape[2] ?? 1) === kernel
}

/** Its file and how it was read. Throws Refused, or the signal's reason. */
export async function fetchTeacher(teacher: StoredTeacher, signal: AbortSignal): Promise<FetchedTeacher> {
  const { run, checkpoint } = teacher
  const { diagnosis } = await fetchDetail(teacher, signal)
  const response = await askServer(checkpoint.fileName, `/api/v1/blobs/${checkpoint.sha256}`, { signal })
  const file = new File([await response.blob()], checkpoint.fileName)
  return {
    dropped: { file, folder: '', shards: [], storedIn: run },
    network: checkpoint.network,
    schedule: diagnosis.schedule ?? null,
    config: new File([JSON.stringify(diagnosis.config)], `${run}.json`),
  }
}

function teachersIn(runs: readonly RunSummary[]): StoredTeacher[] {
  return runs
    .filter(({ role }) => role === 'teacher')
    .flatMap(({ name, checkpoints }) => checkpoints.map((checkpoint) => ({ run: name, checkpoint })))
}

async function fetchDetail(
  { run, checkpoint }: StoredTeacher,
  signal: AbortSignal,
): Promise<CheckpointDetail> {
  const url = `/api/v1/runs/${encodeURIComponent(run)}/checkpoints/${checkpoint.step}`
  return (await askServer(run, url, { signal })).json()
}

/** Why a teacher that is stored does not help: only its records are here. */
export function withoutWeights(student: string, { run, checkpoint }: StoredTeacher): WorkerFault {
  return {
    file: student,
    item: '',
    problem: `its teacher is stored as ${run}, step ${checkpoint.step}, without its weights`,
    remedy: `Drop it together with ${checkpoint.fileName}.`,
  }
}

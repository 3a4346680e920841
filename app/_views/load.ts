/** What each view needs from the store, as plain data. Pages and frozen views load through here. */
import { type Standout, standouts } from '../../lib/diagnostics/standouts'
import type { Finding } from '../../lib/record/audit'
import type { CheckpointDetail, CheckpointSummary, RunSummary, SampleSet } from '../../lib/record/run'
import type { SweepRecord } from '../../lib/record/sweep'
import type { ViewParams } from '../../lib/record/view'
import { findCheckpoint, getCheckpoint } from '../../lib/store/checkpoints'
import { getPrecisionHistory } from '../../lib/store/layers'
import { getRun, listRuns } from '../../lib/store/runs'
import { getScalars } from '../../lib/store/scalars'
import { keepExtremes } from '../_charts/series'
import { formatAge } from '../_ui/format'
import { loadTrainingJob, type TrainingJob } from './load-job'
import { knownCheckpoints, type Pinned, wasStored } from './pinned'
import { type PartStages, precisionStages } from './precision-stages'
import { type ReadAs, readAsOf } from './read-as'
import { type LayerRow, layerRow } from './run-rows'

/** A run by its name and mark. */
export type RunHead = {
  id: string
  name: string
  role: RunSummary['role']
  slot: number | null
  method: string
  bits: string
}

export const runHead = (run: RunSummary): RunHead => ({
  id: run.id,
  name: run.name,
  role: run.role,
  slot: run.role === 'teacher' ? null : (run.colour ?? 0),
  method: run.method,
  bits: run.bits,
})

/** The first images of a sample set, for a list. */
export type Thumbnails = Pick<SampleSet, 'seed' | 'width' | 'height' | 'channels'> & { images: string[] }

export function thumbnails(samples: SampleSet | null, count: number): Thumbnails | null {
  if (!samples) return null
  const { seed, width, height, channels } = samples
  const bytes = Buffer.from(samples.pixels, 'base64')
  const size = width * height * channels
  const images = Array.from({ length: Math.min(count, samples.images) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size).toString('base64'),
  )
  return { seed, width, height, channels, images }
}

export type RunListRow = RunHead & {
  teacher: string | null
  /** null when the run has no checkpoint yet. */
  latestStep: number | null
  checkpointId: string | null
  bases: number
  /** Packed size of the latest checkpoint; its float32 size for a teacher. */
  bytes: number | null
  ratio: number | null
  /** Output SQNR by step. */
  quality: { step: number; value: number | null }[]
  sampleCosine: number | null
  samples: Thumbnails | null
  updated: string
  updatedAt: string
}

export type RunsViewData = { runs: RunListRow[] }

/**
 * Every run, teachers first, then students by last change. With pinned checkpoints only their runs, each as it
 * stood when its pinned checkpoint was the latest.
 */
export async function loadRunsView(pinned?: Pinned): Promise<RunsViewData> {
  const all = await listRuns()
  const runs = pinned
    ? await Promise.all(pinned.ids.map((id) => runUpTo(all, id, pinned))).then(withoutGaps)
    : all
  const names = new Map(runs.map((run) => [run.id, run.name]))
  const now = new Date()
  const rows = runs.map((run): RunListRow => {
    const last = run.checkpoints.at(-1) ?? null
    const ledger = last?.ledger
    const teacher = run.role === 'teacher'
    return {
      ...runHead(run),
      teacher: (run.teacherRunId && names.get(run.teacherRunId)) || null,
      latestStep: last?.step ?? null,
      checkpointId: last?.id ?? null,
      bases: !ledger?.signBytes ? 0 : ledger.secondBasisBytes > 0 ? 2 : 1,
      bytes: ledger ? (teacher ? ledger.fullPrecisionBytes : ledger.packedBytes) : null,
      ratio: ledger ? (teacher ? 1 : ledger.fullPrecisionBytes / ledger.packedBytes) : null,
      quality: run.checkpoints.map((c) => ({ step: c.step, value: c.outputSqnr })),
      sampleCosine: last?.samples?.cosineToTeacher ?? null,
      samples: thumbnails(last?.samples ?? null, 4),
      updated: formatAge(run.updatedAt, now),
      updatedAt: run.updatedAt,
    }
  })
  return { runs: [...rows.filter((r) => r.role === 'teacher'), ...rows.filter((r) => r.role === 'student')] }
}

/** A run cut off after a checkpoint; null if the checkpoint is not stored. */
async function runUpTo(
  runs: readonly RunSummary[],
  checkpointId: string,
  pinned: Pinned,
): Promise<RunSummary | null> {
  const detail = await getCheckpoint(checkpointId)
  const run = runs.find((other) => other.id === detail?.runId)
  if (!detail || !run) return null
  const { diagnosis: _, ...last } = detail
  const before = run.checkpoints.filter((c) => c.step < last.step && wasStored(pinned, c))
  return { ...run, checkpoints: [...before, last], updatedAt: last.createdAt }
}

const withoutGaps = <T>(values: (T | null)[]): T[] => values.filter((v) => v !== null)

export type RunCheckpoint = {
  id: string
  step: number
  fileName: string
  bytes: number
  hasWeights: boolean
  ledger: CheckpointSummary['ledger']
  createdAt: string
  family: string
  readAs: ReadAs
  /** Why its network cannot be run; null where it can. */
  unrun: string | null
  assumptions: string[]
  timesteps: number[]
  protocol: CheckpointDetail['diagnosis']['protocol']
  output: CheckpointDetail['diagnosis']['output']
  samples: Thumbnails | null
  sampleCosine: number | null
  /** Features on the teacher's axes, module by module; null if there was no sweep. */
  modules: SweepRecord['modules'] | null
  /** What the audit found; null if the checkpoint was stored without one. */
  findings: Finding[] | null
}

export type RunViewData = {
  run: RunHead
  teacher: { name: string; samples: Thumbnails | null } | null
  /** Students of a teacher. */
  students: (RunHead & { outputSqnr: number | null })[]
  /** Other students of the same teacher, with their latest step. */
  siblings: { name: string; step: number }[]
  /** Ascending by step, with the mean output SQNR. */
  checkpoints: { step: number; value: number | null }[]
  /** null when nothing is stored yet. */
  checkpoint: RunCheckpoint | null
  rows: LayerRow[]
  /** Layers whose bases are unlike the others', the furthest out first; [] of a teacher. */
  standouts: Standout[]
  /** Which part turned binary when; [] where all were binary alike from the start. */
  stages: PartStages[]
  /** The training loss and its terms where they were logged. */
  losses: LoggedLoss[]
  /** What its training job reported beside; null if nothing, and in a frozen view, which shows checkpoints. */
  job: TrainingJob | null
}

/** One logged value over training steps; of long trainings the extremes of each stretch. */
export type LoggedLoss = { name: string; points: { x: number; y: number }[]; total: number }

/** Scalars of the Run page. */
const lossNames = ['loss', 'eps loss', 'LRM loss', 'EBB penalty']

/** Points of each loss curve that are sent to the browser. */
const lossPoints = 600

/** The Run page of one run at a step, or of the pinned checkpoint; null if there is no such run. */
export async function loadRunView(
  name: string,
  params: Pick<ViewParams, 'c'>,
  pinned?: Pinned,
): Promise<RunViewData | null> {
  const run = await getRun(name)
  if (!run) return null
  const pinnedId = pinned?.ids[0]
  const [detail, losses, precisions, all, job] = await Promise.all([
    pinnedId ? getCheckpoint(pinnedId) : nearestCheckpoint(run, params.c),
    Promise.all(lossNames.map((name) => loggedLoss(run.id, name))),
    getPrecisionHistory(run.id, pinned && new Date(pinned.createdAt)),
    listRuns(),
    pinned ? null : loadTrainingJob(run),
  ])
  const teacher = all.find((other) => other.id === run.teacherRunId) ?? null
  return {
    run: runHead(run),
    teacher: teacher && { name: teacher.name, samples: thumbnails(teacherSamples(teacher, detail), 16) },
    students: all
      .filter((other) => other.teacherRunId === run.id)
      .map((other) => ({ ...other, checkpoints: other.checkpoints.filter((c) => wasStored(pinned, c)) }))
      .filter((other) => !pinned || other.checkpoints.length > 0)
      .map((other) => ({ ...runHead(other), outputSqnr: other.checkpoints.at(-1)?.outputSqnr ?? null })),
    siblings: all
      .filter((other) => teacher && other.teacherRunId === teacher.id && other.id !== run.id)
      .flatMap((other) => other.checkpoints.slice(-1).map(({ step }) => ({ name: other.name, step }))),
    checkpoints: knownCheckpoints(run.checkpoints, detail, pinned),
    checkpoint: detail && runCheckpoint(detail),
    rows: detail ? detail.diagnosis.layers.map((record) => layerRow(record, detail.diagnosis.audit)) : [],
    standouts: standouts(detail?.diagnosis.layers ?? [], detail?.diagnosis.sweep?.modules),
    stages: precisionStages(precisions),
    losses: losses.filter(({ total }) => total > 0),
    job,
  }
}

async function loggedLoss(runId: string, name: string): Promise<LoggedLoss> {
  const values = await getScalars(runId, name)
  const points = values.map(({ step, value }) => ({ x: step, y: value }))
  return { name, points: keepExtremes(points, lossPoints), total: values.length }
}

/** The checkpoint at a step; for a step that is not stored the nearest, for none the latest. */
export async function nearestCheckpoint(
  run: RunSummary,
  step: number | null,
): Promise<CheckpointDetail | null> {
  if (step === null) return findCheckpoint(run.name, null)
  const nearest = run.checkpoints.toSorted((a, b) => Math.abs(a.step - step) - Math.abs(b.step - step))[0]
  return nearest ? findCheckpoint(run.name, nearest.step) : null
}

/** Images of the very teacher a checkpoint was made from, else of its latest checkpoint. */
export function teacherSamples(teacher: RunSummary, detail: CheckpointDetail | null): SampleSet | null {
  const same = teacher.checkpoints.find((c) => c.sha256 === detail?.teacherSha256)
  return (same ?? teacher.checkpoints.at(-1))?.samples ?? null
}

function runCheckpoint(detail: CheckpointDetail): RunCheckpoint {
  const { diagnosis, samples } = detail
  return {
    id: detail.id,
    step: detail.step,
    fileName: detail.fileName,
    bytes: detail.bytes,
    hasWeights: detail.hasWeights,
    ledger: detail.ledger,
    createdAt: detail.createdAt,
    family: diagnosis.family,
    readAs: readAsOf(detail),
    unrun: diagnosis.unrun ?? null,
    assumptions: diagnosis.assumptions,
    timesteps: diagnosis.timesteps,
    protocol: diagnosis.protocol,
    output: diagnosis.output,
    samples: thumbnails(samples, 16),
    sampleCosine: samples?.cosineToTeacher ?? null,
    modules: diagnosis.sweep?.modules ?? null,
    findings: diagnosis.audit?.findings ?? null,
  }
}

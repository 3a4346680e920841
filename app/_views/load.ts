/** What each view needs from the store, as plain data. Pages and frozen views load through here. */
import { reasonInWords, type Standout, standouts } from '../../lib/diagnostics/standouts'
import type { Finding } from '../../lib/record/audit'
import type { CheckpointDetail, CheckpointSummary, RunSummary, SampleSet } from '../../lib/record/run'
import type { SweepRecord } from '../../lib/record/sweep-record'
import type { StepRange, ViewParams } from '../../lib/record/view'
import { getCheckpoint, getSamples } from '../../lib/store/checkpoints'
import { getPrecisionHistory } from '../../lib/store/layers'
import { getQuality, listRunEntries, type RunEntry } from '../../lib/store/runs'
import { getScalars } from '../../lib/store/scalars'
import { formatAge } from '../_ui/format'
import { brief } from './brief'
import { type CurvePoints, type Logged, loggedCurve, pointsIn } from './curve-points'
import { loadTrainingJob, type TrainingJob } from './load-job'
import { knownCheckpoints, type Pinned } from './pinned'
import { type PartStages, precisionStages } from './precision-stages'
import { type ReadAs, readAsOf } from './read-as'
import { matchesFilter, packedSize, pageOf, sortRuns } from './run-filter'
import { type LayerRow, layerRow } from './run-rows'
import { storedRun } from './stored-run'

/** A run by its name and mark. */
export type RunHead = {
  id: string
  name: string
  role: RunSummary['role']
  slot: number | null
  method: string
  bits: string
}

export const runHead = (
  run: Pick<RunSummary, 'id' | 'name' | 'role' | 'colour' | 'method' | 'bits'>,
): RunHead => ({
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

export type RunsViewData = {
  /** One page of those that match. */
  runs: RunListRow[]
  /** Runs stored, and of them those that match the filter. */
  total: { teachers: number; students: number; matching: number }
  /** From 1. */
  page: number
  pages: number
  /** Float32 bytes of the teachers of the runs on this page. */
  teachers: { name: string; bytes: number }[]
  /** Those picked to be compared, on whichever page they are. */
  picked: Pick<RunListRow, 'name' | 'slot' | 'latestStep'>[]
}

/**
 * A page of the runs that match. With pinned checkpoints their runs, each as it stood when its pinned checkpoint was the
 * latest, in the order in which they were pinned.
 */
export async function loadRunsView(
  { q, order, page: wanted, r }: Pick<ViewParams, 'q' | 'order' | 'page' | 'r'>,
  pinned?: Pinned,
): Promise<RunsViewData> {
  const all = await (pinned ? pinnedEntries(pinned) : listRunEntries())
  const matching = pinned ? all : sortRuns(all, order).filter((run) => matchesFilter(run, q))
  const { page, pages, items } = pinned ? { page: 1, pages: 1, items: all } : pageOf(matching, wanted)
  const [quality, samples] = await Promise.all([
    getQuality(
      items.map(({ id }) => id),
      pinned && new Date(pinned.createdAt),
    ),
    getSamples(items.flatMap(({ latest }) => latest?.id ?? [])),
  ])
  const now = new Date()
  const rows = items.map((run): RunListRow => {
    const { latest } = run
    const ledger = latest?.ledger
    const earlier = (quality.get(run.id) ?? []).filter(({ step }) => latest && step < latest.step)
    const updatedAt = pinned && latest ? latest.createdAt : run.updatedAt
    const bytes = packedSize(run)
    return {
      ...runHead(run),
      teacher: run.teacher,
      latestStep: latest?.step ?? null,
      checkpointId: latest?.id ?? null,
      bases: !ledger?.signBytes ? 0 : ledger.secondBasisBytes > 0 ? 2 : 1,
      bytes,
      ratio: ledger && bytes ? ledger.fullPrecisionBytes / bytes : null,
      quality: latest ? [...earlier, { step: latest.step, value: latest.outputSqnr }] : [],
      sampleCosine: latest?.sampleCosine ?? null,
      samples: thumbnails((latest && samples.get(latest.id)) ?? null, 4),
      updated: formatAge(updatedAt, now),
      updatedAt,
    }
  })
  const teachers = all.filter(({ role }) => role === 'teacher')
  const needed = new Set(rows.map(({ teacher }) => teacher))
  return {
    runs: rows,
    total: {
      teachers: teachers.length,
      students: all.length - teachers.length,
      matching: matching.length,
    },
    page,
    pages,
    teachers: teachers.flatMap((run) => {
      const bytes = packedSize(run)
      return needed.has(run.name) && bytes !== null ? [{ name: run.name, bytes }] : []
    }),
    picked: all
      .filter(({ name }) => !pinned && r.includes(name))
      .map((run) => ({ name: run.name, slot: runHead(run).slot, latestStep: run.latest?.step ?? null })),
  }
}

async function pinnedEntries({ ids, createdAt }: Pinned): Promise<RunEntry[]> {
  const entries = await listRunEntries({ checkpoints: ids, storedBy: new Date(createdAt) })
  const place = ({ latest }: RunEntry) => ids.indexOf(latest?.id ?? '')
  return entries.sort((a, b) => place(a) - place(b))
}

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
  /** Students of a teacher, the last changed first: the first hundred of so many. */
  students: { total: number; first: (RunHead & { outputSqnr: number | null })[] }
  /** Some other students of the same teacher, the last changed first, with their latest step. */
  siblings: { name: string; step: number }[]
  /** Ascending by step, with the mean output SQNR. */
  checkpoints: { step: number; value: number | null }[]
  /** null when nothing is stored yet. */
  checkpoint: RunCheckpoint | null
  rows: LayerRow[]
  /** Layers whose bases are unlike the others', the furthest out first; [] of a teacher. */
  standouts: ToldStandout[]
  /** Which part turned binary when; [] where all were binary alike from the start. */
  stages: PartStages[]
  /** The training loss and its terms where they were logged. */
  losses: LoggedLoss[]
  /** What its training job reported beside; null if nothing, and in a frozen view, which shows checkpoints. */
  job: TrainingJob | null
}

/** A layer that stands out, in words. */
export type ToldStandout = {
  layer: string
  /** A module has no page of its own. */
  isModule: boolean
  words: string
  /** How far out it is by its first reason. */
  score: number | undefined
}

const told = ({ layer, reasons }: Standout): ToldStandout => ({
  layer,
  isModule: reasons.some(({ measure }) => measure === 'staleAxes'),
  words: reasons.map(reasonInWords).join('; '),
  score: reasons[0]?.score,
})

/** One logged value over the training steps of a range; of many the extremes of each stretch. */
export type LoggedLoss = { name: string } & CurvePoints

/** Scalars of the Run page. */
const lossNames = ['loss', 'eps loss', 'LRM loss', 'EBB penalty']

/** Students that the page of a teacher lists. */
const mostStudents = 100

/** More than the page offers to compare with, since some may have no checkpoint. */
const mostSiblings = 8

/** Points of each loss curve that are sent to the browser. */
const lossPoints = 600

/** The Run page of one run at a step, or of the pinned checkpoint; null if there is no such run. */
export async function loadRunView(
  name: string,
  params: Pick<ViewParams, 'c' | 'x'>,
  pinned?: Pinned,
): Promise<RunViewData | null> {
  const run = await storedRun(name)
  if (!run) return null
  const pinnedId = pinned?.ids[0]
  const storedBy = pinned && new Date(pinned.createdAt)
  const { teacherName } = run
  const [detail, losses, precisions, teacher, students, siblings, job] = await Promise.all([
    pinnedId ? getCheckpoint(pinnedId) : nearestCheckpoint(run, params.c),
    getScalars(run.id, lossNames),
    getPrecisionHistory(run.id, storedBy),
    teacherName === null ? null : storedRun(teacherName),
    run.role === 'teacher' ? listRunEntries({ teacher: name, storedBy }) : [],
    teacherName === null ? [] : listRunEntries({ teacher: teacherName, most: mostSiblings }),
    pinned ? null : loadTrainingJob(run),
  ])
  const known = students.filter(({ latest }) => !pinned || latest)
  return brief({
    run: runHead(run),
    teacher: teacher && {
      name: teacher.name,
      samples: thumbnails(await teacherSamples(teacher, detail), 16),
    },
    students: {
      total: known.length,
      first: known
        .slice(0, mostStudents)
        .map((student) => ({ ...runHead(student), outputSqnr: student.latest?.outputSqnr ?? null })),
    },
    siblings: siblings.flatMap(({ name: other, latest }) =>
      latest && other !== name ? [{ name: other, step: latest.step }] : [],
    ),
    checkpoints: knownCheckpoints(run.checkpoints, detail, pinned),
    checkpoint: detail && runCheckpoint(detail),
    rows: detail ? detail.diagnosis.layers.map((record) => layerRow(record, detail.diagnosis.audit)) : [],
    standouts: standouts(detail?.diagnosis.layers ?? [], detail?.diagnosis.sweep?.modules).map(told),
    stages: precisionStages(precisions),
    losses: lossNames.flatMap((name) => loggedLoss(name, params.x, losses.get(name))),
    job,
  })
}

function loggedLoss(name: string, range: StepRange | null, values: readonly Logged[] = []): LoggedLoss[] {
  return values.length === 0 ? [] : [{ name, ...pointsIn(loggedCurve(values), range, lossPoints) }]
}

/** The checkpoint at a step; for a step that is not stored the nearest, for none the latest. */
export async function nearestCheckpoint(
  run: RunSummary,
  step: number | null,
): Promise<CheckpointDetail | null> {
  const nearest =
    step === null
      ? run.checkpoints.at(-1)
      : run.checkpoints.toSorted((a, b) => Math.abs(a.step - step) - Math.abs(b.step - step))[0]
  return nearest ? getCheckpoint(nearest.id) : null
}

/** Images of the very teacher a checkpoint was made from, else of its latest checkpoint. */
export async function teacherSamples(
  teacher: RunSummary,
  detail: CheckpointDetail | null,
): Promise<SampleSet | null> {
  const same = teacher.checkpoints.find((c) => c.sha256 === detail?.teacherSha256)
  const { id } = same ?? teacher.checkpoints.at(-1) ?? {}
  return (id !== undefined && (await getSamples([id])).get(id)) || null
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

/** What the Compare page needs from the store, as plain data. */
import type { CheckpointDetail, Histogram, RunSummary } from '../../lib/record/run'
import { latest, type ViewParams } from '../../lib/record/view'
import { getCheckpoint } from '../../lib/store/checkpoints'
import { getQuality, getRun, getRunById, listRunEntries } from '../../lib/store/runs'
import type { Series } from '../_charts/series'
import { brief } from './brief'
import { nearestCheckpoint, type RunHead, runHead, type Thumbnails, teacherSamples, thumbnails } from './load'
import { type CurvesData, loadCurves } from './load-curves'
import type { Pinned } from './pinned'
import { flattenSettings } from './settings-diff'

export type ComparedLayer = {
  id: string
  bases: number
  /** Latent weights; null if the checkpoint stores none. */
  histogram: Histogram | null
  sigma1: number[] | null
  sigma2: number[] | null
  weightsSqnr: number | null
  /** Weights in use against the teacher's, dB. */
  teacherSqnr: number | null
  sqnr: Series | null
}

export type ComparedCheckpoint = {
  id: string
  run: RunHead
  step: number
  /** Whether the address names it as the latest of its run, whichever that is. */
  isLatest: boolean
  /** Whether its network has a forward pass here; else only its weights are known. */
  runs: boolean
  /** 0 for the newest checkpoint of its run among the compared ones, then 1, 2, ...: drawn paler. */
  age: number
  /** Mean over timesteps of the network output's SQNR, dB. */
  outputSqnr: number | null
  /** Mean cosine of its samples with the teacher’s. */
  sampleCosine: number | null
  packedBytes: number
  /** Float32 bytes over packed bytes. */
  ratio: number
  settings: Record<string, string>
  /** Descending: noise first. */
  timesteps: number[]
  layers: ComparedLayer[]
  samples: Thumbnails | null
  /** How the samples were drawn, e.g. "seed 7, ddim, 50 steps". */
  sampling: string | null
}

export type CompareChoice = {
  name: string
  slot: number | null
  role: RunSummary['role']
  /** Ascending: all that are stored, or where many runs are and this one is not compared, the latest alone. */
  steps: number[]
  stored: number
}

export type CompareViewData = {
  /** The baseline first. */
  checkpoints: ComparedCheckpoint[]
  /** Teacher of all of them, if they have one and the same. */
  teacher: { name: string; samples: Thumbnails | null; weights: Record<string, Histogram> } | null
  curves: CurvesData
  /** What can be compared. */
  choices: CompareChoice[]
  /** References of the URL that lead nowhere, as sentences. */
  problems: string[]
}

/** Images of a sample set that are sent to the browser. */
const sampleCount = 16

/** The checkpoints that references (RUN@STEP, RUN@latest or RUN) name, or that are pinned, in their order. */
export async function loadCompareView(
  params: Pick<ViewParams, 'r' | 'x' | 'y'>,
  pinned?: Pinned,
): Promise<CompareViewData> {
  const references = [...new Set(params.r)]
  const found = await Promise.all(
    pinned
      ? pinned.ids.map(async (id) => asNamed(await getCheckpoint(id), false))
      : references.map((reference) => checkpointOf(reference)),
  )
  const problems = pinned
    ? []
    : references.flatMap((reference, i) => (found[i] ? [] : [`${reference} is not stored here.`]))
  const details = withoutRepeats(found.flatMap((each) => each ?? []))
  const ids = [...new Set(details.map(({ runId }) => runId))]
  const runs = (await Promise.all(ids.map((id) => getRunById(id)))).filter((run) => run !== null)
  const compared = details.flatMap((detail) => {
    const run = runs.find((other) => other.id === detail.runId)
    return run ? [comparedCheckpoint(detail, run, details)] : []
  })
  return brief({
    checkpoints: compared,
    teacher: await commonTeacher(details, runs),
    curves: await loadCurves(runs, details, params, pinned),
    choices: await choicesFor(ids),
    problems,
  })
}

/** Steps of all runs together that are offered one by one; where there are more, only the latest of most runs are. */
const mostSteps = 1000

async function choicesFor(compared: readonly string[]): Promise<CompareChoice[]> {
  const entries = (await listRunEntries()).filter(({ latest }) => latest)
  const areFew = entries.reduce((sum, { steps }) => sum + steps, 0) <= mostSteps
  const steps = await getQuality(areFew ? entries.map(({ id }) => id) : compared)
  return entries.map((run) => {
    const { name, slot, role } = runHead(run)
    const own = steps.get(run.id)?.map(({ step }) => step) ?? [run.latest!.step]
    return { name, slot, role, steps: own, stored: run.steps }
  })
}

/** A checkpoint, and whether it was asked for as the latest of its run. */
type Named = CheckpointDetail & { isLatest: boolean }

const asNamed = (detail: CheckpointDetail | null, isLatest: boolean): Named | null =>
  detail && { ...detail, isLatest }

/** RUN, RUN@STEP, or a run whose name ends like a step; a step that is not stored means the nearest. */
async function checkpointOf(reference: string): Promise<Named | null> {
  const whole = await getRun(reference)
  if (whole) return asNamed(await nearestCheckpoint(whole, null), true)
  const [, name, at] = /^(.*)@(\d{1,10}|latest)$/.exec(reference) ?? []
  const run = name === undefined ? null : await getRun(name)
  const isLatest = at === latest
  return run && asNamed(await nearestCheckpoint(run, isLatest ? null : Number(at)), isLatest)
}

const withoutRepeats = (details: Named[]): Named[] =>
  details.filter((detail, i) => details.findIndex((other) => other.id === detail.id) === i)

function comparedCheckpoint(
  detail: Named,
  run: RunSummary,
  all: readonly CheckpointDetail[],
): ComparedCheckpoint {
  const { ledger, samples } = detail
  const teacher = run.role === 'teacher'
  return {
    id: detail.id,
    run: runHead(run),
    step: detail.step,
    isLatest: detail.isLatest,
    runs: detail.diagnosis.unrun === undefined,
    age: all.filter((other) => other.runId === detail.runId && other.step > detail.step).length,
    outputSqnr: detail.outputSqnr,
    sampleCosine: samples?.cosineToTeacher ?? null,
    packedBytes: teacher ? ledger.fullPrecisionBytes : ledger.packedBytes,
    ratio: teacher ? 1 : ledger.fullPrecisionBytes / ledger.packedBytes,
    settings: { method: run.method, bits: run.bits, ...flattenSettings(run.settings) },
    timesteps: detail.diagnosis.timesteps,
    layers: detail.diagnosis.layers.map(({ layer, precision, weights, alignment }) => ({
      id: layer.id,
      bases: precision.bases,
      histogram: weights.latent?.histogram ?? null,
      sigma1: weights.sigma1,
      sigma2: weights.sigma2,
      weightsSqnr: weights.reconstruction?.sqnr ?? null,
      teacherSqnr: weights.againstTeacher?.sqnr ?? null,
      sqnr: alignment?.sqnr ?? null,
    })),
    samples: thumbnails(samples, sampleCount),
    sampling: samples && `seed ${samples.seed}, ${samples.sampler.toUpperCase()}, ${samples.steps} steps`,
  }
}

async function commonTeacher(
  details: readonly CheckpointDetail[],
  runs: readonly RunSummary[],
): Promise<CompareViewData['teacher']> {
  const names = new Set(runs.map(({ teacherName }) => teacherName))
  const [name] = names
  const teacher = names.size === 1 && name ? await getRun(name) : null
  const first = details[0]
  if (!teacher || !first) return null
  return {
    name: teacher.name,
    samples: thumbnails(await teacherSamples(teacher, first), sampleCount),
    weights: Object.fromEntries(
      first.diagnosis.layers.flatMap(({ layer, weights }) =>
        weights.teacher ? [[layer.id, weights.teacher.histogram]] : [],
      ),
    ),
  }
}

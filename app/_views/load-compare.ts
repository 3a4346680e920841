/** What the Compare page needs from the store, as plain data. */
import type { CheckpointDetail, Histogram, RunSummary } from '../../lib/record/run'
import { getCheckpoint } from '../../lib/store/checkpoints'
import { listRuns } from '../../lib/store/runs'
import type { Series } from '../_charts/series'
import { nearestCheckpoint, type RunHead, runHead, type Thumbnails, teacherSamples, thumbnails } from './load'
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

export type CompareChoice = { name: string; slot: number | null; role: RunSummary['role']; steps: number[] }

export type CompareViewData = {
  /** The baseline first. */
  checkpoints: ComparedCheckpoint[]
  /** Teacher of all of them, if they have one and the same. */
  teacher: { name: string; samples: Thumbnails | null; weights: Record<string, Histogram> } | null
  /** What can be compared. */
  choices: CompareChoice[]
  /** References of the URL that lead nowhere, as sentences. */
  problems: string[]
}

/** Images of a sample set that are sent to the browser. */
const sampleCount = 16

/** The checkpoints that references (RUN@STEP or RUN) or pinned ids name, in their order. */
export async function loadCompareView(
  references: readonly string[],
  pinnedIds?: readonly string[],
): Promise<CompareViewData> {
  const runs = await listRuns()
  const found = await Promise.all(
    pinnedIds
      ? pinnedIds.map((id) => getCheckpoint(id))
      : [...new Set(references)].map((reference) => checkpointOf(reference, runs)),
  )
  const problems = pinnedIds
    ? []
    : [...new Set(references)].flatMap((reference, i) =>
        found[i] ? [] : [`${reference} is not stored here.`],
      )
  const details = withoutRepeats(found.filter((detail) => detail !== null))
  const compared = details.flatMap((detail) => {
    const run = runs.find((other) => other.id === detail.runId)
    return run ? [comparedCheckpoint(detail, run, details)] : []
  })
  return {
    checkpoints: compared,
    teacher: commonTeacher(details, runs),
    choices: runs
      .filter((run) => run.checkpoints.length > 0)
      .map((run) => {
        const { name, slot, role } = runHead(run)
        return { name, slot, role, steps: run.checkpoints.map((c) => c.step) }
      }),
    problems,
  }
}

/** RUN, RUN@STEP, or a run whose name ends like a step; a step that is not stored means the nearest. */
async function checkpointOf(
  reference: string,
  runs: readonly RunSummary[],
): Promise<CheckpointDetail | null> {
  const whole = runs.find((run) => run.name === reference)
  if (whole) return nearestCheckpoint(whole, null)
  const [, name, step] = /^(.*)@(\d{1,10})$/.exec(reference) ?? []
  const run = runs.find((other) => other.name === name)
  return run ? nearestCheckpoint(run, Number(step)) : null
}

const withoutRepeats = (details: CheckpointDetail[]): CheckpointDetail[] =>
  details.filter((detail, i) => details.findIndex((other) => other.id === detail.id) === i)

function comparedCheckpoint(
  detail: CheckpointDetail,
  run: RunSummary,
  all: readonly CheckpointDetail[],
): ComparedCheckpoint {
  const { ledger, samples } = detail
  const teacher = run.role === 'teacher'
  return {
    id: detail.id,
    run: runHead(run),
    step: detail.step,
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

function commonTeacher(
  details: readonly CheckpointDetail[],
  runs: readonly RunSummary[],
): CompareViewData['teacher'] {
  const ids = new Set(details.map((d) => runs.find((run) => run.id === d.runId)?.teacherRunId ?? null))
  const [id] = ids
  const teacher = ids.size === 1 ? runs.find((run) => run.id === id) : undefined
  const first = details[0]
  if (!teacher || !first) return null
  return {
    name: teacher.name,
    samples: thumbnails(teacherSamples(teacher, first), sampleCount),
    weights: Object.fromEntries(
      first.diagnosis.layers.flatMap(({ layer, weights }) =>
        weights.teacher ? [[layer.id, weights.teacher.histogram]] : [],
      ),
    ),
  }
}

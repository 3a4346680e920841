/** What the Sample page needs from the store, as plain data. */
import { type Part, partsOf } from '../../lib/diagnostics/sensitivity/parts'
import type { LayerPrecision } from '../../lib/record/precision'
import type { CheckpointDetail, Layer, RunSummary, SampleSet } from '../../lib/record/run'
import type { ViewParams } from '../../lib/record/view'
import { findBySha256, getCheckpoint } from '../../lib/store/checkpoints'
import { getRun } from '../../lib/store/runs'
import { architecture } from '../../lib/unet/architecture'
import { parseConfig } from '../../lib/unet/config'
import { type Wanted, wantedAgain } from '../../lib/unet/reading'
import { nearestCheckpoint, type RunHead, runHead } from './load'

/** One network that can be run, and what was drawn with it when it was stored. */
export type SampleNetwork = {
  run: RunHead
  checkpointId: string
  step: number
  sha256: string
  /** Token of the share link that is looked at: it opens the weights where readers must sign in. */
  share?: string
  fileName: string
  bytes: number
  hasWeights: boolean
  family: string
  /** Why it cannot be run; null where it can. */
  unrun: string | null
  config: Record<string, unknown>
  /** Which network of the file it is, and how it was read. */
  wanted: Wanted
  parameters: number
  /** Multiply-accumulates for one image and step. */
  macs: number
  /** Size with one bit per basis and weight, counted from the layer list; the float32 size of a teacher. */
  packedBytes: number
  fullPrecisionBytes: number
  recorded: SampleSet | null
  /** In order of the forward pass. Empty for a network that cannot be run. */
  layers: { layer: Layer; precision: LayerPrecision }[]
  /** Its blocks by their places in `layers`. */
  blocks: Part[]
}

export type SampleViewData = {
  run: RunHead
  /** Of the run, ascending. */
  steps: number[]
  /** The full-precision network; null if it was never stored. */
  teacher: SampleNetwork | null
  /** null on the page of a teacher. */
  student: SampleNetwork | null
}

/** A run at a step, or at a pinned checkpoint, with its teacher; null if there is no such run. */
export async function loadSampleView(
  name: string,
  params: Pick<ViewParams, 'c'>,
  pinnedIds?: readonly string[],
  share?: string,
): Promise<SampleViewData | null> {
  const run = await getRun(name)
  if (!run) return null
  const pinned = pinnedIds?.[0]
  const detail = await (pinned ? getCheckpoint(pinned) : nearestCheckpoint(run, params.c))
  const shown = detail && { ...network(run, detail), share }
  const found = run.role === 'teacher' ? shown : await teacherOf(run, detail)
  return {
    run: runHead(run),
    steps: run.checkpoints.map((checkpoint) => checkpoint.step),
    teacher: found && { ...found, share },
    student: run.role === 'teacher' ? null : shown,
  }
}

/** The very file the student was diagnosed against; a teacher's later checkpoint would be another network. */
async function teacherOf(run: RunSummary, student: CheckpointDetail | null): Promise<SampleNetwork | null> {
  if (!student?.teacherSha256) return null
  const places = (await findBySha256(student.teacherSha256)).filter(({ role }) => role === 'teacher')
  const place = places.find((other) => other.run === run.teacherName) ?? places[0]
  if (!place) return null
  const [teacher, detail] = await Promise.all([getRun(place.run), getCheckpoint(place.id)])
  return teacher && detail && network(teacher, detail)
}

function network(run: RunSummary, detail: CheckpointDetail): SampleNetwork {
  const { ledger, diagnosis } = detail
  return {
    run: runHead(run),
    checkpointId: detail.id,
    step: detail.step,
    sha256: detail.sha256,
    fileName: detail.fileName,
    bytes: detail.bytes,
    hasWeights: detail.hasWeights,
    family: diagnosis.family,
    unrun: diagnosis.unrun ?? null,
    config: diagnosis.config,
    wanted: wantedAgain(diagnosis),
    parameters: ledger.parameters,
    macs: ledger.macs,
    packedBytes: run.role === 'teacher' ? ledger.fullPrecisionBytes : ledger.packedBytes,
    fullPrecisionBytes: ledger.fullPrecisionBytes,
    recorded: detail.samples,
    ...layersOf(diagnosis),
  }
}

function layersOf({
  unrun,
  config,
  layers,
}: CheckpointDetail['diagnosis']): Pick<SampleNetwork, 'layers' | 'blocks'> {
  if (unrun !== undefined) return { layers: [], blocks: [] }
  return {
    layers: layers.map(({ layer, precision }) => ({ layer, precision })),
    blocks: partsOf(architecture(parseConfig(config, 'the stored configuration')), 'block'),
  }
}

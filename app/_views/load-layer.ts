/** What the Layer page needs from the store, as plain data. */
import { type Reason, standouts } from '../../lib/diagnostics/standouts'
import type { Finding } from '../../lib/record/audit'
import type { CheckpointDetail, Layer, LayerRecord } from '../../lib/record/run'
import type { PackedGrids } from '../../lib/record/sweep-record'
import type { ViewParams } from '../../lib/record/view'
import { getCheckpoint } from '../../lib/store/checkpoints'
import { getLayerMoments, getLayerSweep, type LayerMoment } from '../../lib/store/layers'
import { getRun } from '../../lib/store/runs'
import { findRun } from '../../lib/store/training-runs'
import type { Series } from '../_charts/series'
import { brief } from './brief'
import { nearestCheckpoint, type RunHead, runHead } from './load'
import { type LayerTraining, loadLayerTraining } from './load-dynamics'
import { type Pinned, wasStored } from './pinned'

export type { LayerMoment }

/** A layer of the same checkpoint, in order of the forward pass. */
export type LayerNeighbour = { layer: Layer; bases: number; sqnr: Series | null }

export type LayerViewData = {
  run: RunHead
  teacher: string | null
  checkpoint: {
    id: string
    step: number
    /** Descending: noise first. */
    timesteps: number[]
    protocol: CheckpointDetail['diagnosis']['protocol']
  }
  record: LayerRecord
  /** What the sweep measured of it beside its alignment; null if there was none. */
  sweep: PackedGrids | null
  /** What the audit of the checkpoint found in this layer. */
  findings: Finding[]
  /** Ascending by step. */
  history: LayerMoment[]
  layers: LayerNeighbour[]
  /** By what its bases are the furthest from those of all layers of the checkpoint. */
  reasons: Reason[]
  /** What moved between the checkpoints of the run; comes after the rest. */
  training: Promise<LayerTraining>
}

/** Layers less far out than this are within what a sound network has. */
const farOut = 2

/** One layer of a run at a step, or of the pinned checkpoint; null if there is no such run or layer. */
export async function loadLayerView(
  runName: string,
  layerId: string,
  params: Pick<ViewParams, 'c'>,
  pinned?: Pinned,
): Promise<LayerViewData | null> {
  const run = await getRun(runName)
  if (!run) return null
  const pinnedId = pinned?.ids[0]
  const detail = pinnedId ? await getCheckpoint(pinnedId) : await nearestCheckpoint(run, params.c)
  const record = detail?.diagnosis.layers.find((other) => other.layer.id === layerId)
  if (!detail || !record) return null
  const [history, teacher, sweep] = await Promise.all([
    getLayerMoments(run.id, layerId),
    run.teacherName === null ? null : findRun(run.teacherName),
    getLayerSweep(detail.id, layerId),
  ])
  const known = new Set(run.checkpoints.filter((c) => wasStored(pinned, c)).map((c) => c.step))
  return {
    run: runHead(run),
    teacher: teacher?.name ?? null,
    checkpoint: {
      id: detail.id,
      step: detail.step,
      timesteps: detail.diagnosis.timesteps,
      protocol: detail.diagnosis.protocol,
    },
    record,
    sweep,
    findings: (detail.diagnosis.audit?.findings ?? []).filter((finding) => finding.layer === layerId),
    history: brief(history)
      .filter(({ step }) => known.has(step) || step === detail.step)
      // The pinned file stays what it was even if its step was stored again.
      .map((moment) => (moment.step === detail.step ? layerMoment(moment.step, record) : moment)),
    layers: brief(
      detail.diagnosis.layers.map(({ layer, precision, alignment }) => ({
        layer,
        bases: precision.bases,
        sqnr: alignment?.sqnr ?? null,
      })),
    ),
    reasons: (
      standouts(detail.diagnosis.layers).find(({ layer }) => layer === layerId)?.reasons ?? []
    ).filter(({ score }) => score >= farOut),
    training: loadLayerTraining(run.id, record.layer, pinned && new Date(pinned.createdAt)),
  }
}

const layerMoment = (step: number, { weights }: LayerRecord): LayerMoment => ({
  step,
  histogram: weights.latent?.histogram ?? null,
  sigma1: weights.sigma1,
  sigma2: weights.sigma2,
})

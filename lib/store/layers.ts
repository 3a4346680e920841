import type { Prisma } from '../generated/prisma/client'
import type { LayerRecord } from '../record/run'
import { db } from './db'
import { meanOf, packAlignment, unpackAlignment } from './series'

const columns = { layer: true, precision: true, weights: true, rank: true, series: true } as const
type LayerRow = Prisma.LayerGetPayload<{ select: typeof columns }>

/** One layer over the checkpoints of a run, ascending by step; the newest file of each step. [] if unknown. */
export async function getLayerHistory(
  runId: string,
  layerId: string,
): Promise<{ step: number; record: LayerRecord }[]> {
  const rows = await db().layer.findMany({
    where: { layerId, checkpoint: { runId } },
    select: { ...columns, checkpoint: { select: { step: true } } },
    orderBy: [{ checkpoint: { step: 'asc' } }, { checkpoint: { revision: 'asc' } }],
  })
  const byStep = new Map(rows.map((row) => [row.checkpoint.step, layerRecord(row)]))
  return [...byStep].map(([step, record]) => ({ step, record }))
}

/** Precision of every layer at every step of a run, ascending; the newest file of each step, of those stored by then if given. */
export async function getPrecisionHistory(
  runId: string,
  storedBy?: Date,
): Promise<{ step: number; layers: Pick<LayerRecord, 'layer' | 'precision'>[] }[]> {
  const checkpoints = await db().checkpoint.findMany({
    where: { runId, ...(storedBy && { createdAt: { lte: storedBy } }) },
    select: {
      step: true,
      layers: { select: { layer: true, precision: true }, orderBy: { position: 'asc' } },
    },
    orderBy: [{ step: 'asc' }, { revision: 'asc' }],
  })
  const byStep = new Map(checkpoints.map(({ step, layers }) => [step, layers]))
  return [...byStep].map(([step, layers]) => ({
    step,
    layers: layers.map(({ layer, precision }) => ({
      layer: layer as LayerRecord['layer'],
      precision: precision as LayerRecord['precision'],
    })),
  }))
}

/** All layers of a checkpoint in order of the forward pass. */
export async function getLayers(checkpointId: string): Promise<LayerRecord[]> {
  const rows = await db().layer.findMany({
    where: { checkpointId },
    select: columns,
    orderBy: { position: 'asc' },
  })
  return rows.map(layerRecord)
}

/** The row of a record, without its checkpoint. */
export function layerRow(record: LayerRecord, position: number) {
  const { layer, precision, weights, alignment } = record
  return {
    position,
    layerId: layer.id,
    kind: layer.kind,
    method: precision.method,
    macs: layer.macs,
    weightSqnr: weights.againstTeacher?.sqnr ?? null,
    meanSqnr: alignment && meanOf(alignment.sqnr),
    layer,
    precision,
    weights,
    rank: alignment?.rank ?? null,
    series: alignment && packAlignment(alignment),
  }
}

function layerRecord(row: LayerRow): LayerRecord {
  return {
    layer: row.layer as LayerRecord['layer'],
    precision: row.precision as LayerRecord['precision'],
    weights: row.weights as LayerRecord['weights'],
    alignment: row.series && row.rank !== null ? unpackAlignment(row.series, row.rank) : null,
  }
}

import type { Prisma } from '../generated/prisma/client'
import type { LayerRecord } from '../record/run'
import type { PackedGrids } from '../record/sweep'
import { db } from './db'
import { meanOf, type PackedAlignment, packAlignment, unpackAlignment } from './series'

const columns = {
  layer: true,
  precision: true,
  weights: true,
  rank: true,
  series: true,
  local: true,
} as const
type LayerRow = Prisma.LayerGetPayload<{ select: typeof columns }>

/** One layer over the checkpoints of a run, ascending by step; the newest file of each step. [] if unknown. */
export async function getLayerHistory(
  runId: string,
  layerId: string,
): Promise<{ step: number; record: LayerRecord }[]> {
  const checkpoints = await db().checkpoint.findMany({
    where: { runId },
    select: { id: true, step: true },
    orderBy: [{ step: 'asc' }, { revision: 'asc' }],
  })
  const rows = await db().layer.findMany({
    where: { layerId, checkpointId: { in: checkpoints.map(({ id }) => id) } },
    select: { ...columns, checkpointId: true },
  })
  const records = new Map(rows.map((row) => [row.checkpointId, layerRecord(row)]))
  const byStep = new Map(checkpoints.map(({ id, step }) => [step, records.get(id)]))
  return [...byStep].flatMap(([step, record]) => (record ? [{ step, record }] : []))
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

/** What the sweep of a checkpoint measured of a layer beside its alignment; null if it was not, or is not known. */
export async function getLayerSweep(checkpointId: string, layerId: string): Promise<PackedGrids | null> {
  const row = await db().layer.findUnique({
    where: { checkpointId_layerId: { checkpointId, layerId } },
    select: { sweep: true },
  })
  return (row?.sweep ?? null) as PackedGrids | null
}

/** All layers of a checkpoint in order of the forward pass, without their sweep. */
export async function getLayers(checkpointId: string): Promise<LayerRecord[]> {
  const rows = await db().layer.findMany({
    where: { checkpointId },
    select: columns,
    orderBy: { position: 'asc' },
  })
  return rows.map(layerRecord)
}

/** One layer of a checkpoint; null if there is none of this id. */
export async function getLayer(checkpointId: string, layerId: string): Promise<LayerRecord | null> {
  const row = await db().layer.findFirst({ where: { checkpointId, layerId }, select: columns })
  return row && layerRecord(row)
}

/**
 * Layers as `insertLayers` takes them, in order of the forward pass: JSON, made before the write lock is taken. Prisma's
 * own createMany takes five times the processor time for 200 of them, all of it while every other process waits.
 */
export function packLayers(records: readonly LayerRecord[]): string {
  return JSON.stringify(
    records.map(({ layer, precision, weights, alignment, sweep }, position) => ({
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
      ...(alignment && hexColumns(packAlignment(alignment))),
      sweep,
    })),
  )
}

function hexColumns({ series, local }: PackedAlignment) {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  return { series: hex(series), local: local && hex(local) }
}

/** The rows of packed layers. */
export async function insertLayers(
  tx: Prisma.TransactionClient,
  checkpointId: string,
  packed: string,
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO Layer (checkpointId, position, layerId, kind, method, macs, weightSqnr, meanSqnr, layer, precision, weights, rank, series, local, sweep)
    SELECT ${checkpointId}, value ->> 'position', value ->> 'layerId', value ->> 'kind', value ->> 'method',
      value ->> 'macs', value ->> 'weightSqnr', value ->> 'meanSqnr', value -> 'layer', value -> 'precision',
      value -> 'weights', value ->> 'rank', unhex(value ->> 'series'), unhex(value ->> 'local'), value -> 'sweep'
    FROM jsonb_each(${packed})`
}

function layerRecord(row: LayerRow): LayerRecord {
  return {
    layer: row.layer as LayerRecord['layer'],
    precision: row.precision as LayerRecord['precision'],
    weights: row.weights as LayerRecord['weights'],
    alignment:
      row.series && row.rank !== null
        ? unpackAlignment({ series: row.series, local: row.local }, row.rank)
        : null,
  }
}

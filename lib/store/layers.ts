import { createHash } from 'node:crypto'
import { Prisma } from '../generated/prisma/client'
import type { Histogram, LayerRecord } from '../record/run'
import type { PackedGrids } from '../record/sweep-record'
import { type Driver, db, readingDriver, rowsOf, statement } from './db'
import { keptHere } from './kept'
import { newestOfEachStep } from './newest'
import { meanOf, packAlignment, unpackAlignment } from './series'

const columns = {
  layer: true,
  precision: true,
  weights: true,
  rank: true,
  series: true,
  local: true,
} as const
type LayerRow = Prisma.LayerGetPayload<{ select: typeof columns }>

/** The weights of a layer at a step of the training. */
export type LayerMoment = {
  step: number
  /** Latent weights; null if the checkpoint stores none. */
  histogram: Histogram | null
  sigma1: number[] | null
  sigma2: number[] | null
}

/** Of what `getLayerHistory` tells the weights alone, a tenth of it. */
export async function getLayerMoments(runId: string, layerId: string): Promise<LayerMoment[]> {
  const [found] = await db().$queryRaw<{ moments: string }[]>`
    SELECT json_group_array(json_object('step', c.step, 'histogram', l.weights -> '$.latent.histogram',
      'sigma1', l.weights -> '$.sigma1', 'sigma2', l.weights -> '$.sigma2') ORDER BY c.step, c.revision) AS moments
    FROM Checkpoint c JOIN Layer l ON l.checkpointId = c.id AND l.layerId = ${layerId} WHERE c.runId = ${runId}`
  return newestOfEachStep(JSON.parse(found!.moments) as LayerMoment[])
}

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

/**
 * Precision of every layer at the steps of a run, ascending; the newest file of each step, of those stored by then if given.
 * Steps between two alike are left out: a precision says since when it has been so.
 */
export async function getPrecisionHistory(
  runId: string,
  storedBy?: Date,
): Promise<{ step: number; layers: Pick<LayerRecord, 'layer' | 'precision'>[] }[]> {
  const checkpoints = newestOfEachStep(
    await db().$queryRaw<{ id: string; step: number }[]>`
      SELECT id, step FROM Checkpoint INDEXED BY Checkpoint_list
      WHERE runId = ${runId} ${storedBy ? Prisma.sql`AND createdAt <= ${storedBy}` : Prisma.empty} ORDER BY step, revision`,
  )
  const hashes = await Promise.all(checkpoints.map(({ id }) => precisionHash(id)))
  const kept = checkpoints.filter((_, i) => hashes[i] !== hashes[i - 1] || hashes[i] !== hashes[i + 1])
  return Promise.all(
    kept.map(async ({ id, step }) => ({
      step,
      layers: (await precisionsOf(id)).map(([layer, precision]) => ({ layer, precision })),
    })),
  )
}

const hashes = keptHere<string>('precisions', 100_000)

/** The same for checkpoints whose layers and precisions are alike. */
async function precisionHash(checkpointId: string): Promise<string | null> {
  return hashes.of(checkpointId, async () => {
    const text = await precisionsText(checkpointId)
    return { value: createHash('sha256').update(text).digest('base64'), weight: 1 }
  })
}

/** Each layer of a checkpoint with its precision, in order of the forward pass. */
async function precisionsOf(
  checkpointId: string,
): Promise<[LayerRecord['layer'], LayerRecord['precision']][]> {
  return JSON.parse(await precisionsText(checkpointId))
}

async function precisionsText(checkpointId: string): Promise<string> {
  const [found] = await db().$queryRaw<{ layers: string | null }[]>`
    SELECT '[' || group_concat('[' || layer || ',' || precision || ']', ',' ORDER BY position) || ']' AS layers
    FROM Layer WHERE checkpointId = ${checkpointId}`
  return found?.layers ?? '[]'
}

/** The precision of each layer of a checkpoint by its id, in order of the forward pass. */
export async function getPrecisions(checkpointId: string): Promise<Map<string, LayerRecord['precision']>> {
  const layers = await precisionsOf(checkpointId)
  return new Map(layers.map(([{ id }, precision]) => [id, precision]))
}

/** What the sweep of a checkpoint measured of a layer beside its alignment; null if it was not, or is not known. */
export async function getLayerSweep(checkpointId: string, layerId: string): Promise<PackedGrids | null> {
  const row = await db().layer.findUnique({
    where: { checkpointId_layerId: { checkpointId, layerId } },
    select: { sweep: true },
  })
  return (row?.sweep ?? null) as PackedGrids | null
}

/**
 * All layers of a checkpoint in order of the forward pass, without their sweep, and the length of their columns. Prisma would take
 * longer for 1,200 columns than for all else, while others wait for the processor.
 */
export async function getLayers(checkpointId: string): Promise<{ layers: LayerRecord[]; length: number }> {
  const rows = await rowsOf<PackedLayer>(
    await readingDriver(),
    'SELECT layer, precision, weights, rank, series, local FROM Layer WHERE checkpointId = ? ORDER BY position',
    checkpointId,
  )
  const lengths = rows.map(
    ({ layer, precision, weights, series, local }) =>
      layer.length + precision.length + weights.length + (series?.length ?? 0) + (local?.length ?? 0),
  )
  return {
    layers: rows.map(({ layer, precision, weights, ...packed }) =>
      layerRecord({
        layer: JSON.parse(layer),
        precision: JSON.parse(precision),
        weights: JSON.parse(weights),
        ...packed,
      }),
    ),
    length: lengths.reduce((sum, length) => sum + length, 0),
  }
}

type PackedLayer = Pick<LayerRow, 'rank' | 'series' | 'local'> &
  Record<'layer' | 'precision' | 'weights', string>

/** One layer of a checkpoint; null if there is none of this id. */
export async function getLayer(checkpointId: string, layerId: string): Promise<LayerRecord | null> {
  const row = await db().layer.findFirst({ where: { checkpointId, layerId }, select: columns })
  return row && layerRecord(row)
}

/** All but which checkpoint a layer is of. */
const stagedColumns =
  'position, layerId, kind, method, macs, weightSqnr, meanSqnr, layer, precision, weights, rank, series, local, sweep'

/**
 * Puts layers, in order of the forward pass, where `insertLayers` takes them from: what reading them costs is paid before the
 * write lock is taken. Prisma's own createMany takes five times the processor time for 200 of them.
 */
export async function stageLayers(driver: Driver, records: readonly LayerRecord[]): Promise<void> {
  const run = (sql: string, ...args: string[]) => driver.executeRaw(statement(sql, ...args))
  await run(`CREATE TEMP TABLE IF NOT EXISTS StagedLayer AS SELECT ${stagedColumns} FROM Layer LIMIT 0`)
  await run('DELETE FROM StagedLayer')
  await run(
    `INSERT INTO StagedLayer
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
      value -> 7, value -> 8, value -> 9, value ->> 10, unhex(value ->> 11), unhex(value ->> 12),
      nullif(value -> 13, 'null')
    FROM jsonb_each(?)`,
    packLayers(records),
  )
}

function packLayers(records: readonly LayerRecord[]): string {
  return JSON.stringify(
    records.map(({ layer, precision, weights, alignment, sweep }, position) => {
      const packed = alignment && packAlignment(alignment)
      return [
        ...[position, layer.id, layer.kind, precision.method, layer.macs],
        ...[weights.againstTeacher?.sqnr ?? null, alignment && meanOf(alignment.sqnr)],
        ...[layer, precision, weights, alignment?.rank ?? null],
        ...[packed && hexOf(packed.series), packed?.local ? hexOf(packed.local) : null, sweep ?? null],
      ]
    }),
  )
}

function hexOf(bytes: Uint8Array<ArrayBuffer>): string {
  return Buffer.from(bytes.buffer).toString('hex')
}

/** The layers staged last as those of a checkpoint. */
export async function insertLayers(driver: Driver, checkpointId: string): Promise<void> {
  await driver.executeRaw(
    statement(
      `INSERT INTO Layer (checkpointId, ${stagedColumns}) SELECT ?, ${stagedColumns} FROM StagedLayer ORDER BY rowid`,
      checkpointId,
    ),
  )
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

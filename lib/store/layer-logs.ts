/** What training jobs measured on layers while they ran. */
import type { Prisma } from '../generated/prisma/client'
import type { LayerLog } from '../record/training-job'
import { isNewBatch } from './batches'
import { checkText, db, write } from './db'
import { touchRun } from './training-runs'

const columns = { layer: true, step: true, facts: true, values: true, histograms: true } as const

/**
 * Adds measurements to a run; the last one of a layer at a step stands. A batch that is stored already changes nothing.
 * Throws an InputError for an unknown run.
 */
export async function putLayerLogs(
  runName: string,
  logs: readonly LayerLog[],
  batch?: string,
): Promise<void> {
  for (const { layer } of logs) checkText('layers.layer', layer)
  const last = new Map(logs.map((log) => [JSON.stringify([log.step, log.layer]), log]))
  await write(async (tx, now) => {
    if (!(await isNewBatch(tx, batch, now))) return
    const runId = await touchRun(tx, runName, now)
    await removeReplaced(tx, runId, logs)
    await tx.layerLog.createMany({
      data: [...last.values()].map(({ layer, step, facts, values, histograms }) => ({
        runId,
        step,
        layer,
        facts,
        values,
        histograms: histograms as Prisma.InputJsonObject,
      })),
    })
  })
}

/** One layer of a run, ascending by step. */
export async function getLayerLogs(runId: string, layer: string): Promise<LayerLog[]> {
  const rows = await db().layerLog.findMany({
    where: { runId, layer },
    select: columns,
    orderBy: { step: 'asc' },
  })
  return rows as LayerLog[]
}

/** Every layer of a run at a step, in the order the job sent them. */
export async function getLayerLogsAt(runId: string, step: number): Promise<LayerLog[]> {
  const rows = await db().layerLog.findMany({
    where: { runId, step },
    select: columns,
    orderBy: { id: 'asc' },
  })
  return rows as LayerLog[]
}

/** The steps at which a run has layer statistics, ascending. */
export async function layerLogSteps(runId: string): Promise<number[]> {
  const rows = await db().layerLog.groupBy({ by: ['step'], where: { runId }, orderBy: { step: 'asc' } })
  return rows.map(({ step }) => step)
}

/** One statement for each step: a job sends few steps at a time and many layers of each. */
async function removeReplaced(
  tx: Prisma.TransactionClient,
  runId: string,
  logs: readonly LayerLog[],
): Promise<void> {
  const layersOf = new Map<number, string[]>()
  for (const { step, layer } of logs) layersOf.set(step, [...(layersOf.get(step) ?? []), layer])
  for (const [step, layers] of layersOf)
    for (let i = 0; i < layers.length; i += 500)
      await tx.layerLog.deleteMany({ where: { runId, step, layer: { in: layers.slice(i, i + 500) } } })
}

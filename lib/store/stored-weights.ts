import type { CheckpointWeights } from '../diagnostics/dynamics'
import { readLayerWeight } from '../diagnostics/layer-weight'
import { openTensors } from '../tensor/open'
import type { TensorFile } from '../tensor/tensor'
import { chooseNetwork, fileOf } from '../unet/choose-network'
import { blobSource } from './blobs'
import { db } from './db'
import { getLayer, getPrecisions } from './layers'
import { newestOfEachStep } from './newest'

/** The checkpoints of a run whose weights are stored, and the steps of those that were stored without. */
export type StoredWeights = {
  /** Ascending by step. */
  checkpoints: (CheckpointWeights & { id: string; bytes: number })[]
  without: number[]
}

/**
 * The checkpoints of a run for reading their layers, the newest of each step, of those stored by then if given. Their files are
 * opened when a layer is asked for.
 */
export async function storedWeights(runId: string, storedBy?: Date): Promise<StoredWeights> {
  const rows = newestOfEachStep(
    await db().checkpoint.findMany({
      where: { runId, ...(storedBy && { createdAt: { lte: storedBy } }) },
      select: { id: true, step: true, sha256: true, network: true, bytes: true, fileName: true },
      orderBy: [{ step: 'asc' }, { revision: 'asc' }],
    }),
  )
  const blobs = await db().blob.findMany({
    where: { sha256: { in: rows.map(({ sha256 }) => sha256) } },
    select: { sha256: true },
  })
  const stored = new Set(blobs.map(({ sha256 }) => sha256))
  const withWeights = rows.filter(({ sha256 }) => stored.has(sha256))
  return {
    checkpoints: await Promise.all(
      withWeights.map(async ({ id, step, sha256, network, bytes, fileName }) => ({
        ...{ id, step, name: fileName, bytes: Number(bytes) },
        layers: await getPrecisions(id),
        read: layerReader(id, () => networkFile(sha256, network)),
      })),
    ),
    without: rows.filter(({ sha256 }) => !stored.has(sha256)).map(({ step }) => step),
  }
}

/** Opens the file with the first layer that is read. */
function layerReader(checkpointId: string, open: () => Promise<TensorFile>): CheckpointWeights['read'] {
  let file: Promise<TensorFile> | null = null
  return async (id) => {
    file ??= open()
    const record = await getLayer(checkpointId, id)
    if (!record) throw new RangeError(`checkpoint ${checkpointId} has no layer ${id}`)
    const { layer, precision, weights } = record
    const scale = (values: number[] | null) => (values ? Float32Array.from(values) : undefined)
    return {
      precision,
      scales: { sigma1: scale(weights.sigma1), sigma2: scale(weights.sigma2) },
      stored: await readLayerWeight(await file, layer, precision),
    }
  }
}

async function networkFile(sha256: string, network: string | null): Promise<TensorFile> {
  const whole = await openTensors(await blobSource(sha256))
  return fileOf(whole, await chooseNetwork(whole, network ?? undefined))
}

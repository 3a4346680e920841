import { copyFileSync, mkdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadLayerTraining } from '../../../app/_views/load-dynamics'
import type { Layer } from '../../../lib/record/run'
import { blobFile } from '../../../lib/store/blobs'
import { findCheckpoint } from '../../../lib/store/checkpoints'
import { db } from '../../../lib/store/db'
import { getRun } from '../../../lib/store/runs'
import { storedWeights } from '../../../lib/store/stored-weights'
import { run, temporaryFolder } from '../cli/command-line'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()
const folder = join(temporaryFolder(), 'mnist-lmb')
const demo = join(import.meta.dirname, '../../../public/demo/mnist-lmb')
const inside = 'mid_block.resnets.0.conv2'
let runId: string
let layers: Layer[]

beforeAll(async () => {
  mkdirSync(folder)
  for (const step of ['000000', '000200', '001000'])
    copyFileSync(join(demo, `step-${step}.safetensors`), join(folder, `step-${step}.safetensors`))
  await run('import', folder, '--samples', '0')
  runId = (await getRun('mnist-lmb'))!.id
  layers = (await findCheckpoint('mnist-lmb', 1000))!.diagnosis.layers.map(({ layer }) => layer)
})

const layerOf = (id: string) => layers.find((layer) => layer.id === id)!

describe('storedWeights', () => {
  it('reads a layer of every checkpoint as its diagnosis saw it, ascending by step', async () => {
    const { checkpoints, without } = await storedWeights(runId)
    expect(checkpoints.map(({ step }) => step)).toEqual([0, 200, 1000])
    expect(without).toEqual([])
    for (const { step, read, layers } of checkpoints) {
      const { precision, scales } = await read(inside)
      const record = (await findCheckpoint('mnist-lmb', step))!.diagnosis.layers.find(
        (l) => l.layer.id === inside,
      )!
      expect(layers.get(inside)).toEqual(precision)
      expect([...scales.sigma1!]).toEqual(record.weights.sigma1)
    }
  })
  it('of a frozen view are those stored by then', async () => {
    const { createdAt } = (await findCheckpoint('mnist-lmb', 0))!
    expect((await storedWeights(runId, new Date(Date.parse(createdAt) - 1))).checkpoints).toEqual([])
  })
})

describe('loadLayerTraining', () => {
  it('tells what moved in a binarized layer', async () => {
    const training = await loadLayerTraining(runId, layerOf(inside))
    expect(training).toMatchObject({ kind: 'measured', without: [], dynamics: { layer: inside } })
  })
  it('has nothing to tell of a layer in full precision', async () => {
    expect(await loadLayerTraining(runId, layerOf('conv_in'))).toEqual({ kind: 'full precision' })
  })
  it('does not read what takes minutes', async () => {
    const huge = { ...layerOf(inside), parameters: 1e9 }
    expect(await loadLayerTraining(runId, huge)).toEqual({ kind: 'too large', weights: 1e9, checkpoints: 3 })
  })
  it('needs two checkpoints with weights, and names those without', async () => {
    const [first] = await db().checkpoint.findMany({ where: { runId, step: 0 } })
    const at200 = await db().checkpoint.findMany({ where: { runId, step: 200 } })
    const blobs = await db().blob.findMany({ where: { sha256: { in: [first!.sha256, at200[0]!.sha256] } } })
    await db().blob.deleteMany({ where: { sha256: { in: blobs.map(({ sha256 }) => sha256) } } })
    expect(await loadLayerTraining(runId, layerOf(inside))).toEqual({
      kind: 'too few',
      checkpoints: 1,
      without: [0, 200],
    })
    await db().blob.createMany({ data: blobs })
  })
  it('tells of a file that is damaged instead of failing', async () => {
    const [last] = await db().checkpoint.findMany({ where: { runId, step: 1000 } })
    truncateSync(blobFile(last!.sha256), 1000)
    expect(await loadLayerTraining(runId, layerOf(inside))).toMatchObject({
      kind: 'fault',
      fault: { item: inside, problem: expect.stringContaining('1000 bytes on disk') },
    })
  })
})

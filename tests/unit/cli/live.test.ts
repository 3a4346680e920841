import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { importCheckpoints } from '../../../lib/cli/import'
import { startLive } from '../../../lib/cli/live'
import { manifestFor } from '../../../lib/quant/manifest'
import { findCheckpoint } from '../../../lib/store/checkpoints'
import { closeDb } from '../../../lib/store/db'
import { dataFolder } from '../../../lib/store/folder'
import { liveTrainings } from '../../../lib/store/live'
import { getRun } from '../../../lib/store/runs'
import { getScalars } from '../../../lib/store/scalars'
import { architecture, flatten } from '../../../lib/unet/architecture'
import { parseConfig } from '../../../lib/unet/config'
import { useTemporaryStore } from '../store/temporary-store'
import { studentConfig, teacherConfig, temporaryFolder, trainIn } from '../train/toy'

useTemporaryStore()
const folder = temporaryFolder()
const teacher = join(folder.path, 'teacher', 'step-000020.safetensors')
const students = join(folder.path, 'students')
const config = studentConfig('lmb', teacher)
const log = join(folder.path, 'live.jsonl')
const { layers } = flatten(architecture(parseConfig((teacherConfig as { model: object }).model, 'toy')))
const options = {
  config,
  manifest: manifestFor(layers, { method: 'lmb', bases: 2, activationBits: 4, where: 'all' }),
  teacher,
  log,
  step: 0,
}

beforeAll(async () => {
  await startBackend()
  mkdirSync(students)
  mkdirSync(join(folder.path, 'teacher'))
  await trainIn(join(folder.path, 'teacher'), teacherConfig)
  await trainIn(students, config)
})
afterAll(() => folder.remove())

/** What the training loop does: writes the line, then tells of it. */
function written(step: number, loss: number) {
  const line = { step, loss, learningRate: 0.01, gradientNorm: 1, secondsPerStep: 2 }
  appendFileSync(log, `${JSON.stringify(line)}\n`)
  return line
}
async function losses(): Promise<number[]> {
  const scalars = await getScalars((await getRun('toy-lmb'))!.id, ['loss'])
  return (scalars.get('loss') ?? []).map(({ step }) => step)
}

describe('a training that is followed', () => {
  it('is in the store before its first checkpoint, live, with its teacher', async () => {
    const live = await startLive(options)
    expect(await getRun('toy-lmb')).toMatchObject({
      checkpoints: [],
      role: 'student',
      method: 'lmb',
      bits: 'W1A4',
      teacherRunId: (await getRun('toy-teacher'))!.id,
    })
    await live.onLog(written(5, 0.5))
    await live.onLog(written(10, 0.25))
    expect(await liveTrainings()).toEqual([{ run: 'toy-lmb', step: 10, steps: 20, secondsLeft: 20 }])
    expect(await liveTrainings(Date.now() + 119_000)).toHaveLength(1)
    expect(await liveTrainings(Date.now() + 121_000)).toEqual([])
  })

  it('goes on where it was resumed: what was logged after that step is gone', async () => {
    const live = await startLive({ ...options, step: 5 })
    expect(await losses()).toEqual([5])
    await live.onLog(written(15, 0.2))
    expect(await losses()).toEqual([5, 15])
  })

  it('has its checkpoints diagnosed with samples, and is what import finds stored already', async () => {
    const live = await startLive({ ...options, step: 5 })
    const files = ['step-000000', 'step-000020'].map((name) => join(students, `${name}.safetensors`))
    for (const file of files) await live.onCheckpoint(file)
    const [first, last] = [await findCheckpoint('toy-lmb', 0), await findCheckpoint('toy-lmb', 20)]
    expect(first).toMatchObject({ hasWeights: true, samples: { images: 8 } })
    expect(last).toMatchObject({ samples: { images: 16 }, diagnosis: { protocol: { images: 8, steps: 20 } } })
    expect(last!.samples!.cosineToTeacher).not.toBeNull()
    const again = await importCheckpoints(files, {
      timesteps: 2,
      images: 1,
      samples: 0,
      seed: 1,
      flags: {},
      prepare: () => Promise.reject(new Error('nothing is left to prepare')),
      onDone: () => {},
    })
    expect(again.map(({ run, stored }) => [run, stored])).toEqual([
      ['toy-lmb', false],
      ['toy-lmb', false],
    ])
    await live.end()
    expect(await liveTrainings()).toEqual([])
  })

  it('is never stopped by a store that fails: it warns once and catches up', async () => {
    rmSync(log)
    const warnings: string[] = []
    const live = await startLive({ ...options, warn: (text) => warnings.push(text) })
    const away = `${dataFolder()}.away`
    await closeDb()
    renameSync(dataFolder(), away)
    writeFileSync(dataFolder(), 'a file where the folder was')
    await live.onLog(written(5, 0.5))
    await live.onCheckpoint(join(students, 'step-000020.safetensors'))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('toy-lmb')
    await closeDb().catch(() => {})
    rmSync(dataFolder())
    renameSync(away, dataFolder())
    await live.onLog(written(10, 0.25))
    expect(await losses()).toEqual([5, 10])
    expect(warnings).toHaveLength(1)
    await live.end()
  })
})

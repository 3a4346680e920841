/** Whole trainings of toy students: progressive initialisation, the transition of EBB, the axes of LRM. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { openCheckpoint } from '../../../lib/cli/open'
import { batchAt } from '../../../lib/train/batch'
import { resumeTraining, saveState } from '../../../lib/train/state'
import { endTraining, enterStep, startTraining, type Training, trainStep } from '../../../lib/train/training'
import { data, studentConfig, teacherConfig, temporaryFolder, trainIn } from './toy'

const folders: ReturnType<typeof temporaryFolder>[] = []
function freshFolder(): string {
  const folder = temporaryFolder()
  folders.push(folder)
  return folder.path
}
let teacher: string

beforeAll(async () => {
  await startBackend()
  const folder = freshFolder()
  await trainIn(folder, teacherConfig)
  teacher = join(folder, 'step-000020.safetensors')
})
afterAll(() => {
  for (const folder of folders) folder.remove()
})

const lastOf = (folder: string, step = 20) =>
  readFileSync(join(folder, `step-${String(step).padStart(6, '0')}.safetensors`))
const checkpointIn = async (folder: string, step: number) =>
  (await openCheckpoint(join(folder, `step-${String(step).padStart(6, '0')}.safetensors`))).checkpoint

/** Killed once a step is logged and resumed to the end; the checkpoint's bytes. States are saved every 5 steps. */
async function killedAfter(step: number, config: ReturnType<typeof studentConfig>): Promise<Buffer> {
  const folder = freshFolder()
  await trainIn(folder, config, { killAfter: step })
  await trainIn(folder, config, { resume: true })
  return lastOf(folder, config.steps)
}

describe('progressive initialisation', () => {
  // nine modules, the middle one first: pairs turn at steps 2, 4, 6 and 8
  const config = () =>
    studentConfig('lmb', teacher, { progressive: { every: 2 }, lrm: {}, steps: 12, snapshots: [12] })

  it('starts new scales from the latent weights and the batch of the step a layer turns binary at', async () => {
    const training = await startTraining(config(), freshFolder(), data)
    const { variables } = training
    const id = 'down_blocks.1.resnets.0.conv2'
    const start = variables.get(`${id}.weight`)!.value.slice()
    trainStep(training, data)
    trainStep(training, data)
    expect([...variables.keys()].filter((name) => name.startsWith(id))).toEqual([
      `${id}.weight`,
      `${id}.bias`,
    ])
    const { value: w } = variables.get(`${id}.weight`)!
    expect(w).not.toEqual(start)
    enterStep(training, batchAt(training.config, data, 2))
    expect(training.manifest[id]).toEqual({ method: 'lmb', bases: 2, activationBits: 4, since: 2 })
    const n = w.length / 16
    for (let o = 0; o < 16; o++) {
      const row = [...w.subarray(o * n, (o + 1) * n)].map(Math.abs)
      const mean = row.reduce((a, b) => a + b) / n
      const rest = row.reduce((sum, v) => sum + Math.abs(v - mean), 0) / n
      expect(variables.get(`${id}.sigma1`)!.value[o]).toBeCloseTo(mean, 6)
      expect(variables.get(`${id}.sigma2`)!.value[o]).toBeCloseTo(rest, 6)
    }
    const alpha = variables.get(`${id}.alpha`)!
    expect(alpha.value[0]).toBeGreaterThan(0)
    for (const part of ['sigma1', 'sigma2', 'alpha']) {
      const fresh = variables.get(`${id}.${part}`)!
      expect(fresh.born, part).toBe(2)
      expect(
        [...fresh.m, ...fresh.v].every((v) => v === 0),
        part,
      ).toBe(true)
      expect(fresh.ema, part).toEqual(fresh.value)
    }
    expect(variables.get('mid_block.resnets.0.conv1.sigma1')!.born).toBe(0)
    endTraining(training)
  })

  it('trains through to a network that is binary everywhere, and is the same when killed between two pairs', async () => {
    const folder = freshFolder()
    const training = await trainIn(folder, config())
    const values = [...training.variables.values()].flatMap(({ value, ema }) => [...value, ...ema])
    expect(values.every(Number.isFinite)).toBe(true)
    const { manifest } = await checkpointIn(folder, 12)
    const full = Object.entries(manifest).filter(([, { method }]) => method === 'fp')
    expect(full.map(([id]) => id).sort()).toEqual(
      ['conv_in', 'conv_out', 'time_embedding.linear_1', 'time_embedding.linear_2'].sort(),
    )
    expect(manifest['up_blocks.1.resnets.1.conv1']?.since).toBe(8)
    // the state is of step 5: pairs of steps 6 and 8 are still to come
    expect((await killedAfter(7, config())).equals(lastOf(folder, 12))).toBe(true)
  })
})

describe('EBB', () => {
  const config = (own: object = {}) =>
    studentConfig('ebb', teacher, { snapshots: [10, 11, 20], binarizer: { transition: 10, ...own } })
  const isSecond = (name: string) => name.endsWith('.sigma2')
  let whole: string
  let trained: Training
  beforeAll(async () => {
    whole = freshFolder()
    trained = await trainIn(whole, config())
  })

  it('has two bases until the transition and one after it, everywhere', async () => {
    const [before, after, end] = [
      await checkpointIn(whole, 10),
      await checkpointIn(whole, 11),
      await checkpointIn(whole, 20),
    ]
    const id = 'mid_block.resnets.0.conv1'
    expect(before.manifest[id]).toEqual({ method: 'ebb', bases: 2, activationBits: 4 })
    expect(before.scales.get(id)!.sigma2).toHaveLength(16)
    for (const { manifest, scales } of [after, end]) {
      expect(manifest[id]).toEqual({ method: 'ebb', bases: 1, activationBits: 4, since: 10 })
      expect(Object.values(manifest).filter(({ bases }) => bases === 2)).toEqual([])
      expect([...scales.values()].filter(({ sigma2 }) => sigma2)).toEqual([])
      expect(scales.get(id)!.sigma1).toHaveLength(16)
    }
    expect([...trained.variables.keys()].filter(isSecond)).toEqual([])
  })

  it('is the same when killed before, at and after the transition', async () => {
    // states of steps 5, 10 and 15
    for (const step of [7, 11, 17])
      expect((await killedAfter(step, config())).equals(lastOf(whole)), `killed after ${step}`).toBe(true)
  })

  it('logs the penalty while there is a second basis, and then no more', () => {
    const lines = readFileSync(join(whole, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.filter((line) => 'ebb' in line).map(({ step }) => step)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ])
    for (const { loss, eps, ebb } of lines.slice(0, 10)) expect(Math.abs(eps + ebb - loss)).toBeLessThan(1e-4)
  })

  it('draws the second scales down by its penalty', async () => {
    const mean = async (tau: number) => {
      const { variables } = await trainIn(freshFolder(), { ...config({ tau, transition: 20 }), steps: 10 })
      const seconds = [...variables].filter(([name]) => isSecond(name)).flatMap(([, { value }]) => [...value])
      return seconds.reduce((a, b) => a + b) / seconds.length
    }
    const [without, light, heavy] = [await mean(0), await mean(9e-2), await mean(9)]
    expect(light).toBeLessThan(without)
    expect(heavy).toBeLessThan(light)
  })
})

describe('the axes of LRM', () => {
  const config = (lrm: object) => studentConfig('sign', teacher, { lrm })
  const steps = (training: Training, n: number) => {
    for (let i = 0; i < n; i++) trainStep(training, data)
  }

  it('stay those of the first batch', async () => {
    const training = await startTraining(config({}), freshFolder(), data)
    const first = training.axes
    expect(first.size).toBe(9)
    steps(training, 4)
    expect(training.axes).toBe(first)
    endTraining(training)
  })

  it('are fitted again every so many steps if asked for', async () => {
    const training = await startTraining(config({ refreshEvery: 3 }), freshFolder(), data)
    const first = training.axes.get('mid_block')!
    steps(training, 3)
    expect(training.axes.get('mid_block')).toBe(first)
    steps(training, 1)
    expect(training.axes.get('mid_block')).not.toEqual(first)
    endTraining(training)
  })

  it('have a quarter of the channels, or as much as the divisor says, or rows of image width', async () => {
    const shapeOf = async (lrm: object) => {
      const training = await startTraining(config(lrm), freshFolder(), data)
      endTraining(training)
      return ['conv_in', 'mid_block'].map((id) => training.axes.get(id)!.shape)
    }
    expect(await shapeOf({})).toEqual([
      [8, 2],
      [16, 4],
    ])
    expect(await shapeOf({ divisor: 2 })).toEqual([
      [8, 4],
      [16, 8],
    ])
    expect(await shapeOf({ axis: 'width' })).toEqual([
      [8, 2],
      [4, 2],
    ])
  })

  it('are in the state: a resumed training keeps those it had, not those of its first batch', async () => {
    const folder = freshFolder()
    mkdirSync(join(folder, 'state'))
    const settings = config({ refreshEvery: 3 })
    const training = await startTraining(settings, folder, data)
    const first = training.axes.get('mid_block')
    steps(training, 5)
    saveState(training, join(folder, 'state'))
    const resumed = await startTraining(settings, folder, data)
    expect(resumed.axes.get('mid_block')).toEqual(first)
    expect(await resumeTraining(resumed, join(folder, 'state'))).toBe(true)
    expect(resumed.axes).toEqual(training.axes)
    expect(resumed.axes.get('mid_block')).not.toEqual(first)
    for (const t of [training, resumed]) endTraining(t)
  })

  it('are in the checkpoint, as the training has them', async () => {
    const folder = freshFolder()
    const training = await trainIn(folder, { ...config({ refreshEvery: 2 }), steps: 3, snapshots: [3] })
    expect(training.axes.size).toBe(9)
    expect((await checkpointIn(folder, 3)).axes).toEqual(training.axes)
  })

  it('make the loss: it is trained on with its weight, and logged before it', async () => {
    const folder = freshFolder()
    await trainIn(folder, { ...config({ weight: 0.25, form: 'normalised' }), steps: 5, snapshots: [] })
    const lines = readFileSync(join(folder, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toHaveLength(5)
    for (const { loss, eps, lrm } of lines)
      expect(Math.abs(eps + 0.25 * lrm - loss) / loss).toBeLessThan(1e-4)
  })
})

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { memory } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { openCheckpoint } from '../../../lib/cli/open'
import type { LogLine } from '../../../lib/train/loop'
import { resumeTraining } from '../../../lib/train/state'
import { checkpointBytes, startTraining } from '../../../lib/train/training'
import { quantizerOf } from '../../../lib/unet/checkpoint'
import { predictNoise } from '../../../lib/unet/predict'
import { UNet } from '../../../lib/unet/unet'
import { distance } from '../unet/upstream'
import { data, studentConfig, teacherConfig, temporaryFolder, trainIn } from './toy'

const folders = { whole: temporaryFolder(), killed: temporaryFolder(), again: temporaryFolder() }
const teacher = join(folders.whole.path, 'step-000020.safetensors')

beforeAll(async () => {
  await startBackend()
  await trainIn(folders.whole.path, teacherConfig)
})
afterAll(() => {
  for (const folder of Object.values(folders)) folder.remove()
})

const bytesOf = (folder: { path: string }, name: string) => readFileSync(join(folder.path, name))
const logOf = (folder: { path: string }): LogLine[] =>
  bytesOf(folder, 'log.jsonl')
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('a training of a teacher', () => {
  it('lowers its loss', () => {
    const losses = logOf(folders.whole).map(({ loss }) => loss)
    expect(losses).toHaveLength(20)
    expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.9)
  })

  it('gives the same bytes when it is run again with the same seed', async () => {
    await trainIn(folders.again.path, teacherConfig)
    for (const name of ['step-000010.safetensors', 'step-000020.safetensors'])
      expect(bytesOf(folders.again, name).equals(bytesOf(folders.whole, name)), name).toBe(true)
  })

  it('gives the same bytes when it is killed on the way and resumed', async () => {
    // the last state is of step 10; what was logged after it is logged again
    await trainIn(folders.killed.path, teacherConfig, { killAfter: 13 })
    expect(logOf(folders.killed)).toHaveLength(13)
    await trainIn(folders.killed.path, teacherConfig, { resume: true })
    expect(bytesOf(folders.killed, 'step-000020.safetensors').equals(readFileSync(teacher))).toBe(true)
    const essence = (folder: { path: string }) =>
      logOf(folder).map(({ step, loss, gradientNorm }) => ({ step, loss, gradientNorm }))
    expect(essence(folders.killed)).toEqual(essence(folders.whole))
  })

  it('resumes from the state before when the newest was cut off, and says so when both were', async () => {
    const cut = (name: string) => {
      const path = join(folders.killed.path, 'state', name)
      writeFileSync(path, readFileSync(path).subarray(0, 999))
    }
    const resume = async () => {
      const training = await startTraining(teacherConfig, folders.killed.path, data)
      return {
        resumed: await resumeTraining(training, join(folders.killed.path, 'state')),
        step: training.step,
      }
    }
    cut('state.safetensors')
    expect(await resume()).toEqual({ resumed: true, step: 20 })
    cut('state.previous.safetensors')
    await expect(resume()).rejects.toThrow('state.previous.safetensors')
  })

  it('refuses the state of another configuration', async () => {
    const other = { ...teacherConfig, seed: 2 }
    await expect(trainIn(folders.again.path, other, { resume: true })).rejects.toThrow(
      'another configuration',
    )
  })

  it('depends on its seed', async () => {
    const folder = temporaryFolder()
    await trainIn(folder.path, { ...teacherConfig, seed: 2 })
    expect(bytesOf(folder, 'step-000020.safetensors').equals(readFileSync(teacher))).toBe(false)
    folder.remove()
  })

  it('writes snapshots that say what they are and see the timestep', async () => {
    const { checkpoint } = await openCheckpoint(teacher)
    expect(checkpoint.about).toMatchObject({ run: 'toy-teacher', role: 'teacher', step: 20 })
    expect(checkpoint.assumptions).toEqual([])
    const unet = new UNet(checkpoint.config, checkpoint.tensors, 'toy')
    const x = new Float32Array(64).fill(0.5)
    expect(distance(predictNoise(unet, x, 20), predictNoise(unet, x, 900))).toBeGreaterThan(1e-3)
    unet.dispose()
  })
})

for (const method of ['sign', 'xnor', 'lmb'] as const) {
  describe(`a training of a ${method} student`, () => {
    const whole = temporaryFolder()
    afterAll(() => whole.remove())

    it('starts from its teacher, moves weights, scales and steps, and leaks no tensor', async () => {
      const before = memory().numTensors
      await trainIn(whole.path, studentConfig(method, teacher))
      expect(memory().numTensors).toBe(before)
      const read = async (name: string) => (await openCheckpoint(join(whole.path, name))).checkpoint
      const [first, last] = [await read('step-000000.safetensors'), await read('step-000020.safetensors')]
      const source = (await openCheckpoint(teacher)).checkpoint
      const id = 'mid_block.resnets.0.conv1'
      expect(first.manifest[id]).toEqual({ method, bases: method === 'lmb' ? 2 : 1, activationBits: 4 })
      expect(first.tensors.get(`${id}.weight`)).toEqual(source.tensors.get(`${id}.weight`))
      expect(last.tensors.get(`${id}.weight`)).not.toEqual(source.tensors.get(`${id}.weight`))
      const [before1, after1] = [first.scales.get(id)!, last.scales.get(id)!]
      expect(after1.alpha).not.toBe(before1.alpha)
      if (method !== 'xnor') expect(after1.sigma1).not.toEqual(before1.sigma1)
      if (method === 'lmb') expect(after1.sigma2).not.toEqual(before1.sigma2)
      expect(last.about.teacherSha256).toMatch(/^[0-9a-f]{64}$/)
    })

    it('writes snapshots that run as binarized as they were trained', async () => {
      const { checkpoint } = await openCheckpoint(join(whole.path, 'step-000020.safetensors'))
      const unet = new UNet(checkpoint.config, checkpoint.tensors, 'toy')
      const x = new Float32Array(64).fill(0.5)
      const [binary, latent] = [
        predictNoise(unet, x, 500, quantizerOf(checkpoint)),
        predictNoise(unet, x, 500),
      ]
      expect(distance(latent, binary)).toBeGreaterThan(1e-2)
      unet.dispose()
    })

    it('is the same when it is killed and resumed', async () => {
      const folder = temporaryFolder()
      await trainIn(folder.path, studentConfig(method, teacher), { killAfter: 7 })
      const training = await trainIn(folder.path, studentConfig(method, teacher), { resume: true })
      expect(Buffer.from(checkpointBytes(training)).equals(bytesOf(whole, 'step-000020.safetensors'))).toBe(
        true,
      )
      folder.remove()
    })
  })
}

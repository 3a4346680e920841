/**
 * Two properties of learned scales that BinaryDM's released code lacks: there alpha is computed again from every batch,
 * and sigma from the latent weights whenever a checkpoint is loaded.
 */
import { join } from 'node:path'
import type { Tensor } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { openCheckpoint } from '../../../lib/cli/open'
import { normal } from '../../../lib/math/rng'
import type { Quantizer } from '../../../lib/quant/quantizer'
import { meanAbs } from '../../../lib/quant/scales'
import { batchAt } from '../../../lib/train/batch'
import { resumeTraining, saveState } from '../../../lib/train/state'
import { initialAlphas } from '../../../lib/train/step'
import {
  endTraining,
  enterStep,
  startTraining,
  type Training,
  trainStep,
  valuesOf,
} from '../../../lib/train/training'
import { type Checkpoint, quantizerOf } from '../../../lib/unet/checkpoint'
import { predictNoise } from '../../../lib/unet/predict'
import { UNet } from '../../../lib/unet/unet'
import { distance } from '../unet/upstream'
import { data, studentConfig, teacherConfig, temporaryFolder, trainIn } from './toy'

const folder = temporaryFolder()
const teacher = join(folder.path, 'teacher', 'step-000020.safetensors')
const student = join(folder.path, 'student', 'step-000020.safetensors')
let trained: Training
let checkpoint: Checkpoint

beforeAll(async () => {
  await startBackend()
  await trainIn(join(folder.path, 'teacher'), teacherConfig)
  trained = await trainIn(join(folder.path, 'student'), studentConfig('lmb', teacher))
  checkpoint = (await openCheckpoint(student)).checkpoint
})
afterAll(() => folder.remove())

/** Copies of the values of variables by the end of their names. */
const copies = ({ variables }: Training, end: RegExp) =>
  new Map([...variables].filter(([name]) => end.test(name)).map(([name, { value }]) => [name, value.slice()]))

describe('alpha', () => {
  it('is learned in every layer, and never taken from a later batch', async () => {
    const training = await startTraining(studentConfig('sign', teacher), folder.path, data)
    const start = copies(training, /\.alpha$/)
    const binary = Object.values(training.manifest).filter(({ activationBits }) => activationBits === 4)
    expect(start.size).toBe(binary.length)
    for (let i = 0; i < 3; i++) trainStep(training, data)
    const learned = copies(training, /\.alpha$/)
    for (const [name, alpha] of learned) expect(alpha, name).not.toEqual(start.get(name))

    const batch = batchAt(training.config, data, 3)
    const loud = { ...batch, x: batch.x.map((v) => 100 * v) }
    enterStep(training, loud)
    expect(copies(training, /\.alpha$/)).toEqual(learned)
    // the batch would have given other steps
    const weights = new Map([...valuesOf(training, 'value')].filter(([name]) => !name.endsWith('.alpha')))
    const own = initialAlphas(training.net, training.manifest, weights, loud)
    const id = 'down_blocks.0.downsamplers.0.conv'
    expect(own.get(id)! / learned.get(`${id}.alpha`)![0]!).toBeGreaterThan(2)
    endTraining(training)
  })

  it('makes an output that does not depend on the other images of its batch', () => {
    const unet = new UNet(checkpoint.config, checkpoint.tensors, 'toy')
    const image = normal(3, 0, new Float32Array(64))
    const others = normal(3, 1, new Float32Array(128)).map((v) => 30 * v)
    const quantizer = quantizerOf(checkpoint)
    const alone = predictNoise(unet, image, 300, quantizer)
    const together = predictNoise(unet, Float32Array.of(...image, ...others), [300, 10, 900], quantizer)
    unet.dispose()
    expect([...together.subarray(0, 64)]).toEqual([...alone])
  })

  it('leaves at most 16 values of the input of any binarized layer', () => {
    const counts = new Map<string, number>()
    const quantizer = quantizerOf(checkpoint)
    const counting: Quantizer = {
      weight: (id, w) => quantizer.weight(id, w),
      input(id: string, x: Tensor) {
        const input = quantizer.input(id, x)
        counts.set(id, new Set(input.dataSync()).size)
        return input
      },
    }
    const unet = new UNet(checkpoint.config, checkpoint.tensors, 'toy')
    predictNoise(unet, normal(4, 0, new Float32Array(4 * 64)), 500, counting)
    unet.dispose()
    const of = (bits: number) =>
      checkpoint.layers.filter(({ id }) => checkpoint.manifest[id]!.activationBits === bits)
    expect(of(4)).toHaveLength(checkpoint.layers.length - 4)
    for (const { id } of of(4)) expect(counts.get(id), id).toBeLessThanOrEqual(16)
    expect(counts.get('conv_in')).toBeGreaterThan(16)
    expect(Math.max(...of(4).map(({ id }) => counts.get(id)!))).toBeGreaterThan(8)
  })
})

describe('sigma', () => {
  const id = 'mid_block.resnets.0.conv1'

  it('comes back from a checkpoint bit for bit, for every layer', () => {
    for (const [layer, scales] of checkpoint.scales) {
      for (const part of ['sigma1', 'sigma2'] as const)
        expect(scales[part], `${layer}.${part}`).toEqual(trained.variables.get(`${layer}.${part}`)!.ema)
    }
    expect(checkpoint.scales.size).toBe(checkpoint.layers.length - 4)
  })

  it('is what the loaded checkpoint computes with, not the mean of its latent weights', () => {
    const w = checkpoint.tensors.get(`${id}.weight`)!
    const { sigma1, sigma2 } = checkpoint.scales.get(id)!
    const { data: effective } = quantizerOf(checkpoint).weight(id, w)
    expect(distance(meanAbs(w.data, 16), sigma1!)).toBeGreaterThan(1e-2)
    const n = effective.length / 16
    for (let o = 0; o < 16; o++) {
      const [s1, s2] = [sigma1![o]!, sigma2![o]!]
      const levels = new Set([s1 + s2, s1 - s2, s2 - s1, -s1 - s2].map(Math.fround))
      const found = new Set(effective.subarray(o * n, (o + 1) * n))
      expect(
        [...found].filter((v) => !levels.has(v)),
        `channel ${o}`,
      ).toEqual([])
    }
  })

  it('goes on from where it was when a training is resumed', async () => {
    const config = studentConfig('lmb', teacher)
    const training = await startTraining(config, folder.path, data)
    for (let i = 0; i < 5; i++) trainStep(training, data)
    saveState(training, folder.path)
    const resumed = await startTraining(config, folder.path, data)
    const learned = copies(training, /\.(sigma1|sigma2)$/)
    expect(copies(resumed, /\.(sigma1|sigma2)$/)).not.toEqual(learned)
    expect(await resumeTraining(resumed, folder.path)).toBe(true)
    expect(copies(resumed, /\.(sigma1|sigma2)$/)).toEqual(learned)
    const { value, shape } = resumed.variables.get(`${id}.weight`)!
    expect(learned.get(`${id}.sigma1`)).not.toEqual(meanAbs(value, shape[0]!))
    for (const t of [training, resumed]) trainStep(t, data)
    expect(copies(resumed, /./)).toEqual(copies(training, /./))
    for (const [name, before] of learned) {
      const after = resumed.variables.get(name)!.value
      // one step of Adam moves a value by about the learning rate, 1e-2, at most; scales may at most halve
      expect(after, name).not.toEqual(before)
      expect(
        after.every((v, i) => Math.abs(v - before[i]!) < 2e-2),
        name,
      ).toBe(true)
    }
    for (const t of [training, resumed]) endTraining(t)
  })
})

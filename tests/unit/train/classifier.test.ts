import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { memory } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import {
  accuracy,
  classifierTraining,
  classify,
  trainClassifier,
} from '../../../lib/train/evaluation/classifier'
import { classifierOf, setName } from '../../../lib/train/evaluation/classifier-file'
import { bars } from './bars'
import { temporaryFolder } from './toy'

const training = { ...classifierTraining, batch: 32, steps: 25 }
const [train, test] = [bars(320, 1), bars(100, 2)]

beforeAll(startBackend)

describe('trainClassifier', () => {
  it('learns to tell two classes apart, and leaks no tensor', async () => {
    const before = memory().numTensors
    const losses: number[] = []
    const onStep = (_step: number, _steps: number, loss: number) => losses.push(loss)
    const untrained = await trainClassifier(train, 2, { ...training, steps: 0 })
    const trained = await trainClassifier(train, 2, { ...training, onStep })
    expect(losses).toHaveLength(25)
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 4)
    expect(accuracy(untrained, test)).toBeLessThan(0.75)
    expect(accuracy(trained, test)).toBeGreaterThan(0.95)
    expect(memory().numTensors).toBe(before)
  })
  it('gives the same weights for the same seed only', async () => {
    const few = { ...training, batch: 8, steps: 3 }
    const trained = await trainClassifier(train, 2, few)
    expect(await trainClassifier(train, 2, few)).toEqual(trained)
    expect(await trainClassifier(train, 2, { ...few, seed: 2 })).not.toEqual(trained)
  })
  it('passes over a small set no more often than it may', async () => {
    let steps = 0
    await trainClassifier(bars(10, 1), 2, {
      ...training,
      mostPasses: 3,
      onStep: () => {
        steps++
      },
    })
    expect(steps).toBe(3)
  })
  it('stops when it is cancelled', async () => {
    const controller = new AbortController()
    const cancelled = trainClassifier(train, 2, {
      ...training,
      signal: controller.signal,
      onStep: () => controller.abort(new Error('enough')),
    })
    await expect(cancelled).rejects.toThrow('enough')
  })
})

describe('classify', () => {
  it('gives features, classes and confidences image by image, whatever the batch', async () => {
    const classifier = await trainClassifier(train, 2, { ...training, steps: 5 })
    const many = bars(130, 3)
    const all = classify(classifier, many)
    const size = 256
    const one = classify(classifier, {
      ...many,
      count: 1,
      pixels: many.pixels.subarray(110 * size, 111 * size),
    })
    expect(one.classes[0]).toBe(all.classes[110])
    expect(one.confidences[0]).toBeCloseTo(all.confidences[110]!, 5)
    for (let i = 0; i < 64; i++) expect(one.features[i]).toBeCloseTo(all.features[110 * 64 + i]!, 4)
    for (const confidence of all.confidences) expect(confidence).toBeGreaterThanOrEqual(0.5)
  })
})

describe('classifierOf', () => {
  const folder = temporaryFolder()
  afterAll(folder.remove)

  it('trains once and reads it afterwards', async () => {
    let steps = 0
    const options = { ...training, steps: 3, onStep: () => void steps++ }
    const made = await classifierOf('bars', { train, test }, folder.path, options)
    const read = await classifierOf('bars', { train, test }, folder.path, options)
    expect(steps).toBe(3)
    expect(read).toEqual(made)
    expect(made.name).toBe('bars-seed1-v1')
    expect(made.accuracy).toBe(accuracy(made, test))
  })
  it('refuses odd and small images, a set of one class and a file that is no classifier', async () => {
    for (const [side, size] of [
      [13, '13x13'],
      [10, '10x10'],
    ] as const) {
      const small = bars(4, 1, side)
      await expect(classifierOf('small', { train: small, test: small }, folder.path)).rejects.toThrow(size)
    }
    const single = { ...train, labels: new Uint8Array(train.count) }
    await expect(classifierOf('one', { train: single, test }, folder.path, training)).rejects.toThrow(
      'one class',
    )
    writeFileSync(join(folder.path, 'broken-seed1-v1.safetensors'), 'not a classifier')
    await expect(classifierOf('broken', { train, test }, folder.path, training)).rejects.toThrow(
      'broken-seed1-v1.safetensors',
    )
  })
  it('names a folder by what is in it', () => {
    expect(setName({ set: 'mnist' }, train)).toBe('mnist')
    const name = setName({ set: 'folder', path: '/somewhere/my cats', size: 16 }, train)
    expect(name).toMatch(/^my_cats-[0-9a-f]{8}$/)
    expect(setName({ set: 'folder', path: '/elsewhere/my cats', size: 16 }, train)).toBe(name)
    expect(setName({ set: 'folder', path: '/somewhere/my cats', size: 16 }, test)).not.toBe(name)
  })
})

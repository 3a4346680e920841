import { memory } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { drawSamples, sampleCosine } from '../../../lib/diagnostics/samples'
import type { SampleSet } from '../../../lib/record/run'
import type { Checkpoint } from '../../../lib/unet/checkpoint'
import { binarized, readTeacher } from './pair'

const options = { seed: 7, images: 2, steps: 3, sampler: 'ddim' } as const
let teacher: Checkpoint

beforeAll(async () => {
  await startBackend()
  teacher = await readTeacher()
})

/** Two images of one row with two grey pixels. */
function pictures(bytes: number[]): SampleSet {
  const pixels = Buffer.from(bytes).toString('base64')
  return { ...options, width: 2, height: 1, channels: 1, cosineToTeacher: null, pixels }
}

describe('drawSamples', () => {
  it('draws the same pictures from the same seed, each image by its index alone', async () => {
    const two = await drawSamples(teacher, options)
    const { images, width, height, channels } = two
    expect({ images, width, height, channels }).toEqual({ images: 2, width: 16, height: 16, channels: 3 })
    const bytes = Buffer.from(two.pixels, 'base64')
    expect(bytes).toHaveLength(2 * 16 * 16 * 3)
    expect((await drawSamples(teacher, options)).pixels).toBe(two.pixels)
    const one = Buffer.from((await drawSamples(teacher, { ...options, images: 1 })).pixels, 'base64')
    // Another batch size may round sums differently: a byte off by one, no more.
    one.forEach((v, i) => {
      expect(Math.abs(v - bytes[i]!)).toBeLessThanOrEqual(1)
    })
  })
  it('depends on seed, sampler and checkpoint', async () => {
    const { pixels } = await drawSamples(teacher, options)
    expect((await drawSamples(teacher, { ...options, seed: 8 })).pixels).not.toBe(pixels)
    expect((await drawSamples(teacher, { ...options, sampler: 'ddpm' })).pixels).not.toBe(pixels)
    expect((await drawSamples(binarized(teacher, 'sign', 1), options)).pixels).not.toBe(pixels)
  })
  it('compares with the teacher when it has its samples', async () => {
    const own = await drawSamples(teacher, options)
    expect(own.cosineToTeacher).toBe(null)
    const again = await drawSamples(teacher, { ...options, teacher: own })
    expect(again.cosineToTeacher).toBeCloseTo(1, 12)
    const student = await drawSamples(binarized(teacher, 'sign', 1), { ...options, teacher: own })
    expect(student.cosineToTeacher).toBeLessThan(0.999)
  })
  it('counts steps, can be cancelled and leaves no tensor behind', async () => {
    const before = memory().numTensors
    const seen: [number, number][] = []
    await drawSamples(teacher, options, (done, total) => seen.push([done, total]))
    // 3 steps do not divide 1000: upstream then visits 4 timesteps.
    expect(seen).toEqual([0, 1, 2, 3, 4].map((done) => [done, 4]))
    const controller = new AbortController()
    const cancelled = drawSamples(teacher, { ...options, signal: controller.signal }, (done) => {
      if (done === 2) controller.abort(new Error('enough'))
    })
    await expect(cancelled).rejects.toThrow('enough')
    expect(memory().numTensors).toBe(before)
  })
  it('refuses networks on latent codes', async () => {
    const about = { ...teacher.about, pixelUnshuffle: 2 }
    await expect(drawSamples({ ...teacher, about }, options)).rejects.toThrow('neither grey nor RGB')
  })
})

describe('sampleCosine', () => {
  it('is the mean over images of the cosine of pixels in [-1, 1]', () => {
    // (1, 1) with (1, 1) and (1, 1) with (1, -1): cosines 1 and 0.
    expect(sampleCosine(pictures([255, 255, 255, 255]), pictures([255, 255, 255, 0]))).toBeCloseTo(0.5, 12)
    // (-1, 1) with (1, -1).
    expect(sampleCosine(pictures([0, 255, 0, 255]), pictures([255, 0, 255, 0]))).toBeCloseTo(-1, 12)
  })
  it('is not measured on pictures of other noise or size', () => {
    const set = pictures([1, 2, 3, 4])
    expect(sampleCosine(set, { ...set, seed: 8 })).toBe(null)
    expect(sampleCosine(set, { ...set, images: 1 })).toBe(null)
  })
})

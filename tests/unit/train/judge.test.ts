import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import type { Pictures } from '../../../lib/train/data/pictures'
import {
  accuracy,
  classifierTraining,
  classify,
  trainClassifier,
} from '../../../lib/train/evaluation/classifier'
import {
  type Judge,
  makeJudge,
  measurePaired,
  measureSet,
  poolPixels,
} from '../../../lib/train/evaluation/judge'
import {
  constantPictures,
  gaussianPictures,
  noisePictures,
  realPictures,
} from '../../../lib/train/evaluation/references'
import { bars } from './bars'

const side = 24
const size = side * side
const [train, test] = [bars(400, 1, side), bars(200, 2, side)]
const n = 120
let judge: Judge

beforeAll(async () => {
  await startBackend()
  const classifier = await trainClassifier(train, 2, { ...classifierTraining, batch: 32, steps: 25 })
  const known = { ...classifier, name: 'bars', accuracy: accuracy(classifier, test) }
  judge = makeJudge(known, realPictures(test, n, 7, 'test'), { seed: 7, set: 'bars' })
})

const measured = (pictures: Pictures) => measureSet(judge, pictures, classify(judge.classifier, pictures))
const classified = (pictures: Pictures) => ({ ...pictures, ...classify(judge.classifier, pictures) })

describe('measureSet', () => {
  it('finds real images near, noise and a constant picture far', () => {
    const real = measured(realPictures(train, n, 7, 'train'))
    expect(real.precision).toBeGreaterThan(0.7)
    expect(real.recall).toBeGreaterThan(0.7)
    expect(real.coverage).toBeGreaterThan(0.7)
    for (const pictures of [noisePictures(judge.shape, n, 7), constantPictures(judge.shape, n)]) {
      const bad = measured(pictures)
      expect(bad.frechetDistance).toBeGreaterThan(8 * real.frechetDistance)
      expect(bad.precision).toBeLessThan(0.05)
      expect(bad.recall).toBeLessThan(0.05)
      expect(bad.coverage).toBeLessThan(0.05)
      expect(bad.confidence).toBeLessThan(real.confidence)
    }
  })
  it('gives a constant picture to one class, a share of exactly 1', () => {
    expect(measured(constantPictures(judge.shape, n)).classShares.toSorted()).toEqual([0, 1])
  })
  it('finds a Gaussian of the pixels between real images and noise', () => {
    const distance = (pictures: Pictures) => measured(pictures).frechetDistance
    const gaussian = distance(gaussianPictures(train, n, 7))
    expect(gaussian).toBeGreaterThan(2 * distance(realPictures(train, n, 7, 'train')))
    expect(gaussian).toBeLessThan(distance(noisePictures(judge.shape, n, 7)))
  })
  it('sees a missing class in the distance, in recall and in the shares', () => {
    const upright = [...train.labels.keys()].filter((i) => train.labels[i] === 1)
    const pixels = new Uint8Array(n * size)
    for (let i = 0; i < n; i++)
      pixels.set(train.pixels.subarray(upright[i]! * size, (upright[i]! + 1) * size), i * size)
    const half = measured({ count: n, shape: train.shape, pixels })
    const whole = measured(realPictures(train, n, 7, 'train'))
    expect(half.frechetDistance).toBeGreaterThan(5 * whole.frechetDistance)
    expect(half.recall).toBeLessThan(whole.recall - 0.2)
    expect(half.classShares[1]).toBeGreaterThan(0.9)
    expect(whole.classShares[0]! + whole.classShares[1]!).toBeCloseTo(1, 10)
    expect(whole.classShares[1]).toBeLessThan(0.7)
  })
  it('says how it measures', () => {
    expect(judge.protocol).toMatchObject({
      images: n,
      seed: 7,
      set: 'bars',
      split: 'test',
      width: side,
      height: side,
      channels: 1,
      pooledValues: size / 4,
      neighbours: 3,
      coverageNeighbours: 5,
    })
    expect(judge.protocol.classifierAccuracy).toBeGreaterThan(0.95)
  })
})

describe('measurePaired', () => {
  it('is best for the same pictures, worse for noisy ones, worst for noise and a constant', () => {
    const teacher = classified(realPictures(train, n, 7, 'train'))
    const speckled = Uint8Array.from(teacher.pixels, (v, i) => Math.max(0, v - ((i * 37) % 50)))
    const rows = [
      teacher,
      classified({ ...teacher, pixels: speckled }),
      ...[noisePictures(judge.shape, n, 7), constantPictures(judge.shape, n)].map(classified),
    ].map((pictures) => measurePaired(teacher, pictures))
    const [same, noisy, ...bad] = rows as [(typeof rows)[0], (typeof rows)[0], ...typeof rows]
    expect(same).toMatchObject({ psnr: 100, agreement: 1 })
    expect(same.cosine).toBeCloseTo(1, 6)
    expect(same.ssim).toBeCloseTo(1, 6)
    expect(noisy.cosine).toBeGreaterThan(0.9)
    expect(noisy.agreement).toBeGreaterThan(0.9)
    for (const row of bad) {
      for (const measure of ['cosine', 'ssim', 'psnr', 'agreement'] as const)
        expect(row[measure], measure).toBeLessThan(noisy[measure])
    }
  })
})

describe('realPictures', () => {
  it('starts with the same images for any number, other ones for another seed or split', () => {
    const first = (seed: number, split: 'train' | 'test', count: number) =>
      [...realPictures(train, count, seed, split).pixels.subarray(0, 10 * size)].join()
    expect(first(7, 'train', 10)).toBe(first(7, 'train', 50))
    expect(first(7, 'train', 10)).not.toBe(first(8, 'train', 10))
    expect(first(7, 'train', 10)).not.toBe(first(7, 'test', 10))
  })
  it('are no more than there are', () => {
    expect(() => realPictures(test, 201, 7, 'test')).toThrow('201 are asked for, the test split has 200')
  })
})

describe('gaussianPictures', () => {
  it('has the mean and the covariance of the images, and image i whatever their number', () => {
    // two pixels, correlated by construction and far enough from 0 and 255 not to be cut
    const pixels = Uint8Array.from([
      100, 60, 120, 80, 140, 100, 120, 100, 100, 80, 140, 60, 120, 80, 140, 100,
    ])
    const images = { count: 8, shape: [1, 1, 2] as const, pixels, labels: new Uint8Array(8) }
    const moments = (values: Uint8Array) => {
      const rows = values.length / 2
      const mean = [0, 1].map((c) => values.filter((_, i) => i % 2 === c).reduce((s, v) => s + v / rows, 0))
      const product = (a: number, b: number) =>
        Array.from(
          { length: rows },
          (_, n) => (values[2 * n + a]! - mean[a]!) * (values[2 * n + b]! - mean[b]!),
        ).reduce((s, v) => s + v / (rows - 1), 0)
      return { mean, covariance: [product(0, 0), product(0, 1), product(1, 1)] }
    }
    const drawn = gaussianPictures(images, 4000, 7)
    const [wanted, found] = [moments(pixels), moments(drawn.pixels)]
    // 4000 samples: the standard error of a mean of spread 16 is 0.25, of a variance of 260 about 6
    for (const c of [0, 1]) expect(Math.abs(found.mean[c]! - wanted.mean[c]!)).toBeLessThan(1)
    for (const c of [0, 1, 2]) expect(Math.abs(found.covariance[c]! - wanted.covariance[c]!)).toBeLessThan(25)
    expect(gaussianPictures(images, 3, 7).pixels).toEqual(drawn.pixels.slice(0, 6))
  })
})

describe('poolPixels', () => {
  it('averages blocks of pixels to about 200 values, channel by channel', () => {
    // 28x28 -> 14x14; the top left block holds 0, 1, 28, 29
    const pixels = Uint8Array.from({ length: 784 }, (_, i) => i % 256)
    const pooled = poolPixels({ count: 1, shape: [1, 28, 28], pixels })
    expect(pooled).toHaveLength(196)
    expect(pooled[0]).toBe(14.5)
    const colour = poolPixels({
      count: 1,
      shape: [3, 32, 32],
      pixels: Uint8Array.from({ length: 3072 }, (_, i) => Math.floor(i / 1024)),
    })
    expect(colour).toHaveLength(192)
    expect([colour[0], colour[64], colour[191]]).toEqual([0, 1, 2])
  })
})

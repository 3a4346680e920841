import { describe, expect, it } from 'vitest'
import {
  basisStats,
  deadChannels,
  latentWindow,
  scaleRatios,
  signEntropy,
} from '../../../lib/diagnostics/bases'
import { basisFit, gaussianFit } from '../../../lib/diagnostics/basis-fit'
import { weightStats } from '../../../lib/diagnostics/weights'
import { normal } from '../../../lib/math/rng'
import { type BasisScales, postTrainingBinarize, signPlanes } from '../../../lib/quant/binarizer'
import type { LayerPrecision } from '../../../lib/record/precision'
import { golden, numbersIn } from './golden'

const f32 = (values: readonly number[]) => Float32Array.from(values)
const scales = (sigma1: number[], sigma2: number[] | null = null): BasisScales => ({
  sigma1: f32(sigma1),
  sigma2: sigma2 && f32(sigma2),
})
const fit = (v: number[], used: BasisScales) => basisFit(f32(v), signPlanes(f32(v), used), used)!
const dB = (energy: number, noise: number) => 10 * Math.log10(energy / noise)

describe('basisFit', () => {
  it('of one basis by hand: least squares is mean|v|, and what the scale leaves is told in dB', () => {
    // |v| 1, 3: energy 10, error of scale 1: 0 + 4, of the mean 2: 1 + 1
    const found = fit([1, -3], scales([1]))
    expect(found.residualEnergy).toBeCloseTo(0.4, 12)
    expect(found.refitSqnr).toBeCloseTo(dB(10, 2), 12)
    expect(found.bestSqnr).toBeCloseTo(dB(10, 2), 12)
    expect(found.scalesLeft).toBeCloseTo(dB(4, 2), 12)
    expect(found.basesLeft).toBeCloseTo(dB(4, 2), 12)
  })
  it('of two bases by hand: the best are the two means of |v|', () => {
    // |v| 1, 1, 4, 6 split into {1, 1} and {4, 6}: levels 1 and 5, error 2. With scales 2 and 1 the levels are 1 and 3.
    const found = fit([1, -1, 4, -6], scales([2], [1]))
    expect(found.residualEnergy).toBeCloseTo(10 / 54, 12)
    expect(found.bestSqnr).toBeCloseTo(dB(54, 2), 12)
    expect(found.basesLeft).toBeCloseTo(dB(10, 2), 12)
    // the signs of these scales split it the same way, so the scales are all that is wrong
    expect(found.scalesLeft).toBeCloseTo(dB(10, 2), 12)
  })
  it('leaves nothing where the scales are least squares’', () => {
    const w = normal(1, 0, new Float32Array(600))
    const { scales: used, signs } = postTrainingBinarize({ shape: [6, 100], data: w }, 'sign', 1)
    expect(basisFit(w, signs, used)!.scalesLeft).toBeLessThan(1e-6) // mean|w| rounded to float32
  })
  it('of a second plane that repeats the first is the fit of one plane', () => {
    const plane = Int8Array.from([1, -1, 1, 1])
    const v = f32([1, -2, 3, 2])
    const one = basisFit(v, [plane], scales([1]))!
    for (const second of [plane, plane.map((b) => -b)])
      expect(basisFit(v, [plane, second], scales([1], [0]))!.refitSqnr).toBeCloseTo(one.refitSqnr, 12)
  })
  it('tells what the scale of each channel leaves', () => {
    // channel 1: errors 8 and 6 instead of 1 and 1; channel 2 has no weights to hold
    const { left } = fit([1, 3, 1, 3, 0, 0], scales([2, 9, 2]))
    expect(left).toEqual([0, expect.closeTo(dB(100, 2), 5), 0])
  })
  it('ends at 150 dB for weights that are their levels', () => {
    expect(fit([2, -2, 2, -2], scales([2]))).toMatchObject({
      residualEnergy: 0,
      refitSqnr: 150,
      scalesLeft: 0,
    })
  })
  it('is above 1 for bases worse than zeros, and null without energy or with a weight that is not finite', () => {
    expect(fit([1, -1], scales([3])).residualEnergy).toBeCloseTo(4, 12)
    expect(fit([0, 0], scales([1]))).toBe(null)
    expect(fit([1, Number.NaN], scales([1]))).toBe(null)
    expect(fit([1, Number.POSITIVE_INFINITY], scales([1]))).toBe(null)
  })
  it('has on Gaussian weights what binarization of a Gaussian must have', () => {
    // Draws of 2e5: errors to about 0.5 %, 0.02 dB.
    const w = { shape: [1, 200_000], data: normal(5, 0, new Float32Array(200_000)) }
    for (const bases of [1, 2] as const) {
      const { scales: used, signs } = postTrainingBinarize(w, 'lmb', bases)
      const found = basisFit(w.data, signs, used)!
      const { residualEnergy, bestSqnr } = gaussianFit[bases]
      expect(found.residualEnergy).toBeCloseTo(residualEnergy, 2)
      expect(found.bestSqnr).toBeCloseTo(bestSqnr, 1)
      expect(found.basesLeft).toBeCloseTo(Math.max(0, bestSqnr - dB(1, residualEnergy)), 1)
    }
    // mean|w| of a Gaussian is sqrt(2/pi); the best four symmetric levels have the error 0.1175
    expect(gaussianFit[1].residualEnergy).toBeCloseTo(1 - 2 / Math.PI, 4)
    expect(gaussianFit[2].bestSqnr).toBeCloseTo(dB(1, 0.1175), 2)
  })
})

describe('basisStats', () => {
  it.each(golden.bases)(
    'equals NumPy and PyTorch: $name',
    ({ w, teacher, sigma1, sigma2, stats, channels }) => {
      const precision: LayerPrecision = sigma2
        ? { method: 'lmb', bases: 2, activationBits: 4 }
        : { method: 'sign', bases: 1, activationBits: 4 }
      const shape = [channels, w.length / channels]
      const found = weightStats({
        precision,
        stored: { shape, data: f32(w) },
        scales: { sigma1: f32(sigma1), sigma2: sigma2 ? f32(sigma2) : undefined },
        teacher: { shape, data: f32(teacher) },
        ...{ file: 'student', layer: 'conv' },
      }).bases!
      const actual = numbersIn(found)
      // 1e-5 relative; what is next to 0 dB is a difference of dB, absolute to 1e-5
      for (const [path, expected] of numbersIn(stats))
        expect(Math.abs(actual.get(path)! - expected), path).toBeLessThanOrEqual(
          1e-5 * Math.max(Math.abs(expected), /left/i.test(path) ? 1 : 0),
        )
      expect(found.ratio === null).toBe(stats.ratio === null)
    },
  )
  it('says of a packed layer what its signs and scales tell, and nothing of latent weights', () => {
    const found = basisStats({
      used: scales([1, 0.5], [0.5, 0.1]),
      planes: [Int8Array.from([1, 1, 1, -1]), Int8Array.from([1, 1, 1, 1])],
      latent: null,
      teacher: null,
    })!
    expect(found).toEqual({
      perChannel: 2,
      positive: [
        [2, 1],
        [2, 2],
      ],
      entropy: [
        { min: 0, median: 0.5, max: 1 },
        { min: 0, median: 0, max: 0 },
      ],
      ratio: { min: expect.closeTo(0.2, 6), median: expect.closeTo(0.35, 6), max: 0.5 },
      dead: 0,
      latent: null,
      teacher: null,
    })
  })
  it('is null where the scales are not finite', () => {
    const planes = [Int8Array.from([1])]
    expect(basisStats({ used: scales([Number.NaN]), planes, latent: null, teacher: null })).toBe(null)
  })
})

it('signEntropy is 1 bit for balanced signs, 0 for equal ones, 0.8113 for a quarter', () => {
  expect([0, 0.5, 1].map(signEntropy)).toEqual([0, 1, 0])
  expect(signEntropy(0.25)).toBeCloseTo(0.811278, 6)
})

it('scaleRatios leave out channels without a first basis', () => {
  expect(scaleRatios([2, 0, 4], [1, 1, 1])).toEqual([0.5, 0.25])
  expect(scaleRatios([0], [0])).toEqual([])
})

it('deadChannels are those at zero or far below the largest level', () => {
  expect(deadChannels(scales([1, 0.04, 0, 0.06]))).toBe(2)
  expect(deadChannels(scales([1, 0.04], [0, 0.5]))).toBe(0)
  expect(deadChannels(scales([0, 0]))).toBe(2)
})

describe('latentWindow', () => {
  it('counts weights beyond 1, which is inside, and those within a tenth of the mean |w| of their channel', () => {
    // means |w| 1 and 1: near zero below 0.1
    expect(latentWindow(f32([1, 1, -1, 1.09, 0.5, -2.4, 0.05, 1.05]), 2)).toEqual({
      outside: 3 / 8,
      nearZero: 1 / 8,
    })
  })
  it('has on Gaussian weights the shares of the error function', () => {
    // 2 Phi(0.0798) - 1 and 2 Phi(-1); 2e5 draws: standard deviation 0.001
    const { outside, nearZero } = latentWindow(normal(9, 0, new Float32Array(200_000)), 1)
    expect(nearZero).toBeCloseTo(0.0636, 2)
    expect(outside).toBeCloseTo(0.3173, 2)
  })
  it('counts a weight that is NaN as outside: it gets no gradient', () => {
    expect(latentWindow(f32([Number.NaN, 0.5]), 1).outside).toBe(0.5)
  })
})

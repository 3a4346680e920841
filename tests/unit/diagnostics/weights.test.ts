import { describe, expect, it } from 'vitest'
import { histogramBins, weightStats } from '../../../lib/diagnostics/weights'
import { normal } from '../../../lib/math/rng'
import { postTrainingBinarize } from '../../../lib/quant/binarizer'
import { fullPrecisionLayer, type LayerPrecision } from '../../../lib/record/precision'

const tensor = (shape: number[], values: number[]) => ({ shape, data: Float32Array.from(values) })
const sign: LayerPrecision = { method: 'sign', bases: 1, activationBits: 4 }
const lmb: LayerPrecision = { method: 'lmb', bases: 2, activationBits: 4 }
const whose = { file: 'student', layer: 'conv' }

describe('weightStats', () => {
  // Two channels of two weights; the teacher differs in one sign.
  const latent = tensor([2, 2], [1, -3, 2, 4])
  const teacher = tensor([2, 2], [1, 3, 2, 4])

  it('compares what a binarized layer computes with, not its latent weights', () => {
    const scales = { sigma1: Float32Array.from([2, 3]), alpha: 0.5 }
    const stats = weightStats({ precision: sign, stored: latent, scales, teacher, ...whose })
    // Effective weights 2, -2, 3, 3.
    expect(stats.sigma1).toEqual([2, 3])
    expect(stats.sigma2).toBe(null)
    expect(stats.levelShares).toEqual([0.25, 0.75])
    expect(stats.alpha).toBe(0.5)
    expect(stats.flips).toBe(0.25)
    // Noise 1 + 1 + 1 + 1 of energy 30; against the teacher 1 + 25 + 1 + 1.
    expect(stats.reconstruction!.sqnr).toBeCloseTo(10 * Math.log10(30 / 4), 12)
    expect(stats.reconstruction!.cosine).toBeCloseTo((2 + 6 + 6 + 12) / Math.sqrt(30 * 26), 12)
    expect(stats.againstTeacher!.sqnr).toBeCloseTo(10 * Math.log10(30 / 28), 12)
    expect(stats.againstTeacher!.cosine).toBeCloseTo((2 - 6 + 6 + 12) / Math.sqrt(30 * 26), 12)
    expect(stats.latent!.moments).toMatchObject({ count: 4, mean: 1, min: -3, max: 4 })
    expect(stats.teacher!.moments).toMatchObject({ count: 4, mean: 2.5, min: 1, max: 4 })
  })
  it('has four levels with two bases, and bins that hold the outermost', () => {
    const scales = { sigma1: Float32Array.from([2, 3]), sigma2: Float32Array.from([1, 9]), alpha: 0.5 }
    const stats = weightStats({ precision: lmb, stored: latent, scales, teacher, ...whose })
    // Residuals -1, -1, -1, 1: levels s1-s2, -s1-s2, s1-s2, s1+s2.
    expect(stats.levelShares).toEqual([0.25, 0, 0.5, 0.25])
    expect(stats.sigma2).toEqual([1, 9])
    expect(stats.latent!.histogram).toMatchObject({ lo: -12, hi: 12 })
    expect(stats.latent!.histogram.counts.reduce((a, b) => a + b)).toBe(4)
  })
  it('gives latent and teacher weights the same bins, without the last thousandth at either end', () => {
    const wild = normal(1, 0, new Float32Array(4000))
    wild[0] = 1000
    const student = { shape: [2, 2000], data: wild }
    const stats = weightStats({
      precision: fullPrecisionLayer,
      stored: student,
      scales: {},
      teacher: { shape: [2, 2000], data: wild.map((v) => v * 2) },
      ...whose,
    })
    const { lo, hi, counts } = stats.latent!.histogram
    expect(counts).toHaveLength(histogramBins)
    expect(stats.teacher!.histogram).toMatchObject({ lo, hi })
    // Quantiles of a Gaussian of deviation 2 at 0.1 %: about 6.2, over 4000 draws to within one.
    expect(Math.abs(hi - 6.2)).toBeLessThan(1)
    expect(stats.latent!.moments.max).toBe(1000)
    expect(counts.reduce((a, b) => a + b)).toBe(3999)
  })
  it('leaves out for a full-precision layer what only binarized ones have', () => {
    const stats = weightStats({
      precision: fullPrecisionLayer,
      stored: latent,
      scales: {},
      teacher,
      ...whose,
    })
    expect(stats).toMatchObject({
      sigma1: null,
      sigma2: null,
      levelShares: null,
      alpha: null,
      reconstruction: null,
    })
    expect(stats.againstTeacher!.sqnr).toBeCloseTo(10 * Math.log10(30 / 36), 12)
    expect(stats.flips).toBe(0.25)
  })
  it('has nothing about a teacher without one', () => {
    const stats = weightStats({
      precision: fullPrecisionLayer,
      stored: latent,
      scales: {},
      teacher: null,
      ...whose,
    })
    expect(stats).toMatchObject({ teacher: null, againstTeacher: null, flips: null })
  })
  it('finds on Gaussian weights the scales and errors that one and two bases must have', () => {
    const w = { shape: [1, 200_000], data: normal(5, 0, new Float32Array(200_000)) }
    const stats = (precision: LayerPrecision, bases: 1 | 2) => {
      const { sigma1, sigma2 } = postTrainingBinarize(w, 'lmb', bases).scales
      const scales = { sigma1, sigma2: sigma2 ?? undefined, alpha: 1 }
      return weightStats({ precision, stored: w, scales, teacher: null, ...whose })
    }
    const [one, two] = [stats({ ...lmb, bases: 1 }, 1), stats(lmb, 2)]
    // sqrt(2/pi); errors 0.3634 and 0.1306 of the variance; cosine sqrt(2/pi) and 0.9324. 2e5 draws: to 1 %.
    expect(one.sigma1![0]).toBeCloseTo(0.7979, 2)
    expect(two.sigma2![0]).toBeCloseTo(0.4825, 2)
    expect(10 ** (-one.reconstruction!.sqnr! / 10)).toBeCloseTo(0.3634, 2)
    expect(10 ** (-two.reconstruction!.sqnr! / 10)).toBeCloseTo(0.1306, 2)
    expect(one.reconstruction!.cosine).toBeCloseTo(0.7979, 2)
    expect(two.reconstruction!.cosine).toBeCloseTo(0.9324, 2)
  })
  it('says what it can of weights that are not finite', () => {
    const broken = tensor([1, 2], [Number.NaN, 1])
    const stats = weightStats({
      precision: { method: 'xnor', bases: 1, activationBits: 32 },
      stored: broken,
      scales: {},
      teacher: tensor([1, 2], [1, 1]),
      ...whose,
    })
    expect(stats.sigma1).toBe(null)
    expect(stats.againstTeacher).toEqual({ sqnr: null, cosine: null })
    expect(stats.latent!.moments).toMatchObject({ count: 1, nonFinite: 1 })
  })
  it('refuses a layer whose scale is missing', () => {
    expect(() => weightStats({ precision: sign, stored: latent, scales: {}, teacher, ...whose })).toThrow(
      'student: conv.sigma1: the scale is missing',
    )
  })
})

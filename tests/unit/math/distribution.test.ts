import { describe, expect, it } from 'vitest'
import { finiteExtent, histogram } from '../../../lib/math/histogram'
import { moments } from '../../../lib/math/moments'
import { quantiles } from '../../../lib/math/quantiles'
import { normal } from '../../../lib/math/rng'
import { valuesInTails } from '../../../lib/math/tails'

const f32 = (values: number[]) => Float32Array.from(values)

describe('histogram', () => {
  it('closes the last bin and opens the others', () => {
    expect(histogram(f32([0, 1, 2, 3, 4]), 4)).toEqual({ lo: 0, hi: 4, counts: [1, 1, 1, 2] })
  })
  it('leaves out what is not finite or outside the domain', () => {
    const x = f32([Number.NaN, Infinity, -Infinity, -1, 0.5, 2, 3])
    expect(histogram(x, 2, [0, 2])).toEqual({ lo: 0, hi: 2, counts: [1, 1] })
    expect(histogram(x, 2)).toEqual({ lo: -1, hi: 3, counts: [2, 2] })
  })
  it('counts equal values and has bins for none', () => {
    expect(histogram(f32([2, 2, 2]), 3)).toEqual({ lo: 1.5, hi: 2.5, counts: [0, 3, 0] })
    expect(histogram(f32([]), 2)).toEqual({ lo: 0, hi: 1, counts: [0, 0] })
  })
  it('counts every value of a large sample once', () => {
    const { counts } = histogram(normal(1, 0, new Float32Array(10_000)), 61)
    expect(counts.reduce((s, c) => s + c, 0)).toBe(10_000)
  })
  it('refuses a domain without width', () => {
    expect(() => histogram(f32([1]), 2, [1, 1])).toThrow('histogram over [1, 1]')
  })
})

describe('finiteExtent', () => {
  it('spans all arrays and ignores NaN and infinities', () => {
    expect(finiteExtent(f32([1, Number.NaN]), f32([-2, Infinity, -Infinity]))).toEqual([-2, 1])
  })
  it('is null for no finite value', () => {
    expect(finiteExtent(f32([Number.NaN, -Infinity]), f32([]))).toBe(null)
  })
})

describe('moments', () => {
  it('of 1, 2, 3, 6', () => {
    // Deviations -2, -1, 0, 3: squares 14, fourths 98.
    expect(moments(f32([1, 2, 3, 6]))).toEqual({
      count: 4,
      mean: 3,
      std: Math.sqrt(14 / 4),
      min: 1,
      max: 6,
      meanAbs: 3,
      kurtosis: 98 / 4 / (14 / 4) ** 2,
      nonFinite: 0,
    })
  })
  it('leave out what is not finite and count it', () => {
    const { count, mean, meanAbs, nonFinite } = moments(f32([Number.NaN, -1, Infinity, -3]))
    expect({ count, mean, meanAbs, nonFinite }).toEqual({ count: 2, mean: -2, meanAbs: 2, nonFinite: 2 })
  })
  it('have no kurtosis for equal values and nothing for none', () => {
    expect(moments(f32([2, 2]))).toMatchObject({ std: 0, kurtosis: null })
    expect(moments(f32([Number.NaN]))).toMatchObject({ count: 0, nonFinite: 1, kurtosis: null })
  })
  it('do not cancel around a large mean', () => {
    // 4096 +- 2^-11 is exact in float32; float32 sums of squares would lose it.
    const x = f32(Array.from({ length: 1000 }, (_, i) => 4096 + (i % 2 ? 1 : -1) / 2048))
    expect(moments(x).std).toBeCloseTo(1 / 2048, 12)
  })
  it('of a Gaussian are 0, 1, 0.798 and 3', () => {
    const m = moments(normal(5, 0, new Float32Array(200_000)))
    // Five standard errors at 200,000 draws: sqrt(1/n), sqrt(1/2n), sqrt(0.363/n), sqrt(24/n).
    expect(Math.abs(m.mean)).toBeLessThan(0.0112)
    expect(Math.abs(m.std - 1)).toBeLessThan(0.008)
    expect(Math.abs(m.meanAbs - Math.sqrt(2 / Math.PI))).toBeLessThan(0.007)
    expect(Math.abs((m.kurtosis ?? 0) - 3)).toBeLessThan(0.055)
  })
})

describe('quantiles', () => {
  it('interpolate between neighbours', () => {
    expect(quantiles(f32([4, 1, 3, 2]), [0, 0.25, 0.5, 1])).toEqual([1, 1.75, 2.5, 4])
  })
  it('ignore what is not finite and leave the input as it was', () => {
    const x = f32([3, Number.NaN, 1, Infinity, -Infinity, 2])
    expect(quantiles(x, [0, 0.5, 1])).toEqual([1, 2, 3])
    expect([...x]).toEqual([3, Number.NaN, 1, Infinity, -Infinity, 2])
  })
  it('of many values are those of the sorted ones, whatever is mixed in', () => {
    const x = normal(2, 0, new Float32Array(40_000))
    x.set([Number.NaN, Infinity, -Infinity, 0, -0, 1e-42, -1e-42, 3e38, -3e38])
    x.fill(0.25, 100, 9000)
    const sorted = x.filter(Number.isFinite).sort()
    const at = [0, 0.001, 0.3, 0.5, 0.7, 0.999, 1].map((p) => p * (sorted.length - 1))
    const expected = at.map((rank) => {
      const [low, high] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!]
      return low + (rank % 1) * (high - low)
    })
    const found = quantiles(x, [0, 0.001, 0.3, 0.5, 0.7, 0.999, 1])!
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 12)
    })
    expect(quantiles(new Float32Array(20_000).fill(2), [0, 0.5, 1])).toEqual([2, 2, 2])
    expect(quantiles(new Float32Array(20_000).fill(Number.NaN), [0.5])).toBe(null)
  })
  it('at the ends of many finite values are those of the sorted ones, with periods, ties and outliers', () => {
    const random = () => normal(5, 0, new Float32Array(90_000))
    const kinds: Record<string, Float32Array> = {
      random: random(),
      periodic: random().map((v, i) => (i % 9 === 4 ? 100 * v : v)),
      rising: random().map((_, i) => i),
      'two values': random().map((v) => (v < 0 ? -0.5 : 0.5)),
      outliers: random().map((v, i) => (i > 89_900 ? 1e6 * v : 0)),
    }
    for (const [kind, x] of Object.entries(kinds)) {
      const sorted = x.slice().sort()
      const expected = [0, 90, 89_909, 89_999].map((rank) => sorted[rank]!)
      const found = quantiles(
        x,
        [0, 90, 89_909, 89_999].map((rank) => rank / 89_999),
      )!
      found.forEach((value, i) => {
        expect(value, kind).toBeCloseTo(expected[i]!, 7)
      })
    }
  })
  it('at the ends come without sorting, unless the values do not allow it', () => {
    const x = normal(5, 0, new Float32Array(90_000))
    const sorted = x.slice().sort()
    const ranks = [0, 89, 90, 89_910, 89_999]
    expect(valuesInTails(x, ranks)).toEqual(new Map(ranks.map((rank) => [rank, sorted[rank]!])))
    expect(valuesInTails(x, [0, 45_000])).toBeNull()
    expect(valuesInTails(x.map(Math.sign), [0])).toBeNull()
    x[7] = Number.NaN
    expect(valuesInTails(x, [0])).toBeNull()
  })
  it('are null without a finite value', () => {
    expect(quantiles(f32([Number.NaN]), [0.5])).toBe(null)
  })
  it('refuse a probability outside [0, 1]', () => {
    expect(() => quantiles(f32([1]), [1.5])).toThrow('quantile at 1.5')
  })
})

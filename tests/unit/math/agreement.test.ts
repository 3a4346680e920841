import { describe, expect, it } from 'vitest'
import { agreement, cosine, sqnr } from '../../../lib/math/agreement'
import { normal } from '../../../lib/math/rng'

const f32 = (values: number[]) => Float32Array.from(values)

describe('agreement', () => {
  it('of 3, 4 with 3, 3 by hand', () => {
    // Energy 25, noise 1; 21 / (5 * sqrt(18)).
    const { sqnr, cosine } = agreement(f32([3, 4]), f32([3, 3]))
    expect(sqnr).toBeCloseTo(10 * Math.log10(25), 12)
    expect(cosine).toBeCloseTo(21 / (5 * Math.sqrt(18)), 12)
  })
  it('of equal vectors is the ceiling of 150 dB and cosine 1', () => {
    const x = normal(1, 0, new Float32Array(100))
    const { sqnr, cosine } = agreement(x, x)
    expect(sqnr).toBe(150)
    expect(cosine).toBeCloseTo(1, 12)
  })
  it('of opposite vectors is -6 dB and cosine -1', () => {
    const { sqnr, cosine } = agreement(f32([1, 2]), f32([-1, -2]))
    expect(sqnr).toBeCloseTo(-10 * Math.log10(4), 12)
    expect(cosine).toBeCloseTo(-1, 12)
  })
  it('with zeros is 0 dB and has no cosine', () => {
    expect(agreement(f32([1, 2]), f32([0, 0]))).toEqual({ sqnr: 0, cosine: null })
  })
  it('has no value for a reference without energy or for anything not finite', () => {
    const none = { sqnr: null, cosine: null }
    expect(agreement(f32([0, 0]), f32([1, 2]))).toEqual(none)
    expect(agreement(f32([]), f32([]))).toEqual(none)
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      expect(agreement(f32([1, bad]), f32([1, 2]))).toEqual(none)
      expect(agreement(f32([1, 2]), f32([1, bad]))).toEqual(none)
      expect(agreement(f32([1, bad]), f32([1, bad]))).toEqual(none)
    }
  })
  it('does not overflow or vanish at the ends of float32', () => {
    expect(agreement(f32([3e38, 3e38]), f32([3e38, -3e38]))).toMatchObject({ cosine: 0 })
    expect(cosine(f32([1e-40, 0]), f32([1e-40, 1e-40]))).toBeCloseTo(Math.SQRT1_2, 12)
  })
  it('falls by 20 dB when noise grows tenfold', () => {
    const x = normal(1, 0, new Float32Array(1000))
    const e = normal(1, 1, new Float32Array(1000))
    const noisy = (scale: number) => x.map((v, i) => v + scale * e[i]!)
    // float32 rounding of the noisy vector moves either by far less than 0.01 dB.
    expect(sqnr(x, noisy(0.01))! - sqnr(x, noisy(0.1))!).toBeCloseTo(20, 2)
  })
  it('refuses vectors of different lengths', () => {
    expect(() => agreement(f32([1]), f32([1, 2]))).toThrow('vectors of 1 and 2 elements')
  })
})

import { describe, expect, it } from 'vitest'
import {
  channelPeaks,
  inputUse,
  stepFactors,
  stepLeft,
  stepSqnrs,
} from '../../../lib/diagnostics/activation-use'
import { agreement } from '../../../lib/math/agreement'
import { normal } from '../../../lib/math/rng'
import { lsq } from '../../../lib/quant/lsq'

const f32 = (values: number[]) => Float32Array.from(values)

describe('use of the codes of an input', () => {
  it('is by hand that of round(clamp(x/alpha)), halves to even', () => {
    // x/alpha: -9 (below), -8, -0.5 -> 0, 0.5 -> 0, 1.5 -> 2, 2.5 -> 2, 7, 7.6 (above)
    const x = f32([-9, -8, -0.5, 0.5, 1.5, 2.5, 7, 7.6].map((v) => v * 0.25))
    const { min, max, codes, clipped } = inputUse(x, 1, [0, 1], { alpha: 0.25, bits: 4 })
    expect([min, max]).toEqual([-2.25, Math.fround(1.9)])
    const expected = new Array<number>(16).fill(0)
    Object.assign(expected, { 0: 2 / 8, 8: 2 / 8, 10: 2 / 8, 15: 2 / 8 })
    expect(codes).toEqual(expected)
    expect(clipped).toEqual([1 / 8, 1 / 8])
  })
  it('is what the quantizer itself makes of the values', () => {
    const x = normal(4, 0, new Float32Array(2000))
    const alpha = 0.21
    const { codes } = inputUse(x, 4, [0, 4], { alpha, bits: 4 })
    const counts = new Array<number>(16).fill(0)
    for (const v of lsq(x, alpha, 4)) counts[Math.round(v / alpha) + 8]! += 1 / 2000
    codes!.forEach((share, i) => {
      expect(share).toBeCloseTo(counts[i]!, 12)
    })
  })
  it('tells 8-bit codes in groups of 16', () => {
    const { codes } = inputUse(f32([-128, -113, -112, 127]), 1, [0, 1], { alpha: 1, bits: 8 })
    expect(codes!.slice(0, 2)).toEqual([0.5, 0.25])
    expect(codes![15]).toBe(0.25)
  })
  it('looks at the channels asked for alone', () => {
    const x = f32([1, -50, 2, 60])
    expect(inputUse(x, 2, [0, 1], null)).toEqual({ min: 1, max: 2, codes: null, clipped: null })
    expect(inputUse(x, 2, [1, 2], null)).toMatchObject({ min: -50, max: 60 })
    expect(channelPeaks(x, 2)).toEqual([2, 60])
  })
  it('leaves out what is not finite', () => {
    const use = inputUse(f32([Number.NaN, 0.3, Infinity]), 1, [0, 1], { alpha: 1, bits: 4 })
    expect(use).toMatchObject({ min: Math.fround(0.3), max: Math.fround(0.3), clipped: [0, 0] })
    expect(inputUse(f32([Number.NaN]), 1, [0, 1], null).min).toBeNaN()
  })
})

describe('what a better step would gain', () => {
  const x = normal(2, 0, new Float32Array(5000))
  it('is tried with a quarter to four times the step in use', () => {
    const sqnrs = stepSqnrs(x.subarray(0, 4096), { alpha: 0.4, bits: 4 })
    stepFactors.forEach((factor, i) => {
      const other = lsq(x.subarray(0, 4096), 0.4 * factor, 4)
      expect(sqnrs[i]).toBe(agreement(x.subarray(0, 4096), other).sqnr)
    })
    expect([stepFactors[0], stepFactors[4], stepFactors[8]]).toEqual([0.25, 1, 4])
  })
  it('is that of the one step that is best on the mean over timesteps, by hand', () => {
    const rows = stepFactors.map(() => [1, 1])
    rows[4] = [10, 12]
    rows[6] = [15, 11]
    expect(stepLeft(rows)).toEqual([5, -1])
    rows[6] = [11, 10]
    expect(stepLeft(rows)).toEqual([0, 0])
    expect(stepLeft(rows.map(([a]) => [a!, null]))[1]).toBeNull()
  })
  it('is not known of an input that is zero or not finite', () => {
    expect(stepSqnrs(f32([0, 0]), { alpha: 1, bits: 4 })[0]).toBeNull()
    expect(stepSqnrs(f32([1, Number.NaN]), { alpha: 1, bits: 4 })[0]).toBeNull()
  })
})

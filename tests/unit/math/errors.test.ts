import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  addSums,
  channelSums,
  errorMeasures,
  errorSums,
  histogramDivergence,
  tailMeasures,
} from '../../../lib/math/errors'
import { normal } from '../../../lib/math/rng'
import { linearCka, principalAngles } from '../../../lib/math/subspace'

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../golden/errors.json'), 'utf8')) as {
  errors: (Record<string, number> & { x: number[]; y: number[]; channelSqnr: number[] })[]
  subspaces: { channels: number; a: number[]; b: number[]; degrees: number[] }[]
}
const f32 = (values: number[]) => Float32Array.from(values)
const near = (actual: number | null, expected: number) =>
  expect(Math.abs(actual! - expected)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected)))

describe('error measures', () => {
  it('are those of PyTorch’s Numeric Suite, NumPy and ONNX Runtime’s formula', () => {
    for (const { x, y, channels, ...expected } of golden.errors) {
      const [a, b] = [f32(x), f32(y)]
      const measures = errorMeasures(errorSums(a, b))
      near(measures.sqnr, expected.sqnr!)
      near(measures.sqnr, expected.onnxruntimeSqnr!)
      near(measures.cosine, expected.cosine!)
      near(measures.normalizedL2, expected.normalizedL2!)
      near(measures.mse, expected.mse!)
      near(measures.maxAbs, expected.maxAbs!)
      const tails = tailMeasures(a, b)
      near(tails.p99Abs, expected.p99Abs!)
      near(tails.kl, expected.kl!)
      near(linearCka(a, b, x.length / channels!), expected.cka!)
      const perChannel = channelSums(a, b, channels!).map((sums) => errorMeasures(sums).sqnr)
      perChannel.forEach((sqnr, c) => {
        near(sqnr, expected.channelSqnr[c]!)
      })
    }
  })
  it('of the whole are those of its channels together', () => {
    const [a, b] = [normal(1, 0, new Float32Array(120)), normal(1, 1, new Float32Array(120))]
    const [whole, parts] = [errorSums(a, b), addSums(channelSums(a, b, 5))]
    for (const name of ['count', 'energy', 'otherEnergy', 'product', 'noise', 'largest'] as const)
      expect(parts[name]).toBeCloseTo(whole[name], 10)
  })
  it('of equal vectors are those of no error', () => {
    const x = normal(1, 0, new Float32Array(96))
    const { cosine, ...measures } = errorMeasures(errorSums(x, x))
    expect(measures).toEqual({ sqnr: 150, normalizedL2: 0, mse: 0, maxAbs: 0 })
    expect(cosine).toBeCloseTo(1, 12)
    expect(tailMeasures(x, x)).toEqual({ p99Abs: 0, kl: 0 })
    expect(linearCka(x, x, 24)).toBeCloseTo(1, 12)
  })
  it('against a reference of zeros have no ratio, but a difference', () => {
    const measures = errorMeasures(errorSums(f32([0, 0]), f32([3, -4])))
    expect(measures).toEqual({ sqnr: null, cosine: null, normalizedL2: null, mse: 12.5, maxAbs: 4 })
  })
  it('are not measured on what is not finite, nor on nothing', () => {
    const none = { sqnr: null, cosine: null, normalizedL2: null, mse: null, maxAbs: null }
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      expect(errorMeasures(errorSums(f32([1, bad]), f32([1, 2])))).toEqual(none)
      expect(errorMeasures(errorSums(f32([1, 2]), f32([1, bad])))).toEqual(none)
      expect(tailMeasures(f32([1, bad]), f32([1, 2]))).toEqual({ p99Abs: null, kl: null })
      expect(linearCka(f32([1, bad]), f32([1, 2]), 2)).toBeNull()
    }
    expect(errorMeasures(addSums([]))).toEqual(none)
  })
  it('see a shifted histogram by a larger divergence, and none in two equal constants', () => {
    const x = normal(1, 0, new Float32Array(4000))
    const shifted = (by: number) =>
      histogramDivergence(
        x,
        x.map((v) => v + by),
      )!
    expect(shifted(0.5)).toBeGreaterThan(shifted(0.1))
    expect(histogramDivergence(f32([2, 2]), f32([2, 2]))).toBe(0)
  })
})

describe('subspaces', () => {
  it('have the principal angles NumPy finds from their projections', () => {
    for (const { channels, a, b, degrees } of golden.subspaces) {
      const found = principalAngles(f32(a), f32(b), channels)
      // float32 axes: an arc cosine near 1 has half the digits
      found.forEach((angle, i) => {
        expect(Math.abs(angle - degrees[i]!)).toBeLessThan(degrees[i]! < 1 ? 0.05 : 1e-4)
      })
    }
  })
  it('that are the same have angles of 0, that share nothing of 90', () => {
    const [x, y] = [f32([1, 0, 0]), f32([0, 1, 0])]
    expect(principalAngles(x, x, 3)).toEqual([0])
    expect(principalAngles(x, y, 3)).toEqual([90])
  })
  it('of other sizes are refused', () => {
    expect(() => principalAngles(f32([1, 0]), f32([1]), 2)).toThrow(RangeError)
    expect(() => linearCka(f32([1, 0]), f32([1, 2, 3]), 2)).toThrow(RangeError)
  })
})

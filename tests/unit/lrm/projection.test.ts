import { tensor, tensor2d } from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { describe, expect, it } from 'vitest'
import { energyOf, lowRankAlignment } from '../../../lib/lrm/alignment'
import { fitAxes, projectFeatures, rankOf } from '../../../lib/lrm/projection'
import { project } from '../../../lib/math/pca'
import { normal } from '../../../lib/math/rng'

const f32 = (values: number[]) => Float32Array.from(values)

describe('rankOf', () => {
  it('is a quarter of the channels, and never 0', () => {
    expect([1, 3, 4, 32, 128].map((c) => rankOf(c))).toEqual([1, 1, 1, 8, 32])
  })
})

describe('fitAxes', () => {
  it('takes axes over channels without centring', () => {
    // All positions are (3, 4, 0, 0): centred features would have no axis at all.
    const axes = fitAxes(f32([3, 4, 0, 0, 3, 4, 0, 0]), 4)!
    // The second moment is exact; the eigenvector is rounded to float32.
    expect([...axes].map((v) => Math.round(v * 1e6) / 1e6 + 0)).toEqual([0.6, 0.8, 0, 0])
  })
  it('has none for features that are not finite', () => {
    expect(fitAxes(f32([1, Number.NaN, 0, 0]), 4)).toBe(null)
  })
})

describe('projectFeatures', () => {
  it('does on the backend what the reference does on the host, for features of any rank', () => {
    const features = normal(1, 0, new Float32Array(2 * 3 * 3 * 8))
    const axes = fitAxes(features, 8)!
    const projected = projectFeatures(tensor(features, [2, 3, 3, 8]), tensor2d(axes, [8, 2]))
    expect(projected.shape).toEqual([18, 2])
    const expected = project(features, axes, 8)
    // Sums of 8 products of size one in float32.
    projected.dataSync().forEach((v, i) => {
      expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-6)
    })
  })
})

describe('lowRankAlignment', () => {
  it('tells the cosine on the axes and the share of energy they hold', () => {
    // Features (3, 4) and (3, -4) projected on the first channel: equal there, 9 of 25 of the energy.
    const onFirst = { values: f32([3]), energy: 25 }
    const aligned = lowRankAlignment(onFirst, onFirst)
    expect(aligned.cosine).toBeCloseTo(1, 12)
    expect(aligned.teacherEnergy).toBeCloseTo(9 / 25, 12)
    expect(aligned.studentEnergy).toBeCloseTo(9 / 25, 12)
  })
  it('tells the networks apart', () => {
    const teacher = { values: f32([1, 0]), energy: 1 }
    const student = { values: f32([1, 1]), energy: 8 }
    const aligned = lowRankAlignment(teacher, student)
    expect(aligned.cosine).toBeCloseTo(Math.SQRT1_2, 12)
    expect(aligned.teacherEnergy).toBe(1)
    expect(aligned.studentEnergy).toBe(0.25)
  })
  it('is not measured without energy', () => {
    const nothing = { values: f32([0]), energy: 0 }
    expect(lowRankAlignment(nothing, nothing)).toEqual({
      cosine: null,
      teacherEnergy: null,
      studentEnergy: null,
    })
  })
  it('sums energies as squares', () => {
    expect(energyOf(f32([1, -2, 3]))).toBe(14)
  })
})

import { describe, expect, it } from 'vitest'
import { leadingAxes, project, projectionEnergy, secondMoment } from '../../../lib/math/pca'
import { normal } from '../../../lib/math/rng'

const f32 = (values: number[]) => Float32Array.from(values)

describe('pca', () => {
  it('takes the second moment over channels without centring', () => {
    // Rows (1, 2) and (3, 0): ((1 + 9)/2, 2/2; 2/2, 4/2). Centred it would be (1, -1; -1, 1).
    expect([...secondMoment(f32([1, 2, 3, 0]), 2)]).toEqual([5, 1, 1, 2])
  })
  it('finds the axes of a diagonal moment in descending order', () => {
    const axes = leadingAxes(Float64Array.from([1, 0, 0, 0, 9, 0, 0, 0, 4]), 3, 2)
    // Columns e_1 and e_2 of C = 3, k = 2.
    expect([...axes!].map((v) => v + 0)).toEqual([0, 0, 1, 0, 0, 1])
  })
  it('gives each axis its largest component positive', () => {
    // Largest eigenvalue 3 at (1, -1)/sqrt(2) of (2, -1; -1, 2): one of the two signs is the rule's.
    const axes = leadingAxes(Float64Array.from([2, -1, -1, 2]), 2, 1)!
    expect(Math.abs(axes[0]!)).toBeCloseTo(Math.SQRT1_2, 6)
    expect(axes[0]! * axes[1]!).toBeCloseTo(-0.5, 6)
    const skewed = leadingAxes(Float64Array.from([1, -2, -2, 4]), 2, 1)!
    expect(skewed[1]).toBeGreaterThan(0)
  })
  it('finds axes that are orthonormal and eigenvectors', () => {
    const C = 12
    const features = normal(4, 0, new Float32Array(50 * C)).map((v, i) => v * (1 + (i % C)))
    const moment = secondMoment(features, C)
    const axes = leadingAxes(moment, C, C)!
    const column = (j: number) => Array.from({ length: C }, (_, i) => axes[i * C + j]!)
    const dot = (a: number[], b: number[]) => a.reduce((s, v, i) => s + v * b[i]!, 0)
    let last = Infinity
    for (let j = 0; j < C; j++) {
      const image = Array.from({ length: C }, (_, i) => dot([...moment.slice(i * C, i * C + C)], column(j)))
      const value = dot(column(j), image)
      expect(value).toBeLessThanOrEqual(last)
      last = value
      // Axes are float32: components to 6e-8 of moments up to about 300.
      image.forEach((v, i) => {
        expect(Math.abs(v - value * column(j)[i]!)).toBeLessThan(1e-3)
      })
      for (let l = 0; l < C; l++) expect(dot(column(j), column(l))).toBeCloseTo(j === l ? 1 : 0, 6)
    }
  })
  it('projects features on axes', () => {
    // (1, 2, 3) and (4, 5, 6) on e_2 and e_0.
    const axes = f32([0, 1, 0, 0, 1, 0])
    expect([...project(f32([1, 2, 3, 4, 5, 6]), axes, 3)]).toEqual([3, 1, 6, 4])
  })
  it('holds all energy of features of low rank in as many axes, and the share it says of others', () => {
    const line = secondMoment(f32([1, 2, 2, 4, -3, -6]), 2)
    expect(projectionEnergy(line, leadingAxes(line, 2, 1)!, 2)).toBeCloseTo(1, 6)
    const diagonal = Float64Array.from([1, 0, 0, 3])
    expect(projectionEnergy(diagonal, leadingAxes(diagonal, 2, 1)!, 2)).toBeCloseTo(0.75, 6)
  })
  it('says of another network what its projected features hold', () => {
    const teacher = normal(4, 0, new Float32Array(40 * 6))
    const student = normal(4, 1, new Float32Array(40 * 6))
    const axes = leadingAxes(secondMoment(teacher, 6), 6, 2)!
    const energy = (x: Float32Array) => x.reduce((s, v) => s + v * v, 0)
    const share = energy(project(student, axes, 6)) / energy(student)
    expect(projectionEnergy(secondMoment(student, 6), axes, 6)).toBeCloseTo(share, 6)
  })
  it('has no axes and no energy where features are not finite or zero', () => {
    const broken = secondMoment(f32([1, Number.NaN]), 2)
    expect(leadingAxes(broken, 2, 1)).toBe(null)
    expect(projectionEnergy(broken, f32([1, 0]), 2)).toBe(null)
    const zero = secondMoment(new Float32Array(4), 2)
    expect(projectionEnergy(zero, leadingAxes(zero, 2, 1)!, 2)).toBe(null)
  })
  it('refuses features that are no rows of C', () => {
    expect(() => secondMoment(f32([1, 2, 3]), 2)).toThrow('3 values are no rows of 2 channels')
  })
})

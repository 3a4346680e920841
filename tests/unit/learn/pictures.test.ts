import { describe, expect, test } from 'vitest'
import { gridFit, inputs, startOf } from '../../../app/_learn/lsq-grid'
import { axisFit, principalAngle, studentCloud, teacherCloud } from '../../../app/_learn/projection'
import { firstRow, penaltyOf, rowFit } from '../../../app/_learn/weight-row'

describe('a row of weights', () => {
  const w = Float32Array.of(2, -1, 0.5, -0.5)

  test('one basis: the mean size with each sign', () => {
    const fit = rowFit(w, 1)
    expect(fit.sigma1).toBe(1)
    expect(fit.sigma2).toBeNull()
    expect([...fit.binarized]).toEqual([1, -1, 1, -1])
    // energy 5.5, error 1 + 0 + 0.25 + 0.25
    expect(fit.sqnr).toBeCloseTo(10 * Math.log10(5.5 / 1.5), 6)
  })

  test('two bases: what is left is cut again', () => {
    const fit = rowFit(w, 2)
    // residual 1, 0, -0.5, 0.5
    expect(fit.sigma2).toBe(0.5)
    expect([...fit.binarized]).toEqual([1.5, -0.5, 0.5, -0.5])
  })

  test('EBB with no second basis left is one basis', () => {
    const row = Float32Array.from(firstRow)
    expect(rowFit(row, 2, 0).binarized).toEqual(rowFit(row, 1).binarized)
    expect(penaltyOf(0)).toBe(0)
    expect(penaltyOf(0.5)).toBeCloseTo(0.045, 9)
  })
})

describe('the four-bit grid', () => {
  test('a value beyond 7 steps is clipped, the others become multiples of the step', () => {
    const fit = gridFit(Float32Array.of(0.2, -0.9, 4), 0.5)
    expect([...fit.quantized]).toEqual([0, -1, 3.5])
    expect(fit.clipped).toBeCloseTo(1 / 3, 9)
    expect(fit.levels).toHaveLength(16)
    expect([fit.levels[0], fit.levels[15]]).toEqual([-4, 3.5])
  })

  test('the step of the start is better than a far smaller or larger one', () => {
    const at = (factor: number) => gridFit(inputs, factor * startOf(inputs)).sqnr!
    expect(at(1)).toBeGreaterThan(at(0.25))
    expect(at(1)).toBeGreaterThan(at(4))
  })
})

describe('LRM in the plane', () => {
  test('no other axis holds more energy than the principal one', () => {
    const principal = principalAngle()
    const energies = Array.from({ length: 180 }, (_, i) => axisFit(teacherCloud, teacherCloud, i).energy!)
    expect(Math.abs(energies.indexOf(Math.max(...energies)) - principal)).toBeLessThanOrEqual(1)
  })

  test('an error across the axis costs nothing on it, one along it all', () => {
    const across = axisFit(teacherCloud, studentCloud(120), 30)
    expect(across.loss).toBeCloseTo(0, 9)
    expect(across.cosine).toBeCloseTo(1, 6)
    expect(across.mse).toBeGreaterThan(0.01)
    const along = axisFit(teacherCloud, studentCloud(30), 30)
    // the mean over one axis against the mean over two channels
    expect(along.loss).toBeCloseTo(2 * along.mse!, 6)
  })
})

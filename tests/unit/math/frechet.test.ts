import { describe, expect, it } from 'vitest'
import { fitGaussian, frechetDistance } from '../../../lib/math/frechet'
import { golden } from './evaluation-golden'

const points = (...values: number[]) => Float32Array.from(values)

describe('fitGaussian', () => {
  it('gives mean and unbiased covariance', () => {
    const { mean, covariance } = fitGaussian(points(0, 1, 2, 3, 4, 2), 2)
    expect([...mean]).toEqual([2, 2])
    // x: 0 2 4, y: 1 3 2: sums of squares 8 and 2, of products 2, over N - 1 = 2
    expect([...covariance]).toEqual([4, 1, 1, 1])
  })
  it('needs two whole rows', () => {
    expect(() => fitGaussian(points(1, 2), 2)).toThrow(RangeError)
    expect(() => fitGaussian(points(1, 2, 3), 2)).toThrow(RangeError)
  })
})

describe('frechetDistance', () => {
  const gaussian = (mean: number[], covariance: number[]) => ({
    mean: Float64Array.from(mean),
    covariance: Float64Array.from(covariance),
  })
  it('is worked out by hand for Gaussians whose covariances commute', () => {
    // |(1, 2)|^2 = 5; per axis (sqrt(v1) - sqrt(v2))^2: (2 - 3)^2 + (1 - 4)^2 = 10
    const distance = frechetDistance(gaussian([0, 0], [4, 0, 0, 1]), gaussian([1, 2], [9, 0, 0, 16]))
    expect(distance).toBeCloseTo(15, 10)
  })
  it('is worked out by hand for covariances that do not commute', () => {
    // S1 S2 = [2 1; 4 8]: trace of its root = sqrt(trace + 2 sqrt(det)) = sqrt(10 + 2 sqrt(12))
    const distance = frechetDistance(gaussian([0, 0], [1, 0, 0, 4]), gaussian([0, 0], [2, 1, 1, 2]))
    expect(distance).toBeCloseTo(5 + 4 - 2 * Math.sqrt(10 + 2 * Math.sqrt(12)), 10)
  })
  it('is 0 from a Gaussian to itself and the same both ways', () => {
    const a = gaussian([3, -1], [2, 1, 1, 5])
    const b = gaussian([0, 0], [1, 0.5, 0.5, 1])
    expect(frechetDistance(a, a)).toBeCloseTo(0, 10)
    expect(frechetDistance(a, b)).toBeCloseTo(frechetDistance(b, a), 10)
  })
  it('agrees with numpy, also on covariances without full rank', () => {
    const { points: p, singular } = golden
    const fit = (values: number[], D: number) => fitGaussian(Float32Array.from(values), D)
    expect(frechetDistance(fit(p.real, p.D), fit(p.fake, p.D))).toBeCloseTo(golden.frechet, 6)
    // roots of eigenvalues that are 0 but for rounding: 1e-8 each
    const { D, a, b, frechet } = singular
    expect(frechetDistance(fit(a, D), fit(b, D))).toBeCloseTo(frechet, 5)
  })
})

import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { symmetricEigen } from '../../../lib/math/eigen'
import { normal } from '../../../lib/math/rng'

/** Products of n random vectors of length `rank` with each other: symmetric, n - rank eigenvalues are 0. */
function gram(n: number, rank: number): Float64Array {
  const x = normal(7, n, new Float32Array(n * rank))
  return Float64Array.from({ length: n * n }, (_, p) => {
    let dot = 0
    for (let k = 0; k < rank; k++) dot += x[Math.floor(p / n) * rank + k]! * x[(p % n) * rank + k]!
    return dot
  })
}

/** Largest deviation of V A V^T from the eigenvalues, and of V V^T from 1, in units of the largest eigenvalue. */
function deviations(a: Float64Array, n: number) {
  const { values, vectors } = symmetricEigen(a, n)
  const V = Matrix.from1DArray(n, n, vectors)
  const scale = Math.max(...values.map(Math.abs)) || 1
  const form = V.mmul(Matrix.from1DArray(n, n, a)).mmul(V.transpose())
  return {
    values,
    form:
      form
        .sub(Matrix.diag([...values]))
        .abs()
        .max() / scale,
    basis: V.mmul(V.transpose()).sub(Matrix.eye(n)).abs().max(),
  }
}

describe('symmetricEigen', () => {
  it('is by hand that of (2, 1; 1, 2): 3 at (1, 1), 1 at (1, -1)', () => {
    const { values, vectors } = symmetricEigen(Float64Array.from([2, 1, 1, 2]), 2)
    expect([...values]).toEqual([expect.closeTo(3, 14), expect.closeTo(1, 14)])
    expect(vectors[0]! / vectors[1]!).toBeCloseTo(1, 14)
    expect(vectors[2]! / vectors[3]!).toBeCloseTo(-1, 14)
  })
  it.each([
    ['of one value', 1, 1],
    ['of full rank', 33, 60],
    ['with most of its eigenvalues 0', 64, 5],
    ['of many channels', 200, 400],
  ])('diagonalizes a matrix %s with orthonormal vectors, largest first', (_, n, rank) => {
    const a = gram(n, rank)
    const { values, form, basis } = deviations(a, n)
    expect(form).toBeLessThan(1e-13)
    expect(basis).toBeLessThan(1e-13)
    const expected = new EigenvalueDecomposition(Matrix.from1DArray(n, n, a), { assumeSymmetric: true })
    const sorted = expected.realEigenvalues.toSorted((x, y) => y - x)
    values.forEach((value, i) => {
      expect(Math.abs(value - sorted[i]!)).toBeLessThan(1e-12 * sorted[0]!)
    })
  })
  it('takes equal eigenvalues, zeros and tiny or huge values', () => {
    const n = 8
    const identity = Float64Array.from({ length: n * n }, (_, p) => (p % (n + 1) === 0 ? 5 : 0))
    expect([...deviations(identity, n).values]).toEqual(new Array(n).fill(5))
    expect([...symmetricEigen(new Float64Array(n * n), n).values]).toEqual(new Array(n).fill(0))
    for (const scale of [1e-60, 1e60]) {
      const { form, basis } = deviations(
        gram(n, n).map((v) => v * scale),
        n,
      )
      expect(form).toBeLessThan(1e-13)
      expect(basis).toBeLessThan(1e-13)
    }
  })
})

/**
 * Frechet (2-Wasserstein) distance of Gaussians, as FID takes it of Inception features (Heusel et al. 2017). Features
 * are [N, D] row-major, one row per image.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/** Mean [D] and covariance [D, D], float64. */
export type Gaussian = { mean: Float64Array; covariance: Float64Array }

/** Mean and unbiased covariance of the rows. Throws a RangeError for fewer than two. */
export function fitGaussian(features: Float32Array, D: number): Gaussian {
  const N = features.length / D
  if (!Number.isInteger(N) || N < 2)
    throw new RangeError(`${features.length} values are not two or more rows of ${D}`)
  const mean = new Float64Array(D)
  for (let p = 0; p < features.length; p++) mean[p % D]! += features[p]! / N
  const covariance = new Float64Array(D * D)
  const centred = new Float64Array(D)
  for (let n = 0; n < N; n++) {
    for (let i = 0; i < D; i++) centred[i] = features[n * D + i]! - mean[i]!
    for (let i = 0; i < D; i++) {
      for (let j = i; j < D; j++) covariance[i * D + j]! += (centred[i]! * centred[j]!) / (N - 1)
    }
  }
  for (let i = 0; i < D; i++) for (let j = 0; j < i; j++) covariance[i * D + j] = covariance[j * D + i]!
  return { mean, covariance }
}

/**
 * Squared distance |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), 0 for equal Gaussians (Dowson & Landau 1982).
 * S1 S2 has the eigenvalues of the symmetric R S2 R with R = S1^(1/2), so that no complex root is needed. Rounding may
 * leave them, or the distance, slightly below 0: both are taken as 0. NaN if a value is not finite.
 */
export function frechetDistance(a: Gaussian, b: Gaussian): number {
  const D = a.mean.length
  if (![...a.covariance, ...b.covariance].every(Number.isFinite)) return Number.NaN
  let distance = 0
  for (let i = 0; i < D; i++) {
    distance += (a.mean[i]! - b.mean[i]!) ** 2 + a.covariance[i * D + i]! + b.covariance[i * D + i]!
  }
  const root = squareRoot(Matrix.from1DArray(D, D, a.covariance))
  const product = root.mmul(Matrix.from1DArray(D, D, b.covariance)).mmul(root)
  // symmetric up to rounding
  const symmetric = Matrix.add(product, product.transpose()).mul(0.5)
  const { realEigenvalues } = symmetricEigen(symmetric)
  return Math.max(0, distance - 2 * realEigenvalues.reduce((sum, v) => sum + Math.sqrt(Math.max(0, v)), 0))
}

/** The symmetric root of a covariance. */
function squareRoot(covariance: Matrix): Matrix {
  const { eigenvectorMatrix: vectors, realEigenvalues } = symmetricEigen(covariance)
  const roots = realEigenvalues.map((v) => Math.sqrt(Math.max(0, v)))
  return vectors.mmul(Matrix.diag(roots)).mmul(vectors.transpose())
}

function symmetricEigen(m: Matrix): EigenvalueDecomposition {
  return new EigenvalueDecomposition(m, { assumeSymmetric: true })
}

/**
 * Principal axes of features as Low-rank Representation Mimicking takes them (BinaryDM, Eq. 11-13): over
 * channels, of the second moment, not centred. Features are [N, C] row-major, N positions (NHWC flattened:
 * N = B*H*W). Axes are [C, k] row-major, one per column, so that the projection is features x axes.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/** sum_n e_n e_n^T / N of features [N, C], as [C, C] in float64. Throws a RangeError unless they split into rows of C. */
export function secondMoment(features: Float32Array, C: number): Float64Array {
  const N = features.length / C
  if (!Number.isInteger(N)) throw new RangeError(`${features.length} values are no rows of ${C} channels`)
  const moment = new Float64Array(C * C)
  // four rows at a time: one load and store of a sum for four products
  const rows = new Float64Array(4 * C)
  for (let n = 0; n < features.length; n += 4 * C) {
    const length = Math.min(4 * C, features.length - n)
    rows.fill(0, length)
    for (let p = 0; p < length; p++) rows[p] = features[n + p]!
    for (let i = 0; i < C; i++) {
      const [a, b, c, d] = [rows[i]!, rows[C + i]!, rows[2 * C + i]!, rows[3 * C + i]!]
      for (let j = i, p = i * C + i; j < C; j++, p++)
        moment[p]! += a * rows[j]! + b * rows[C + j]! + (c * rows[2 * C + j]! + d * rows[3 * C + j]!)
    }
  }
  for (let i = 0; i < C; i++) {
    for (let j = i; j < C; j++) {
      moment[i * C + j]! /= N
      moment[j * C + i] = moment[i * C + j]!
    }
  }
  return moment
}

/** Rows of C values less their mean row, [N, C]. */
export function centred(rows: Float32Array, C: number): Float32Array {
  const mean = new Float64Array(C)
  for (let n = 0; n < rows.length; n += C) for (let i = 0; i < C; i++) mean[i]! += rows[n + i]!
  const out = new Float32Array(rows.length)
  const N = rows.length / C
  for (let n = 0; n < rows.length; n += C)
    for (let i = 0; i < C; i++) out[n + i] = rows[n + i]! - mean[i]! / N
  return out
}

/**
 * The k eigenvectors of a second moment [C, C] with the largest eigenvalues, largest first, as [C, k]. Each
 * axis has its largest component positive, so that the same features give the same axes.
 * null if the moment is not finite.
 */
export function leadingAxes(moment: Float64Array, C: number, k: number): Float32Array | null {
  if (!moment.every(Number.isFinite)) return null
  const { eigenvectorMatrix: vectors, realEigenvalues: values } = new EigenvalueDecomposition(
    Matrix.from1DArray(C, C, moment),
    { assumeSymmetric: true },
  )
  const descending = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!)
  const axes = new Float32Array(C * k)
  descending.slice(0, k).forEach((column, j) => {
    const axis = vectors.getColumn(column)
    const largest = axis.reduce((m, v) => (Math.abs(v) > Math.abs(m) ? v : m), 0)
    for (let i = 0; i < C; i++) axes[i * k + j] = largest < 0 ? -axis[i]! : axis[i]!
  })
  return axes
}

/** features [N, C] x axes [C, k], as [N, k]. */
export function project(features: Float32Array, axes: Float32Array, C: number): Float32Array {
  const N = features.length / C
  const k = axes.length / C
  const out = new Float32Array(N * k)
  const row = new Float64Array(k)
  for (let n = 0; n < N; n++) {
    row.fill(0)
    for (let i = 0; i < C; i++) {
      const e = features[n * C + i]!
      for (let j = 0; j < k; j++) row[j]! += e * axes[i * k + j]!
    }
    out.set(row, n * k)
  }
  return out
}

/**
 * Share of the energy of features that lies in the span of orthonormal axes [C, k], 0 to 1, from their
 * second moment M [C, C]: trace(E^T M E) / trace(M). null if there is no energy or it is not finite.
 */
export function projectionEnergy(
  moment: Float64Array | Float32Array,
  axes: Float32Array,
  C: number,
): number | null {
  const k = axes.length / C
  let total = 0
  let kept = 0
  for (let i = 0; i < C; i++) {
    total += moment[i * C + i]!
    for (let l = 0; l < C; l++) {
      let dot = 0
      for (let j = 0; j < k; j++) dot += axes[i * k + j]! * axes[l * k + j]!
      kept += dot * moment[i * C + l]!
    }
  }
  if (!(total > 0) || !Number.isFinite(total) || !Number.isFinite(kept)) return null
  return Math.max(0, Math.min(1, kept / total))
}

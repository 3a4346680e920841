/** How alike two subspaces, and two sets of features, are. */
import { Matrix, SingularValueDecomposition } from 'ml-matrix'

/**
 * Principal angles in degrees, ascending, between the spans of a and b, both [C, k] row-major with orthonormal columns; 0 where
 * they share a direction, 90 where b has nothing of one. The arc cosines of the singular values of a^T b (Bjorck and Golub 1973),
 * which resolve angles down to about 0.02 degrees for float32 axes. Throws a RangeError for axes of different shapes.
 */
export function principalAngles(a: Float32Array, b: Float32Array, C: number): number[] {
  if (a.length !== b.length || a.length % C !== 0)
    throw new RangeError(`${a.length} and ${b.length} values are no two sets of axes over ${C} channels`)
  const k = a.length / C
  const product = Matrix.from1DArray(C, k, a)
    .transpose()
    .mmul(Matrix.from1DArray(C, k, b))
  const cosines = new SingularValueDecomposition(product).diagonal
  return cosines.map((s) => (Math.acos(Math.min(1, s)) * 180) / Math.PI).sort((x, y) => x - y)
}

/**
 * Linear CKA of features X and Y [n, C], rows paired (Kornblith et al. 2019): |Yc^T Xc|_F^2 / (|Xc^T Xc|_F |Yc^T Yc|_F), columns
 * centred; 0 to 1, higher is better, blind to rotation and scale. By way of the n x n products, so n should be small. null where
 * the rows of one do not vary or are not finite. Throws a RangeError for different sizes.
 */
export function linearCka(x: Float32Array, y: Float32Array, n: number): number | null {
  if (x.length !== y.length || x.length % n !== 0)
    throw new RangeError(`${x.length} and ${y.length} values are no two sets of ${n} rows`)
  const [K, L] = [centredGram(x, n), centredGram(y, n)]
  let [kl, kk, ll] = [0, 0, 0]
  for (let i = 0; i < n * n; i++) {
    kl += K[i]! * L[i]!
    kk += K[i]! * K[i]!
    ll += L[i]! * L[i]!
  }
  const cka = kl / Math.sqrt(kk) / Math.sqrt(ll)
  return Number.isFinite(cka) ? Math.min(1, Math.max(0, cka)) : null
}

/** Xc Xc^T [n, n] of rows [n, C]. */
function centredGram(rows: Float32Array, n: number): Float64Array {
  const C = rows.length / n
  const centred = new Float64Array(rows.length)
  for (let c = 0; c < C; c++) {
    let mean = 0
    for (let i = 0; i < n; i++) mean += rows[i * C + c]! / n
    for (let i = 0; i < n; i++) centred[i * C + c] = rows[i * C + c]! - mean
  }
  const gram = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    // four products at a time: one load of row i for all, and no addition waits for the one before it
    let j = i
    for (; j + 3 < n; j += 4) {
      let [a, b, c, d] = [0, 0, 0, 0]
      for (let p = i * C, q = j * C; p < (i + 1) * C; p++, q++) {
        const v = centred[p]!
        a += v * centred[q]!
        b += v * centred[q + C]!
        c += v * centred[q + 2 * C]!
        d += v * centred[q + 3 * C]!
      }
      const row = i * n + j
      gram[row] = a
      gram[row + 1] = b
      gram[row + 2] = c
      gram[row + 3] = d
    }
    for (; j < n; j++) {
      let dot = 0
      for (let p = i * C, q = j * C; p < (i + 1) * C; p++, q++) dot += centred[p]! * centred[q]!
      gram[i * n + j] = dot
    }
    for (j = i + 1; j < n; j++) gram[j * n + i] = gram[i * n + j]!
  }
  return gram
}

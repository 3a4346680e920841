/**
 * Eigenvalues and vectors of a symmetric matrix: Householder reflections to tridiagonal form, then implicit QL (Golub and Van Loan,
 * Matrix Computations, 8.3). Matrices are row-major in float64; vectors lie in rows, so that every inner loop runs along memory.
 */

/** Eigenvalues, the largest first, and the vector of each as a row of [n, n], orthonormal. */
export type Eigen = { values: Float64Array; vectors: Float64Array }

/** Of a symmetric matrix [n, n] of finite values; its lower triangle is not read. */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const { diagonal, beside, vectors } = tridiagonal(matrix, n)
  diagonalize(diagonal, beside, vectors)
  const order = Array.from(diagonal, (_, i) => i).sort((a, b) => diagonal[b]! - diagonal[a]!)
  const sorted = new Float64Array(n * n)
  order.forEach((row, i) => {
    sorted.set(vectors.subarray(row * n, (row + 1) * n), i * n)
  })
  return { values: Float64Array.from(order, (i) => diagonal[i]!), vectors: sorted }
}

/** T = Q^T A Q: its diagonal, what stands beside it ([n], the last is 0), and Q^T. */
function tridiagonal(matrix: Float64Array, n: number) {
  const a = Float64Array.from(matrix)
  const [diagonal, beside] = [new Float64Array(n), new Float64Array(n)]
  /** Row k holds the reflection v that clears row k beyond its second element, scaled so that H = I - v v^T; zeros for none. */
  const reflections = new Float64Array(n * n)
  const product = new Float64Array(n)
  for (let k = 0; k < n - 1; k++) {
    const v = reflections.subarray(k * n, (k + 1) * n)
    beside[k] = reflection(a, k, n, v)
    product.fill(0)
    let dot = 0
    for (let i = k + 1; i < n; i++) {
      let sum = a[i * n + i]! * v[i]!
      for (let j = i + 1; j < n; j++) {
        const value = a[i * n + j]!
        sum += value * v[j]!
        product[j]! += value * v[i]!
      }
      product[i]! += sum
      dot += product[i]! * v[i]!
    }
    for (let i = k + 1; i < n; i++) product[i]! -= (dot / 2) * v[i]!
    for (let i = k + 1; i < n; i++) {
      const [u, w] = [v[i]!, product[i]!]
      for (let j = i; j < n; j++) a[i * n + j]! -= u * product[j]! + w * v[j]!
    }
  }
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i]!
  return { diagonal, beside, vectors: reflected(reflections, n) }
}

/** Writes to v what turns the rest of row k, x, into (r, 0, 0, ...) and returns r. */
function reflection(a: Float64Array, k: number, n: number, v: Float64Array): number {
  let squares = 0
  for (let j = k + 1; j < n; j++) squares += a[k * n + j]! * a[k * n + j]!
  const first = a[k * n + k + 1]!
  if (squares === first * first) return first
  const r = first > 0 ? -Math.sqrt(squares) : Math.sqrt(squares)
  const scale = 1 / Math.sqrt(r * (r - first))
  v[k + 1] = (first - r) * scale
  for (let j = k + 2; j < n; j++) v[j] = a[k * n + j]! * scale
  return r
}

/** The transposed product of reflections, the first applied last; each leaves the axes up to its own alone. */
function reflected(reflections: Float64Array, n: number): Float64Array {
  const rows = new Float64Array(n * n)
  for (let i = 0; i < n; i++) rows[i * n + i] = 1
  for (let k = n - 2; k >= 0; k--) {
    for (let i = k + 1; i < n; i++) {
      let dot = 0
      for (let j = k + 1; j < n; j++) dot += rows[i * n + j]! * reflections[k * n + j]!
      for (let j = k + 1; j < n; j++) rows[i * n + j]! -= dot * reflections[k * n + j]!
    }
  }
  return rows
}

/** More turns than any eigenvalue takes. */
const mostTurns = 100

/** Implicit QL with Wilkinson's shift: turns the diagonal into eigenvalues and the rows of `vectors` with it. */
function diagonalize(diagonal: Float64Array, beside: Float64Array, vectors: Float64Array): void {
  const n = diagonal.length
  for (let l = 0; l < n; l++) {
    for (let turn = 0; turn < mostTurns; turn++) {
      const m = endOfBlock(diagonal, beside, l)
      if (m === l) break
      chase(diagonal, beside, vectors, l, m)
    }
  }
}

/** The first place from l on that nothing couples to the next. */
function endOfBlock(diagonal: Float64Array, beside: Float64Array, l: number): number {
  let m = l
  while (m < diagonal.length - 1) {
    const size = Math.abs(diagonal[m]!) + Math.abs(diagonal[m + 1]!)
    if (Math.abs(beside[m]!) <= Number.EPSILON * size) break
    m++
  }
  return m
}

/** One QL step on the block from l to m: rotations of neighbours, from its end to its start. */
function chase(
  diagonal: Float64Array,
  beside: Float64Array,
  vectors: Float64Array,
  l: number,
  m: number,
): void {
  const half = (diagonal[l + 1]! - diagonal[l]!) / (2 * beside[l]!)
  const root = Math.sqrt(half * half + 1)
  let g = diagonal[m]! - diagonal[l]! + beside[l]! / (half + (half < 0 ? -root : root))
  let [sine, cosine, moved] = [1, 1, 0]
  for (let i = m - 1; i >= l; i--) {
    const f = sine * beside[i]!
    const b = cosine * beside[i]!
    const r = Math.sqrt(f * f + g * g)
    beside[i + 1] = r
    if (r === 0) {
      diagonal[i + 1]! -= moved
      beside[m] = 0
      return
    }
    sine = f / r
    cosine = g / r
    g = diagonal[i + 1]! - moved
    const change = (diagonal[i]! - g) * sine + 2 * cosine * b
    moved = sine * change
    diagonal[i + 1] = g + moved
    g = cosine * change - b
    rotate(vectors, i * diagonal.length, diagonal.length, cosine, sine)
  }
  diagonal[l]! -= moved
  beside[l] = g
  beside[m] = 0
}

/** Turns the row that starts at `at` and the one after it into each other. */
function rotate(rows: Float64Array, at: number, n: number, cosine: number, sine: number): void {
  for (let p = at, q = at + n; p < at + n; p++, q++) {
    const a = rows[p]!
    const b = rows[q]!
    rows[q] = sine * a + cosine * b
    rows[p] = cosine * a - sine * b
  }
}

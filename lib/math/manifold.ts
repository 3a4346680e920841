/**
 * How two sets of points cover each other: a set's manifold is the union of balls around its points, each reaching to the
 * point's k-th nearest neighbour in the set. Points are [N, D] row-major; distances are Euclidean.
 */

export type Coverage = { precision: number; recall: number; coverage: number }

/**
 * Each a share from 0 to 1; higher is better.
 *   precision  generated points inside the manifold of the real ones      (Kynkaanniemi et al. 2019)
 *   recall     real points inside the manifold of the generated ones      (the same)
 *   coverage   real points whose own ball holds a generated point         (Naeem et al. 2020)
 * precision and recall count a point on a ball's surface as inside, coverage does not, as in the authors' programs.
 * Throws a RangeError unless both sets have more points than k.
 */
export function manifoldCoverage(
  real: Float32Array,
  generated: Float32Array,
  D: number,
  { neighbours, coverageNeighbours }: { neighbours: number; coverageNeighbours: number },
): Coverage {
  const [N, M] = [real.length / D, generated.length / D]
  const ofReal = squaredRadii(real, D, neighbours)
  const neighbourhood = squaredRadii(real, D, coverageNeighbours)
  const ofGenerated = squaredRadii(generated, D, neighbours)
  const inside = new Uint8Array(M)
  let [recalled, covered] = [0, 0]
  for (let i = 0; i < N; i++) {
    let nearest = Infinity
    let found = false
    for (let j = 0; j < M; j++) {
      const d = squaredDistance(real, i * D, generated, j * D, D)
      if (d <= ofReal[i]!) inside[j] = 1
      if (d <= ofGenerated[j]!) found = true
      if (d < nearest) nearest = d
    }
    if (found) recalled++
    if (nearest < neighbourhood[i]!) covered++
  }
  const precise = inside.reduce((n, one) => n + one, 0)
  return { precision: precise / M, recall: recalled / N, coverage: covered / N }
}

/** Squared distance of every point to its k-th nearest other point: [N]. */
export function squaredRadii(points: Float32Array, D: number, k: number): Float64Array {
  const N = points.length / D
  if (!Number.isInteger(N) || N <= k)
    throw new RangeError(`${points.length / D} points have no neighbour number ${k}`)
  const radii = new Float64Array(N)
  /** The k smallest so far, ascending. */
  const nearest = new Float64Array(k)
  for (let i = 0; i < N; i++) {
    nearest.fill(Infinity)
    for (let j = 0; j < N; j++) {
      if (j === i) continue
      const d = squaredDistance(points, i * D, points, j * D, D)
      let at = k
      while (at > 0 && nearest[at - 1]! > d) at--
      if (at < k) {
        nearest.copyWithin(at + 1, at, k - 1)
        nearest[at] = d
      }
    }
    radii[i] = nearest[k - 1]!
  }
  return radii
}

function squaredDistance(a: Float32Array, i: number, b: Float32Array, j: number, D: number): number {
  let sum = 0
  for (let p = 0; p < D; p++) {
    const d = a[i + p]! - b[j + p]!
    sum += d * d
  }
  return sum
}

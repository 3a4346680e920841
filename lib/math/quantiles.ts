/**
 * Quantiles of the finite values at probabilities p in [0, 1], linear between neighbours (type 7 of Hyndman
 * and Fan, numpy's default). null if no value is finite. Does not change `values`.
 */
export function quantiles(values: Float32Array, probabilities: readonly number[]): number[] | null {
  const sorted = values.filter(Number.isFinite).sort()
  if (sorted.length === 0) return null
  return probabilities.map((p) => {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile at ${p}: a probability lies in [0, 1]`)
    const at = p * (sorted.length - 1)
    const below = Math.floor(at)
    const low = sorted[below]!
    const high = sorted[Math.min(below + 1, sorted.length - 1)]!
    return low + (at - below) * (high - low)
  })
}

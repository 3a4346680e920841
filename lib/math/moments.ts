/**
 * Moments over the finite values. std is the population's; kurtosis is m4/m2^2, 3 for a Gaussian, and
 * null where all values are equal. With count 0 the other numbers are 0 and mean nothing.
 */
export type Moments = {
  count: number
  mean: number
  std: number
  min: number
  max: number
  meanAbs: number
  kurtosis: number | null
  nonFinite: number
}

/** Two passes, float64 sums: squares around the mean do not cancel when the mean is large. */
export function moments(values: Float32Array): Moments {
  let count = 0
  let sum = 0
  let sumAbs = 0
  let min = Infinity
  let max = -Infinity
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!
    if (!Number.isFinite(v)) continue
    count += 1
    sum += v
    sumAbs += Math.abs(v)
    if (v < min) min = v
    if (v > max) max = v
  }
  const nonFinite = values.length - count
  if (count === 0) return { count, mean: 0, std: 0, min: 0, max: 0, meanAbs: 0, kurtosis: null, nonFinite }
  const mean = sum / count
  let squares = 0
  let fourths = 0
  for (let i = 0; i < values.length; i++) {
    const d = values[i]! - mean
    if (!Number.isFinite(d)) continue
    squares += d * d
    fourths += d * d * d * d
  }
  const variance = squares / count
  // min < max and not variance > 0: the mean of equal values may be off by a rounding.
  const kurtosis = min < max ? fourths / count / variance ** 2 : null
  return { count, mean, std: Math.sqrt(variance), min, max, meanAbs: sumAbs / count, kurtosis, nonFinite }
}

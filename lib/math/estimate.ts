/** Mean of n measurements and the standard error of that mean, s/sqrt(n) with the sample deviation s (n - 1). */
export type Estimate = { mean: number; standardError: number; n: number }

/**
 * null if there is nothing to average or a value is not finite. One value has no spread: its standard error is 0 and means
 * nothing.
 */
export function estimate(values: readonly number[]): Estimate | null {
  const n = values.length
  if (n === 0 || !values.every(Number.isFinite)) return null
  const mean = values.reduce((sum, v) => sum + v, 0) / n
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0)
  return { mean, standardError: n > 1 ? Math.sqrt(squares / (n - 1) / n) : 0, n }
}

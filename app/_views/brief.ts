/**
 * Plain data with its fractions at six significant digits, two more than anything shows: what crosses to the browser is half
 * as long. Whole numbers stay as they are.
 */
export function brief<T>(value: T): T {
  if (typeof value === 'number')
    return (Number.isInteger(value) || !Number.isFinite(value) ? value : Number(value.toPrecision(6))) as T
  if (Array.isArray(value)) return value.map(brief) as T
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, brief(item)])) as T
}

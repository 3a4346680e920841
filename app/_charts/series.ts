/** Small sums over series with gaps. null is "not measured" and never counts as 0. */
import { sqnrCeiling } from '../../lib/math/sqnr-ceiling'

export type Series = readonly (number | null)[]

export const isMeasured = (v: number | null | undefined): v is number =>
  v !== null && v !== undefined && Number.isFinite(v)

/** Mean of the measured values; null if there are none. */
export function meanOf(values: Series): number | null {
  const measured = values.filter(isMeasured)
  return measured.length === 0 ? null : measured.reduce((sum, v) => sum + v, 0) / measured.length
}

/** Whether an SQNR says "equal within float32": it stands at the ceiling and is a word, not a number of dB. */
export const isExact = (sqnr: number | null | undefined): boolean => isMeasured(sqnr) && sqnr >= sqnrCeiling

/** A series of SQNR with gaps where it is exact, for axes and differences. */
export const withoutExact = (sqnr: Series): Series => sqnr.map((v) => (isExact(v) ? null : v))

/** Mean SQNR where the two differ; the ceiling if they differ nowhere; null if nothing was measured. */
export const meanSqnr = (sqnr: Series): number | null => meanOf(withoutExact(sqnr)) ?? meanOf(sqnr)

/** What a gap of such a series is called: exact, not measured, or either. */
export function gapNameOf(sqnr: Series): string {
  if (!sqnr.some(isExact)) return 'not measured'
  return sqnr.every(isMeasured) ? 'exact' : 'exact or not measured'
}

/** Linear-interpolated quantile p of the measured values; null if there are none. */
export function quantileOf(values: Series, p: number): number | null {
  const sorted = values.filter(isMeasured).sort((a, b) => a - b)
  if (sorted.length === 0) return null
  const at = p * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low)
}

/** Index of the value nearest to x; -1 for an empty list. */
export function nearestIndex(values: readonly number[], x: number): number {
  let best = -1
  for (let i = 0; i < values.length; i++) {
    if (best < 0 || Math.abs(values[i]! - x) < Math.abs(values[best]! - x)) best = i
  }
  return best
}

/** Keeps at most `max` points of a long line: of each bucket its lowest and highest, in order. */
export function keepExtremes<P extends { y: number }>(points: readonly P[], max: number): P[] {
  if (points.length <= max) return [...points]
  const perBucket = Math.ceil(points.length / Math.max(1, Math.floor(max / 2)))
  const kept: P[] = []
  for (let start = 0; start < points.length; start += perBucket) {
    const bucket = points.slice(start, start + perBucket)
    let low = 0
    let high = 0
    bucket.forEach((p, i) => {
      if (p.y < bucket[low]!.y) low = i
      if (p.y > bucket[high]!.y) high = i
    })
    kept.push(bucket[Math.min(low, high)]!)
    if (low !== high) kept.push(bucket[Math.max(low, high)]!)
  }
  return kept
}

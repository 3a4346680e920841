/** The values a binarized weight can take, and distributions on one value axis. Pure. */
import type { Histogram } from '../../lib/record/run'

export type Level = { name: string; value: number }

/** The levels of one channel in the order of WeightStats.levelShares; sigma2 null with one basis. */
export function levelsOf(sigma1: number, sigma2: number | null): Level[] {
  if (sigma2 === null)
    return [
      { name: '−σ1', value: -sigma1 },
      { name: 'σ1', value: sigma1 },
    ]
  return [
    { name: '−σ1−σ2', value: -sigma1 - sigma2 },
    { name: '−σ1+σ2', value: -sigma1 + sigma2 },
    { name: 'σ1−σ2', value: sigma1 - sigma2 },
    { name: 'σ1+σ2', value: sigma1 + sigma2 },
  ]
}

/** Levels of every channel; empty for a layer in full precision. */
export function levelsPerChannel(
  sigma1: readonly number[] | null,
  sigma2: readonly number[] | null,
): Level[][] {
  return (sigma1 ?? []).map((s, channel) => levelsOf(s, sigma2?.[channel] ?? null))
}

const total = (h: Histogram): number => h.counts.reduce((sum, c) => sum + c, 0)
const binWidth = (h: Histogram): number => (h.hi - h.lo) / h.counts.length

/** Density at the bin centres; the area below is 1. Empty if nothing was counted. */
export function densityOf(h: Histogram): { x: number; y: number }[] {
  const n = total(h)
  const width = binWidth(h)
  if (n === 0) return []
  return h.counts.map((count, i) => ({ x: h.lo + (i + 0.5) * width, y: count / n / width }))
}

/** Edge of the bin below which at least `share` of the values lie. */
function lowerEdge(h: Histogram, share: number): number {
  const limit = share * total(h)
  let below = 0
  for (let i = 0; i < h.counts.length; i++) {
    below += h.counts[i]!
    if (below > limit) return h.lo + i * binWidth(h)
  }
  return h.hi
}

const mirrored = (h: Histogram): Histogram => ({ lo: -h.hi, hi: -h.lo, counts: h.counts.toReversed() })

/**
 * One value axis for several distributions and the levels among them: symmetric about 0, wide enough for every
 * level and for all but `tail` of each distribution on either side.
 */
export function valueDomain(
  histograms: readonly Histogram[],
  levels: readonly number[] = [],
  tail = 0.001,
): [number, number] {
  const edges = histograms
    .filter((h) => total(h) > 0)
    .flatMap((h) => [lowerEdge(h, tail), lowerEdge(mirrored(h), tail)])
  const reach = Math.max(0, ...edges.map(Math.abs), ...levels.map((v) => Math.abs(v) * 1.08))
  return reach > 0 ? [-reach, reach] : [-1, 1]
}

/** Share of the values in bins that lie wholly outside the domain, 0 to 1. */
export function shareOutside(h: Histogram, [low, high]: readonly [number, number]): number {
  const width = binWidth(h)
  const outside = h.counts.reduce((sum, count, i) => {
    const from = h.lo + i * width
    return from + width <= low || from >= high ? sum + count : sum
  }, 0)
  return outside / (total(h) || 1)
}

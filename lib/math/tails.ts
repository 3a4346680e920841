/** The smallest and largest of many values in one pass, without putting the others in order. */

const sampled = 4096
/** Sampling by multiples of the golden ratio meets no period of the values, such as that of a kernel. */
const golden = 0.6180339887498949
/** Tails longer than this share of the values are not worth it. */
const longest = 1 / 16

/**
 * The values that stand at `ranks` (from 0, ascending) in the order of all values. What lies beyond two cuts is kept and
 * sorted; the cuts come from a sample, so they may miss. null then, and for values that are not finite, ties in bulk
 * or ranks from the middle.
 */
export function valuesInTails(values: Float32Array, ranks: readonly number[]): Map<number, number> | null {
  const { length } = values
  const inLower = (rank: number) => rank < length / 2
  const lowest = Math.max(0, ...ranks.map((rank) => (inLower(rank) ? rank + 1 : 0)))
  const highest = Math.max(0, ...ranks.map((rank) => (inLower(rank) ? 0 : length - rank)))
  const [lower, upper] = [reach(lowest / length), reach(highest / length)]
  if (Math.max(lower, upper) > longest * sampled) return null
  const sample = Float32Array.from(
    { length: sampled },
    (_, i) => values[Math.floor(((i * golden) % 1) * length)]!,
  ).sort()
  const room = Math.ceil(longest * length)
  const [low, high] = [new Float32Array(room), new Float32Array(room)]
  const kept = keepTails(values, sample[lower]!, sample[sampled - 1 - upper]!, low, high)
  if (!kept || kept.low > room || kept.high > room) return null
  const sortedLow = low.subarray(0, kept.low).sort()
  const sortedHigh = high.subarray(0, kept.high).sort()
  const found = new Map<number, number>()
  for (const rank of ranks) {
    const value = rank < kept.low ? sortedLow[rank] : sortedHigh[kept.high - length + rank]
    if (value === undefined) return null
    found.set(rank, value)
  }
  return found
}

/** Place in the sample that lies beyond a share of all values, but for chance (four deviations and some). */
function reach(share: number): number {
  const expected = share * sampled
  return Math.ceil(expected + 4 * Math.sqrt(expected) + 8)
}

/** Counts the values up to `a` and from `b` on, and keeps as many as there is room for; null if one is not finite. */
function keepTails(
  values: Float32Array,
  a: number,
  b: number,
  low: Float32Array,
  high: Float32Array,
): { low: number; high: number } | null {
  let lows = 0
  let highs = 0
  let zero = 0
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!
    zero += v * 0 // NaN once a value is not finite
    if (v <= a) low[lows++] = v
    else if (v >= b) high[highs++] = v
  }
  return zero === 0 ? { low: lows, high: highs } : null
}

/**
 * Quantiles of the finite values at probabilities p in [0, 1], linear between neighbours (type 7 of Hyndman
 * and Fan, numpy's default). null if no value is finite. Does not change `values`.
 *
 * Two passes instead of a sort, which would take most of the time of a layer's statistics: values are counted by the upper
 * half of their bits, then only those that share it with a wanted one are sorted.
 */
export function quantiles(values: Float32Array, probabilities: readonly number[]): number[] | null {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  const counts = new Uint32Array(65536)
  for (let i = 0; i < bits.length; i++) counts[upperKey(bits[i]!)]!++
  const starts = new Uint32Array(65536)
  let finite = 0
  for (let key = lowestFinite; key <= highestFinite; key++) {
    starts[key] = finite
    finite += counts[key]!
  }
  if (finite === 0) return null
  const places = probabilities.map((p) => {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile at ${p}: a probability lies in [0, 1]`)
    const at = p * (finite - 1)
    const below = Math.floor(at)
    return { below, above: Math.min(below + 1, finite - 1), share: at - below }
  })
  const ranked = valuesAtRanks(
    values,
    bits,
    { counts, starts },
    places.flatMap(({ below, above }) => [below, above]),
  )
  return places.map(({ below, above, share }) => {
    const low = ranked.get(below)!
    return low + share * (ranked.get(above)! - low)
  })
}

/** Upper keys of the smallest and the largest finite float32; NaN and infinities lie outside. */
const lowestFinite = 0x0080
const highestFinite = 0xff7f

/** The upper 16 bits of a float32, so that keys order as values do: negative ones count down. */
function upperKey(bits: number): number {
  return (bits ^ ((bits >> 31) | 0x80000000)) >>> 16
}

/** How many values have each upper key, and how many finite ones have a smaller one. */
type Keys = { counts: Uint32Array; starts: Uint32Array }

/** The values at these ranks among the finite ones, smallest first. */
function valuesAtRanks(
  values: Float32Array,
  bits: Int32Array,
  { counts, starts }: Keys,
  ranks: readonly number[],
): Map<number, number> {
  const keyOf = (rank: number): number => {
    let key = highestFinite
    while (counts[key] === 0 || starts[key]! > rank) key--
    return key
  }
  const keys = [...new Set(ranks.map(keyOf))].sort((a, b) => a - b)
  /** Where the values of each wanted key begin among those kept. */
  const places = new Map<number, number>()
  const wanted = new Uint8Array(65536)
  let length = 0
  for (const key of keys) {
    wanted[key] = 1
    places.set(key, length)
    length += counts[key]!
  }
  const kept = new Float32Array(length)
  let n = 0
  for (let i = 0; i < bits.length; i++) if (wanted[upperKey(bits[i]!)]) kept[n++] = values[i]!
  kept.sort()
  return new Map(
    ranks.map((rank) => {
      const key = keyOf(rank)
      return [rank, kept[places.get(key)! + rank - starts[key]!]!]
    }),
  )
}

import { valuesInTails } from './tails'

/**
 * Quantiles of the finite values at probabilities p in [0, 1], linear between neighbours (type 7 of Hyndman
 * and Fan, numpy's default). null if no value is finite. Does not change `values`.
 */
export function quantiles(values: Float32Array, probabilities: readonly number[]): number[] | null {
  for (const p of probabilities)
    if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile at ${p}: a probability lies in [0, 1]`)
  if (values.length < worthCounting) return between(bySelection(values), probabilities)
  return between(byTails(values), probabilities) ?? between(byCounting(values), probabilities)
}

/** The finite values in order, without their order being written out: how many, and which stand at given ranks; null if it cannot tell. */
type Order = { finite: number; valuesAt(ranks: readonly number[]): Map<number, number> | null }

function between({ finite, valuesAt }: Order, probabilities: readonly number[]): number[] | null {
  if (finite === 0) return null
  const places = probabilities.map((p) => {
    const at = p * (finite - 1)
    const below = Math.floor(at)
    return { below, above: Math.min(below + 1, finite - 1), share: at - below }
  })
  const found = valuesAt(places.flatMap(({ below, above }) => [below, above]))
  if (!found) return null
  return places.map(({ below, above, share }) => {
    const low = found.get(below)!
    return low + share * (found.get(above)! - low)
  })
}

/** Among fewer values than this one is found faster than the table of counts is walked. */
const worthCounting = 16384

function bySelection(values: Float32Array): Order {
  const kept = new Float32Array(values.length)
  let finite = 0
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) < Infinity) kept[finite++] = values[i]!
  const own = kept.subarray(0, finite)
  return { finite, valuesAt: (ranks) => new Map(ranks.map((rank) => [rank, select(own, rank)])) }
}

/** The value at a rank of the order of finite values (Hoare's quickselect); puts them partly in order. */
function select(values: Float32Array, rank: number): number {
  let [from, to] = [0, values.length - 1]
  while (from < to) {
    const pivot = values[rank]!
    let [i, j] = [from, to]
    while (i <= j) {
      while (values[i]! < pivot) i++
      while (values[j]! > pivot) j--
      if (i > j) break
      const v = values[i]!
      values[i++] = values[j]!
      values[j--] = v
    }
    if (j < rank) from = i
    if (rank < i) to = j
  }
  return values[rank]!
}

/** For the usual case: ends of finite values. */
function byTails(values: Float32Array): Order {
  return { finite: values.length, valuesAt: (ranks) => valuesInTails(values, ranks) }
}

/**
 * Two passes in place of a sort, which would take most of the time of a layer's statistics: values are counted by the
 * upper half of their bits, then only those that share it with a wanted one are sorted.
 */
function byCounting(values: Float32Array): Order {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  const counts = new Int32Array(65536)
  for (let i = 0; i < bits.length; i++) counts[upperKey(bits[i]!)]!++
  let finite = 0
  for (let key = lowestFinite; key <= highestFinite; key++) finite += counts[key]!

  function valuesAt(ranks: readonly number[]): Map<number, number> {
    const wanted = new Uint8Array(65536)
    const waiting = [...new Set(ranks)].sort((a, b) => a - b)
    /** Index of each rank among the values that are kept. */
    const indices = new Map<number, number>()
    let [before, kept] = [0, 0]
    for (let key = lowestFinite; waiting.length > 0; key++) {
      const count = counts[key]!
      for (; waiting.length > 0 && waiting[0]! < before + count; wanted[key] = 1)
        indices.set(waiting[0]!, kept + waiting.shift()! - before)
      before += count
      if (wanted[key]) kept += count
    }
    const sorted = new Float32Array(kept)
    let n = 0
    for (let i = 0; i < bits.length; i++) if (wanted[upperKey(bits[i]!)]) sorted[n++] = values[i]!
    sorted.sort()
    return new Map(ranks.map((rank) => [rank, sorted[indices.get(rank)!]!]))
  }
  return { finite, valuesAt }
}

/** Upper keys of the smallest and the largest finite float32; NaN and infinities lie outside. */
const lowestFinite = 0x0080
const highestFinite = 0xff7f

/** The upper 16 bits of a float32, changed so that they order as the values do. */
function upperKey(bits: number): number {
  return (bits ^ ((bits >> 31) | 0x80000000)) >>> 16
}

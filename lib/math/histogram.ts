/** Equal-width bins over [lo, hi]: bin i is [lo + i*w, lo + (i+1)*w), the last one closed. */
export type Histogram = { lo: number; hi: number; counts: number[] }

/** Smallest and largest finite value of all arrays together; null if there is none. */
export function finiteExtent(...arrays: Float32Array[]): [number, number] | null {
  let lo = Infinity
  let hi = -Infinity
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      const v = values[i]!
      if (v < lo && v !== -Infinity) lo = v
      if (v > hi && v !== Infinity) hi = v
    }
  }
  return lo <= hi ? [lo, hi] : null
}

/** The domain for `values`: their extent, widened by half to each side if it is a point; [0, 1] for none. */
function domainOf(values: Float32Array): [number, number] {
  const [lo, hi] = finiteExtent(values) ?? [0, 1]
  return lo < hi ? [lo, hi] : [lo - 0.5, hi + 0.5]
}

/**
 * Counts values in `bins` equal-width bins over the domain [lo, hi]; pass one domain to compare two arrays.
 * NaN, infinities and values outside the domain are not counted. Throws a RangeError for a domain that is not lo < hi.
 */
export function histogram(
  values: Float32Array,
  bins: number,
  [lo, hi]: [number, number] = domainOf(values),
): Histogram {
  if (!(hi > lo && hi - lo < Infinity)) throw new RangeError(`histogram over [${lo}, ${hi}]`)
  const counts = new Int32Array(bins)
  const perUnit = bins / (hi - lo)
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!
    if (!(v >= lo && v <= hi)) continue
    const bin = Math.trunc((v - lo) * perUnit)
    counts[bin < bins ? bin : bins - 1]!++
  }
  return { lo, hi, counts: Array.from(counts) }
}

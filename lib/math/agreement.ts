/** SQNR in dB and cosine of two vectors; null where a value cannot be had. */
export type Agreement = { sqnr: number | null; cosine: number | null }

/**
 * The largest SQNR told, dB. float32 holds a value to within 2^-25 of it, which is about 150 dB; beyond
 * that, and for equal vectors, the difference is below what the numbers resolve.
 */
export const sqnrCeiling = 150

/**
 * How well `other` agrees with `reference`, in one pass with float64 sums:
 *   sqnr = 10*log10(sum reference^2 / sum (reference - other)^2), at most 150 dB; higher is better
 *   cosine = <reference, other> / (|reference| |other|), in [-1, 1]
 * Both null if reference has no energy or any value is not finite; cosine null if only `other` has none.
 * Throws a RangeError if the lengths differ.
 */
export function agreement(reference: Float32Array, other: Float32Array): Agreement {
  if (reference.length !== other.length)
    throw new RangeError(`vectors of ${reference.length} and ${other.length} elements have no agreement`)
  let energy = 0
  let otherEnergy = 0
  let noise = 0
  let product = 0
  for (let i = 0; i < reference.length; i++) {
    const a = reference[i]!
    const b = other[i]!
    energy += a * a
    otherEnergy += b * b
    product += a * b
    noise += (a - b) * (a - b)
  }
  if (!(energy > 0) || !Number.isFinite(energy) || !Number.isFinite(otherEnergy))
    return { sqnr: null, cosine: null }
  const sqnr = Math.min(sqnrCeiling, 10 * Math.log10(energy / noise))
  if (otherEnergy === 0) return { sqnr, cosine: null }
  const cosine = product / Math.sqrt(energy) / Math.sqrt(otherEnergy)
  return { sqnr, cosine: Math.max(-1, Math.min(1, cosine)) }
}

/** The SQNR of `agreement`, dB. */
export function sqnr(reference: Float32Array, other: Float32Array): number | null {
  return agreement(reference, other).sqnr
}

/** The cosine of `agreement`. */
export function cosine(reference: Float32Array, other: Float32Array): number | null {
  return agreement(reference, other).cosine
}

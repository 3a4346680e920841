/** The two measures that stand for a layer everywhere. */
import { errorMeasures, errorSums } from './errors'

/** SQNR in dB and cosine of two vectors; null where a value cannot be had. */
export type Agreement = { sqnr: number | null; cosine: number | null }

/**
 * How well `other` agrees with `reference`, see ErrorMeasures; higher is better. Both null if reference has no energy or any value
 * is not finite; cosine null if only `other` has none. Throws a RangeError if the lengths differ.
 */
export function agreement(reference: Float32Array, other: Float32Array): Agreement {
  const { sqnr, cosine } = errorMeasures(errorSums(reference, other))
  return { sqnr, cosine }
}

/** The SQNR of `agreement`, dB. */
export function sqnr(reference: Float32Array, other: Float32Array): number | null {
  return agreement(reference, other).sqnr
}

/** The cosine of `agreement`. */
export function cosine(reference: Float32Array, other: Float32Array): number | null {
  return agreement(reference, other).cosine
}

/**
 * The sign function of every binarizer here and the straight-through estimator (STE) that stands for its
 * derivative. sign(0) = sign(-0) = +1, so that a sign is one bit; torch.sign gives 0, a third level, which is kept to
 * where BinaryDM's own code is to be reproduced. NaN has no sign and counts as -1; the moments of a layer count such
 * weights.
 */

/** sign(0): +1, or 0 as torch.sign has it. */
export type ZeroSign = 1 | 0

/** +1 for v > 0, -1 for v < 0, `zero` between. */
export function signOf(v: number, zero: ZeroSign = 1): 1 | 0 | -1 {
  return v > 0 ? 1 : v === 0 ? zero : -1
}

/** Derivative the STE gives sign at v: 1 on the window |v| <= 1, ends included; 0 outside. */
export function steSlope(v: number): 1 | 0 {
  return v >= -1 && v <= 1 ? 1 : 0
}

/**
 * The sign function of every binarizer here and the straight-through estimator (STE) that stands for its
 * derivative. sign(0) = sign(-0) = +1, so that a sign is one bit (torch.sign gives 0, which would be a
 * third level). NaN has no sign and counts as -1; the moments of a layer count such weights.
 */

/** +1 for v >= 0, zeros included; -1 otherwise. */
export function signOf(v: number): 1 | -1 {
  return v >= 0 ? 1 : -1
}

/** Derivative the STE gives sign at v: 1 on the window |v| <= 1, ends included; 0 outside. */
export function steSlope(v: number): 1 | 0 {
  return v >= -1 && v <= 1 ? 1 : 0
}

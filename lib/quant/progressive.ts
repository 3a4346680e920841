/**
 * Progressive initialisation (BinaryDM v1): the middle module is binarized at iteration 0, the modules i places before
 * and after it at iteration i, so that M modules take floor(M/2) + 1 iterations.
 */

/** Iteration at which module `index` of `count` (in order of the forward pass) turns binary. */
export function turnsBinaryAt(index: number, count: number): number {
  return Math.abs(index - Math.floor(count / 2))
}

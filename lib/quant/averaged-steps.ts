/**
 * Steps (alpha) of activation quantizers that an averaged (EMA) copy of a student cannot be run with. Released BinaryDM
 * makes alpha as uninitialised memory and sets it in the first forward pass; a copy made before that averages whatever the
 * memory held, and keeps a trace of it or stays NaN however long the training goes on.
 */

/** Steps outside are no quantizer's: activations of these networks are between 1e-3 and 1e3 in size. */
const plausible = { least: 1e-6, most: 1e4 }

/** Whether an input could be quantized with this step: finite, positive, of a size that activations have. */
export function usableStep(alpha: number): boolean {
  return alpha >= plausible.least && alpha <= plausible.most
}

/** An average may trail the raw value, but not by this share of it. */
const mostTrailing = 0.5

/** Whether an averaged step is unusable, or off the raw one it averages by more than half. */
export function contaminatedStep(raw: number, averaged: number): boolean {
  if (!usableStep(averaged)) return true
  return usableStep(raw) && Math.abs(averaged / raw - 1) > mostTrailing
}

/**
 * Learned step size quantization of activations (LSQ, Esser et al., ICLR 2020), signed and symmetric:
 *   y = alpha*round(clamp(x/alpha, Qn, Qp)),  Qn = -2^(bits-1), Qp = 2^(bits-1) - 1,
 * one step alpha per layer. Halves round to even. alpha is set once from the first batch (initAlpha), then
 * learned, and is never recomputed at inference: that would make outputs depend on the batch they are in.
 */

export type ActivationBits = 4 | 8

/** Adding and subtracting it rounds a double below 2^51 in size to an integer, halves to even. */
export const rounder = 1.5 * 2 ** 52

/** Smallest and largest code, [-8, 7] at 4 bits and [-128, 127] at 8. */
export function codeRange(bits: ActivationBits): { Qn: number; Qp: number } {
  return { Qn: -(2 ** (bits - 1)), Qp: 2 ** (bits - 1) - 1 }
}

/** Starting step from a first batch: 2*mean|x|/sqrt(Qp). 1 for an input that is all zero, which any step represents. */
export function initAlpha(x: Float32Array, bits: ActivationBits): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += Math.abs(x[i]!)
  const alpha = Math.fround((2 * (sum / x.length)) / Math.sqrt(codeRange(bits).Qp))
  return alpha > 0 ? alpha : 1
}

/**
 * The step to go on with when an optimizer proposes `next` after `alpha`: one update may at most halve it.
 * Keeps alpha positive, without which x/alpha has no meaning, and needs no smallest value.
 */
export function updateAlpha(alpha: number, next: number): number {
  return Math.max(next, alpha / 2)
}

/** A negative step means something, if nothing sensible: checkpoints of other code have them. */
function float32Step(alpha: number): number {
  const step = Math.fround(alpha)
  if (step === 0 || !Number.isFinite(step))
    throw new RangeError(`LSQ step ${alpha} is zero or not a finite float32 number`)
  return step
}

/** x quantized and scaled back, written to `out`. Throws a RangeError unless alpha is finite and not zero. */
export function lsq(
  x: Float32Array,
  alpha: number,
  bits: ActivationBits,
  out: Float32Array = new Float32Array(x.length),
): Float32Array {
  const { Qn, Qp } = codeRange(bits)
  const step = float32Step(alpha)
  for (let i = 0; i < x.length; i++) {
    // A float32 quotient: the same ties as in a tensor library, where doubles would see none.
    const v = Math.fround(x[i]! / step)
    out[i] = step * (Math.max(Qn, Math.min(Qp, v)) + rounder - rounder)
  }
  return out
}

/**
 * Gradient of lsq, round passed straight through; v = x/alpha, in = 1[Qn <= v <= Qp], q its code:
 *   dx = dy*in,  dalpha = sum dy*(q - in*v) / sqrt(numel*Qp)
 * The last factor is LSQ's gradient scale, numel all elements of x with the batch. dx is written to `dx`.
 */
export function lsqGrad(
  dy: Float32Array,
  x: Float32Array,
  alpha: number,
  bits: ActivationBits,
  dx: Float32Array = new Float32Array(x.length),
): { dx: Float32Array; dalpha: number } {
  const { Qn, Qp } = codeRange(bits)
  const step = float32Step(alpha)
  let sum = 0
  for (let i = 0; i < x.length; i++) {
    const g = dy[i]!
    const v = Math.fround(x[i]! / step)
    if (v < Qn) {
      dx[i] = 0
      sum += g * Qn
    } else if (v > Qp) {
      dx[i] = 0
      sum += g * Qp
    } else {
      dx[i] = g
      sum += g * (v + rounder - rounder - v)
    }
  }
  return { dx, dalpha: sum / Math.sqrt(x.length * Qp) }
}

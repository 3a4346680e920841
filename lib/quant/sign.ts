/**
 * The one-basis baseline: sigma1*sign(w), sigma1 learnable per output channel (BinaryDM section 3.1;
 * start value: initScales). LMB with one basis is the same function.
 */
import { rowLength } from './scales'
import { signOf, steSlope, type ZeroSign } from './ste'

/** sigma1*sign(w) for w [O, n] and sigma1 [O]. */
export function sign(w: Float32Array, sigma1: Float32Array, zero: ZeroSign = 1): Float32Array {
  const n = rowLength(w, sigma1.length)
  const out = new Float32Array(w.length)
  for (let o = 0; o < sigma1.length; o++) {
    const s1 = sigma1[o]!
    for (let i = o * n; i < (o + 1) * n; i++) out[i] = s1 * signOf(w[i]!, zero)
  }
  return out
}

/** Gradient of sign(w, sigma1): dw = dy*sigma1*1[|w| <= 1], dsigma1 = sum over the row of dy*sign(w). */
export function signGrad(
  dy: Float32Array,
  w: Float32Array,
  sigma1: Float32Array,
): { dw: Float32Array; dsigma1: Float32Array } {
  const n = rowLength(w, sigma1.length)
  const dw = new Float32Array(w.length)
  const dsigma1 = new Float32Array(sigma1.length)
  for (let o = 0; o < sigma1.length; o++) {
    const s1 = sigma1[o]!
    let sum = 0
    for (let i = o * n; i < (o + 1) * n; i++) {
      dw[i] = dy[i]! * s1 * steSlope(w[i]!)
      sum += dy[i]! * signOf(w[i]!)
    }
    dsigma1[o] = sum
  }
  return { dw, dsigma1 }
}

/**
 * Learnable Multi-basis Binarizer (BinaryDM, Eq. 5), two bases:
 *   sigma1*sign(w) + sigma2*sign(r),  r = w - sigma1*sign(w),
 * w [O, n], sigma1 and sigma2 [O]. Start values: initScales. r is float32, as a tensor library has it.
 */
import { rowLength } from './scales'
import { signOf, steSlope, type ZeroSign } from './ste'

/** The binarized weights, [O, n]; four levels per channel. */
export function lmb(
  w: Float32Array,
  sigma1: Float32Array,
  sigma2: Float32Array,
  zero: ZeroSign = 1,
): Float32Array {
  const n = rowLength(w, sigma1.length)
  const out = new Float32Array(w.length)
  for (let o = 0; o < sigma1.length; o++) {
    const s1 = sigma1[o]!
    const s2 = sigma2[o]!
    for (let i = o * n; i < (o + 1) * n; i++) {
      const first = s1 * signOf(w[i]!, zero)
      out[i] = first + s2 * signOf(Math.fround(w[i]! - first), zero)
    }
  }
  return out
}

/**
 * Gradient of lmb with the STE in both sign functions; a = 1[|w| <= 1], b = 1[|r| <= 1]:
 *   dw      = dy*(sigma1*a + sigma2*b*(1 - sigma1*a))
 *   dsigma1 = sum over the row of dy*sign(w)*(1 - sigma2*b)
 *   dsigma2 = sum over the row of dy*sign(r)
 * dsigma1 is the chain rule; the paper's Eq. 7 prints sign(w)*(1 - sigma2*sign(w)), which autograd contradicts.
 */
export function lmbGrad(
  dy: Float32Array,
  w: Float32Array,
  sigma1: Float32Array,
  sigma2: Float32Array,
): { dw: Float32Array; dsigma1: Float32Array; dsigma2: Float32Array } {
  const n = rowLength(w, sigma1.length)
  const dw = new Float32Array(w.length)
  const dsigma1 = new Float32Array(sigma1.length)
  const dsigma2 = new Float32Array(sigma2.length)
  for (let o = 0; o < sigma1.length; o++) {
    const s1 = sigma1[o]!
    const s2 = sigma2[o]!
    let sum1 = 0
    let sum2 = 0
    for (let i = o * n; i < (o + 1) * n; i++) {
      const g = dy[i]!
      const b1 = signOf(w[i]!)
      const r = Math.fround(w[i]! - s1 * b1)
      const a = s1 * steSlope(w[i]!)
      const b = s2 * steSlope(r)
      dw[i] = g * (a + b * (1 - a))
      sum1 += g * b1 * (1 - b)
      sum2 += g * signOf(r)
    }
    dsigma1[o] = sum1
    dsigma2[o] = sum2
  }
  return { dw, dsigma1, dsigma2 }
}

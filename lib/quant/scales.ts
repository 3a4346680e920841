/**
 * Scales of binarized weights, one per output channel. Weights are [O, n] row-major: OIHW flattened, O
 * output channels, n = I*H*W values each (linear: n = inputs).
 */
import { signOf, type ZeroSign } from './ste'

/** n of weights [O, n]. Throws a RangeError unless w splits into O rows. */
export function rowLength(w: Float32Array, O: number): number {
  const n = w.length / O
  if (!Number.isInteger(n)) throw new RangeError(`${w.length} weights do not split into ${O} output channels`)
  return n
}

/** Mean of |v| per row of v [O, n], as [O]; summed in float64. */
export function meanAbs(v: Float32Array, O: number): Float32Array {
  const n = rowLength(v, O)
  const means = new Float32Array(O)
  for (let o = 0; o < O; o++) {
    let sum = 0
    for (let i = o * n; i < (o + 1) * n; i++) sum += Math.abs(v[i]!)
    means[o] = sum / n
  }
  return means
}

/** What one basis leaves over: r = w - sigma1*sign(w), [O, n], float32. */
export function residual(w: Float32Array, sigma1: Float32Array, zero: ZeroSign = 1): Float32Array {
  const n = rowLength(w, sigma1.length)
  const r = new Float32Array(w.length)
  for (let o = 0; o < sigma1.length; o++) {
    const s1 = sigma1[o]!
    for (let i = o * n; i < (o + 1) * n; i++) r[i] = w[i]! - s1 * signOf(w[i]!, zero)
  }
  return r
}

/**
 * Starting scales from the weights themselves: sigma1 = mean|w| and, with two bases, sigma2 = mean|r| of
 * the residual r. BinaryDM section 3.2 writes a norm over n; as in XNOR-Net and BinaryDM's own code it is the l1 norm.
 */
export function initScales(
  w: Float32Array,
  O: number,
  bases: 1 | 2,
  zero: ZeroSign = 1,
): { sigma1: Float32Array; sigma2?: Float32Array } {
  const sigma1 = meanAbs(w, O)
  return bases === 1 ? { sigma1 } : { sigma1, sigma2: meanAbs(residual(w, sigma1, zero), O) }
}

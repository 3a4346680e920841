/** XNOR-Net (Rastegari et al., 2016): sign(w) times mean|w| of the channel; nothing but w is learned. */
import { meanAbs, rowLength } from './scales'
import { sign } from './sign'
import { signOf, steSlope } from './ste'

/** mean|w|*sign(w) per row of w [O, n]. */
export function xnor(w: Float32Array, O: number): Float32Array {
  return sign(w, meanAbs(w, O))
}

/**
 * Gradient of xnor through sign and mean, as autograd takes it:
 * dw_j = dy_j*m*1[|w_j| <= 1] + sgn(w_j)/n * sum_i dy_i*sign(w_i), m = mean|w|, where sgn(0) = 0 is the
 * derivative of |.| at 0 (the forward sign(0) stays +1).
 */
export function xnorGrad(dy: Float32Array, w: Float32Array, O: number): { dw: Float32Array } {
  const n = rowLength(w, O)
  const means = meanAbs(w, O)
  const dw = new Float32Array(w.length)
  for (let o = 0; o < O; o++) {
    const m = means[o]!
    let sum = 0
    for (let i = o * n; i < (o + 1) * n; i++) sum += dy[i]! * signOf(w[i]!)
    for (let i = o * n; i < (o + 1) * n; i++)
      dw[i] = dy[i]! * m * steSlope(w[i]!) + (Math.sign(w[i]!) * sum) / n
  }
  return { dw }
}

/**
 * 8-bit weights with a learned step per output channel (LSQ, Esser et al., ICLR 2020), for the layers next to input and
 * output, which BinaryDM keeps at 8 bits (appendix B.1). Weights w [O, n] row-major, steps [O]; each row is
 * quantized as lib/quant/lsq quantizes an activation:
 *   step*clamp(round(w/step), -128, 127),  a float32 quotient, halves to even.
 */
import { codeRange, lsq, lsqGrad } from './lsq'
import { rowLength } from './scales'

const bits = 8

/** The weights at 8 bits, [O, n]. Throws a RangeError unless every step is positive and finite. */
export function weightLsq(w: Float32Array, step: Float32Array): Float32Array {
  const n = rowLength(w, step.length)
  const out = new Float32Array(w.length)
  for (let o = 0; o < step.length; o++) {
    if (!(step[o]! > 0)) throw new RangeError(`step ${step[o]} is not a positive float32 number`)
    const [from, to] = [o * n, (o + 1) * n]
    lsq(w.subarray(from, to), step[o]!, bits, out.subarray(from, to))
  }
  return out
}

/** The codes of weightLsq, -128 to 127: step times code is the weight. The weights must be finite. */
export function weightCodes(w: Float32Array, step: Float32Array): Int8Array {
  const n = rowLength(w, step.length)
  // The quotient is within a rounding of its whole code.
  return Int8Array.from(weightLsq(w, step), (q, i) => Math.round(q / step[Math.floor(i / n)]!))
}

/**
 * Gradient of weightLsq, round passed straight through; per row v = w/step, q its code, in = 1[-128 <= v <= 127]:
 *   dw = dy*in,  dstep = sum over the row of dy*(q - in*v) / sqrt(n*127)
 * The last factor is LSQ's gradient scale over the n weights that share a step.
 */
export function weightLsqGrad(
  dy: Float32Array,
  w: Float32Array,
  step: Float32Array,
): { dw: Float32Array; dstep: Float32Array } {
  const n = rowLength(w, step.length)
  const dw = new Float32Array(w.length)
  const dstep = new Float32Array(step.length)
  for (let o = 0; o < step.length; o++) {
    const [from, to] = [o * n, (o + 1) * n]
    const row = (v: Float32Array) => v.subarray(from, to)
    dstep[o] = lsqGrad(row(dy), row(w), step[o]!, bits, row(dw)).dalpha
  }
  return { dw, dstep }
}

/**
 * Starting steps of weights [O, n]: max|w|/127 per row, so that no weight of the teacher is clipped. LSQ's own start,
 * 2*mean|w|/sqrt(127), is meant for few bits: at 8 it leaves most codes unused. 1 for a row that no step would fit:
 * all zeros, or not finite.
 */
export function initStep(w: Float32Array, O: number): Float32Array {
  const n = rowLength(w, O)
  const { Qp } = codeRange(bits)
  const step = new Float32Array(O)
  for (let o = 0; o < O; o++) {
    let largest = 0
    for (let i = o * n; i < (o + 1) * n; i++) largest = Math.max(largest, Math.abs(w[i]!))
    const fitting = Math.fround(largest / Qp)
    step[o] = fitting > 0 && fitting < Infinity ? fitting : 1
  }
  return step
}

/** How a layer's input makes use of its quantizer: the codes it falls on, what is clipped, the range it has. */
import { type ActivationBits, codeRange } from '../quant/lsq'
import { codeRows } from '../record/sweep'

export type InputUse = {
  min: number
  max: number
  /** Share of the values at each of 16 codes (groups of 16 codes at 8 bits), lowest first; null for a float input. */
  codes: number[] | null
  /** Share of the values that were clamped at the lowest code, and at the highest; null for a float input. */
  clipped: [below: number, above: number] | null
}

/** Step of an input and the bits of its codes. */
export type Step = { alpha: number; bits: ActivationBits }

/**
 * What becomes of channels [from, to) of an input [N, C] with LSQ's code round(clamp(x/alpha)), halves to even (lib/quant/lsq.ts).
 * Values that are not finite count nowhere; with no finite value min and max are NaN.
 */
export function inputUse(
  x: Float32Array,
  C: number,
  [from, to]: [number, number],
  step: Step | null,
): InputUse {
  let [min, max, below, above] = [Infinity, -Infinity, 0, 0]
  const counts = new Float64Array(codeRows)
  const { Qn, Qp } = codeRange(step?.bits ?? 4)
  const perRow = (Qp - Qn + 1) / codeRows
  const alpha = step && Math.fround(step.alpha)
  let finite = 0
  for (let n = 0; n < x.length; n += C) {
    for (let i = n + from; i < n + to; i++) {
      const value = x[i]!
      if (!(Math.abs(value) < Infinity)) continue
      finite++
      if (value < min) min = value
      if (value > max) max = value
      if (alpha === null) continue
      const v = Math.fround(value / alpha)
      if (v < Qn) below++
      else if (v > Qp) above++
      // adding and subtracting it rounds halves to even
      const code = Math.max(Qn, Math.min(Qp, v)) + rounder - rounder
      counts[Math.trunc((code - Qn) / perRow)]!++
    }
  }
  if (finite === 0) return { min: Number.NaN, max: Number.NaN, codes: null, clipped: null }
  return {
    min,
    max,
    codes: alpha === null ? null : Array.from(counts, (count) => count / finite),
    clipped: alpha === null ? null : [below / finite, above / finite],
  }
}

const rounder = 1.5 * 2 ** 52

/** max |x| of each channel of [N, C]. */
export function channelPeaks(x: Float32Array, C: number): number[] {
  const peaks = new Float32Array(C)
  for (let n = 0; n < x.length; n += C) {
    for (let c = 0; c < C; c++) {
      const v = Math.abs(x[n + c]!)
      if (v > peaks[c]!) peaks[c] = v
    }
  }
  return Array.from(peaks)
}

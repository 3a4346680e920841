/** How a layer's input makes use of its quantizer: the codes it falls on, what is clipped, the range it has. */
import { sqnr } from '../math/agreement'
import { spacedRows } from '../math/spaced-rows'
import { type ActivationBits, codeRange, lsq, rounder } from '../quant/lsq'
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
  const { Qn, Qp } = codeRange(step?.bits ?? 4)
  const counts = new Int32Array(Qp - Qn + 1)
  const alpha = step && Math.fround(step.alpha)
  let finite = 0
  for (let n = 0; n < x.length; n += C) {
    for (let i = n + from; i < n + to; i++) {
      const value = x[i]!
      if (value - value !== 0) continue // NaN or infinite
      finite++
      if (value < min) min = value
      if (value > max) max = value
      if (alpha === null) continue
      const v = Math.fround(value / alpha)
      if (v < Qn) below++
      else if (v > Qp) above++
      // adding and subtracting it rounds halves to even
      else counts[v + rounder - rounder - Qn]!++
    }
  }
  if (finite === 0) return { min: Number.NaN, max: Number.NaN, codes: null, clipped: null }
  if (alpha === null) return { min, max, codes: null, clipped: null }
  counts[0]! += below
  counts[Qp - Qn]! += above
  const perRow = counts.length / codeRows
  const codes = Array.from({ length: codeRows }, (_, row) => {
    let count = 0
    for (let i = row * perRow; i < (row + 1) * perRow; i++) count += counts[i]!
    return count / finite
  })
  return { min, max, codes, clipped: [below / finite, above / finite] }
}

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

/** What a step is multiplied by to try others: a quarter to four times, by the root of 2. */
export const stepFactors = Array.from({ length: 9 }, (_, i) => 2 ** ((i - 4) / 2))

/** Values steps are tried on. */
const triedValues = 4096

/**
 * SQNR in dB of an input quantized with `stepFactors` times its step, on values spread evenly; null where the input has no energy
 * or is not finite.
 */
export function stepSqnrs(x: Float32Array, { alpha, bits }: Step): (number | null)[] {
  const values = spacedRows(x, 1, Math.min(x.length, triedValues))
  const quantized = new Float32Array(values.length)
  return stepFactors.map((factor) => sqnr(values, lsq(values, factor * alpha, bits, quantized)))
}

/**
 * Index in `stepFactors` of the step that is best on the mean over timesteps, since one serves all of them; the one in use where
 * none is better. [9, D] as stepSqnrs gives them.
 */
export function bestStep(sqnrs: readonly (readonly (number | null)[])[]): number {
  const means = sqnrs.map((row) => row.reduce<number>((sum, v) => sum + (v ?? 0), 0))
  return means.reduce((best, mean, i) => (mean > means[best]! ? i : best), stepInUse)
}

const stepInUse = stepFactors.indexOf(1)

/** dB that the best step would gain over the one in use, at each timestep; it may lose at some. null where nothing was measured. */
export function stepLeft(sqnrs: readonly (readonly (number | null)[])[]): (number | null)[] {
  const best = sqnrs[bestStep(sqnrs)]!
  return sqnrs[stepInUse]!.map((v, t) => {
    const other = best[t] ?? null
    return v === null || other === null ? null : other - v
  })
}

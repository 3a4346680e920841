/** What a four-bit grid makes of the input of a layer, by the quantizer of the trainer. Pure. */
import { type InputUse, inputUse } from '../../lib/diagnostics/activation-use'
import { sqnr } from '../../lib/math/agreement'
import { normal } from '../../lib/math/rng'
import { codeRange, initAlpha, lsq } from '../../lib/quant/lsq'

/** Input values to begin with: as they come out of a normalization, with the far ones that a step must weigh. */
export const inputs: Float32Array = normal(7, 1, new Float32Array(60)).map((v, i) =>
  i % 12 === 0 ? 2 * v : v,
)

export type GridFit = {
  /** The 16 values that can be told apart. */
  levels: number[]
  quantized: Float32Array
  /** Share of the values at each code. */
  codes: number[]
  /** Share that is clamped at either end. */
  clipped: number
  /** Against the values, dB. */
  sqnr: number | null
}

export function gridFit(x: Float32Array, alpha: number): GridFit {
  const { Qn, Qp } = codeRange(4)
  const quantized = lsq(x, alpha, 4)
  const { codes, clipped } = inputUse(x, 1, [0, 1], { alpha, bits: 4 }) as Required<InputUse>
  const [below, above] = clipped ?? [0, 0]
  return {
    levels: Array.from({ length: Qp - Qn + 1 }, (_, i) => (Qn + i) * alpha),
    quantized,
    codes: codes ?? [],
    clipped: below + above,
    sqnr: sqnr(x, quantized),
  }
}

/** The step a training begins with. */
export const startOf = (x: Float32Array): number => initAlpha(x, 4)

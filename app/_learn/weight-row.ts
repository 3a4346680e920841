/** What sign bases make of one row of weights, by the binarizers of the trainer. Pure. */
import { agreement } from '../../lib/math/agreement'
import { ebbPenalty } from '../../lib/quant/ebb'
import { lmb } from '../../lib/quant/lmb'
import { initScales } from '../../lib/quant/scales'
import { sign } from '../../lib/quant/sign'

export type RowFit = {
  sigma1: number
  sigma2: number | null
  /** The weights the network computes with. */
  binarized: Float32Array
  /** Against the weights; SQNR in dB. */
  sqnr: number | null
  cosine: number | null
}

/** One output channel w with one or two bases at their start; `second` is the share of sigma2 that is left, 1 for LMB. */
export function rowFit(w: Float32Array, bases: 1 | 2, second = 1): RowFit {
  const { sigma1, sigma2 } = initScales(w, 1, bases)
  const shrunk = sigma2?.map((scale) => second * scale)
  const binarized = shrunk ? lmb(w, sigma1, shrunk) : sign(w, sigma1)
  return { sigma1: sigma1[0]!, sigma2: shrunk?.[0] ?? null, binarized, ...agreement(w, binarized) }
}

/** What EBB's penalty is for one layer with this sigma2 in every channel. */
export const penaltyOf = (sigma2: number): number => ebbPenalty([Float32Array.of(sigma2)]).loss

/** A row to begin with. */
export const firstRow = [0.1, -1.1, -1.65, -0.7, 1.6, -0.05, 0.8, -0.35, -0.1, -0.12, 1.5, 0.15, 1, 1.1]

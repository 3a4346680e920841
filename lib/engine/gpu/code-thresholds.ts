/**
 * The codes of 4-bit inputs by comparisons. A quotient of WGSL may be off in its last bits, enough to round the other way than
 * everywhere else; comparisons are exact. As x grows its code never falls, so the smallest float of each code tells it.
 *
 * Floats are compared by their places in the order of all floats: the bits below the sign, negated for negative ones. Both zeros have
 * place 0, and numbers too small for a GPU to keep apart from zero have places of their own.
 */
import { codeRange } from '../../quant/lsq'
import { referenceCodes } from '../reference'

/** Place of infinity, the last there is. */
const last = 0x7f800000

/** Places of the smallest floats of codes -7 to 7 for a step of |alpha|. Throws a RangeError unless alpha is finite and not zero. */
export function codeThresholds(alpha: number): Int32Array {
  const { Qn, Qp } = codeRange(4)
  return Int32Array.from({ length: Qp - Qn }, (_, i) => firstPlace(Qn + 1 + i, Math.abs(alpha)))
}

function firstPlace(code: number, alpha: number): number {
  let [below, from] = [-last, last]
  while (from - below > 1) {
    const middle = Math.floor((below + from) / 2)
    if (referenceCodes(Float32Array.of(floatAt(middle)), alpha)[0]! >= code) from = middle
    else below = middle
  }
  return from
}

function floatAt(place: number): number {
  const size = new Float32Array(Int32Array.of(Math.abs(place)).buffer)[0]!
  return place < 0 ? -size : size
}

/**
 * How much of float weights v [O, n] the sign bases of a layer hold, and how much they could. Per output channel, b_k its sign
 * planes and s_k its scales, energies are sums of squares over the channel:
 *   in use   | v - sum_k s_k b_k |^2
 *   refit    min over s of the same: the scales by least squares, the signs as they are
 *   best     min over s and b: as many bases as there are, the signs free too
 * With one basis the best is mean|v| sign(v). With two the levels are +-(s1 - s2) and +-(s1 + s2), so the best are the two means of
 * |v| (k-means with k = 2 in one dimension), found exactly by trying every split of the sorted |v|: no alternating fit does better.
 */
import { sqnrCeiling } from '../math/sqnr-ceiling'
import type { BasisScales } from '../quant/binarizer'
import { rowLength } from '../quant/scales'
import type { BasisFit } from '../record/run'

/**
 * What Gaussian weights have with scales at their start (mean|w|, then mean|residual|), by the number of bases: share of energy not
 * held, and the SQNR in dB of the best signs and scales. With two bases the latter is Lloyd's and Max's four-level quantizer.
 */
export const gaussianFit = {
  1: { residualEnergy: 0.3634, bestSqnr: 4.396 },
  2: { residualEnergy: 0.1306, bestSqnr: 9.3 },
} as const

/**
 * The fit of a layer's bases to v: SQNR in dB (higher is better, at most 150), what is left on the table in dB (lower is better, 0: nothing),
 * the share of energy not held (lower is better; above 1 the bases are worse than zeros), and the norm of the bases over that of v. Planes are those of the bases in
 * use, [O, n] each. null if v has no energy or is not finite.
 */
export function basisFit(
  v: Float32Array,
  planes: readonly Int8Array[],
  { sigma1, sigma2 }: BasisScales,
): BasisFit | null {
  const O = sigma1.length
  const n = rowLength(v, O)
  const [plane1, plane2] = planes
  if (!plane1) throw new RangeError('a fit without a sign plane')
  const channels = Array.from({ length: O }, (_, o) => {
    const row = v.subarray(o * n, (o + 1) * n)
    const planeRow = (plane: Int8Array | undefined) => plane?.subarray(o * n, (o + 1) * n)
    const products = productsOf(row, planeRow(plane1)!, planeRow(plane2))
    return channelFit(row, products, sigma1[o]!, sigma2?.[o] ?? null)
  })
  const sum = (of: (channel: ChannelFit) => number) =>
    channels.reduce((total, channel) => total + of(channel), 0)
  const energy = sum((channel) => channel.energy)
  if (!(energy > 0 && energy < Infinity)) return null
  const noise = sum((channel) => channel.inUse)
  const sqnr = decibels(energy, noise)
  const refitSqnr = decibels(
    energy,
    sum((channel) => channel.refit),
  )
  const bestSqnr = decibels(
    energy,
    sum((channel) => channel.best),
  )
  return {
    residualEnergy: noise / energy,
    refitSqnr,
    bestSqnr,
    scalesLeft: Math.max(0, refitSqnr - sqnr),
    basesLeft: Math.max(0, bestSqnr - sqnr),
    left: channels.map(leftByScales),
    size: Math.sqrt(sum((channel) => channel.own) / energy),
  }
}

/** Energies of one channel: of its weights, of the bases that stand for them, and of the errors. */
type ChannelFit = { energy: number; own: number; inUse: number; refit: number; best: number }

/** Sums over a channel that decide every error of it: v.v, b1.v, b2.v, b1.b1, b2.b2, b1.b2; float64. */
type Products = { vv: number; v1: number; v2: number; n1: number; n2: number; n12: number }

function productsOf(v: Float32Array, b1: Int8Array, b2: Int8Array | undefined): Products {
  let [vv, v1, v2, n1, n2, n12] = [0, 0, 0, 0, 0, 0]
  for (let i = 0; i < v.length; i++) {
    const [value, first, second] = [v[i]!, b1[i]!, b2 ? b2[i]! : 0]
    vv += value * value
    v1 += first * value
    v2 += second * value
    n1 += first * first
    n2 += second * second
    n12 += first * second
  }
  return { vv, v1, v2, n1, n2, n12 }
}

function channelFit(v: Float32Array, p: Products, s1: number, s2: number | null): ChannelFit {
  const second = s2 ?? 0
  const own = s1 * s1 * p.n1 + second * second * p.n2 + 2 * s1 * second * p.n12
  const inUse = p.vv - 2 * (s1 * p.v1 + second * p.v2) + own
  return {
    energy: p.vv,
    own: Math.max(0, own),
    // sums that cancel may end below zero by a rounding
    inUse: Math.max(0, inUse),
    refit: Math.max(0, p.vv - heldByRefit(p)),
    best: Math.max(0, p.vv - (s2 === null ? heldByOne(v) : heldByTwo(v))),
  }
}

/** Energy the planes hold at their least-squares scales, from the normal equations. */
function heldByRefit({ v1, v2, n1, n2, n12 }: Products): number {
  const determinant = n1 * n2 - n12 * n12
  if (determinant > 0) return (n2 * v1 * v1 - 2 * n12 * v1 * v2 + n1 * v2 * v2) / determinant
  // one plane, or a second that is the first or its opposite and adds nothing
  return n1 > 0 ? (v1 * v1) / n1 : n2 > 0 ? (v2 * v2) / n2 : 0
}

function heldByOne(v: Float32Array): number {
  let sum = 0
  for (let i = 0; i < v.length; i++) sum += Math.abs(v[i]!)
  return (sum * sum) / v.length
}

/** Energy that the two means of the best split of the sorted |v| hold. */
function heldByTwo(v: Float32Array): number {
  const sorted = v.map(Math.abs).sort()
  const n = sorted.length
  const total = sorted.reduce((sum, value) => sum + value, 0)
  let held = (total * total) / n
  let below = 0
  for (let k = 1; k < n; k++) {
    below += sorted[k - 1]!
    held = Math.max(held, (below * below) / k + (total - below) ** 2 / (n - k))
  }
  return held
}

function decibels(energy: number, noise: number): number {
  return Math.min(sqnrCeiling, 10 * Math.log10(energy / noise))
}

/** What least-squares scales would gain on a channel, dB; 0 for one without energy. Rounded, or thousands of channels take megabytes. */
function leftByScales({ energy, inUse, refit }: ChannelFit): number {
  if (!(energy > 0)) return 0
  return Math.round(1e5 * Math.max(0, decibels(energy, refit) - decibels(energy, inUse))) / 1e5
}

/**
 * The sign bases of one layer, from its scales and planes: sigma2/sigma1, balance and entropy of the signs, dead channels, and how
 * well they fit the weights they stand for. A packed checkpoint has no latent weights: then nothing is said of them.
 */
import { quantiles } from '../math/quantiles'
import type { BasisScales } from '../quant/binarizer'
import { meanAbs, rowLength } from '../quant/scales'
import { steSlope } from '../quant/ste'
import type { BasisStats, LatentWindow, Spread, WorstChannel } from '../record/run'
import { basisFit } from './basis-fit'

export type BasesInput = {
  used: BasisScales
  /** Signs of the bases in use, [O, n] each. */
  planes: readonly Int8Array[]
  /** Latent weights [O, n]; null where they are not stored. */
  latent: Float32Array | null
  /** The teacher's weights, and per output channel the share of signs that differ from them; null without a teacher. */
  teacher: { weights: Float32Array; flips: Float64Array } | null
}

/** What is told of a layer's bases; null for a layer without weights or with scales that are not finite. */
export function basisStats({ used, planes, latent, teacher }: BasesInput): BasisStats | null {
  const O = used.sigma1.length
  const [first] = planes
  const scales = [used.sigma1, ...(used.sigma2 ? [used.sigma2] : [])]
  if (!first || first.length === 0 || !scales.every((scale) => scale.every(Number.isFinite))) return null
  const perChannel = first.length / O
  const positive = planes.map((plane) => positiveSigns(plane, O))
  return {
    perChannel,
    positive: positive.map((counts) => [...counts]),
    entropy: positive.map((counts) => spreadOf(counts.map((count) => signEntropy(count / perChannel)))!),
    ratio: used.sigma2 && spreadOf(scaleRatios(used.sigma1, used.sigma2)),
    dead: deadChannels(used),
    latent: latent && { ...latentWindow(latent, O), fit: basisFit(latent, planes, used) },
    teacher: teacher && {
      flips: worstOf(teacher.flips),
      fit: basisFit(teacher.weights, planes, used),
    },
  }
}

/** sigma2/sigma1 per channel; channels with sigma1 = 0 have none and are left out. 0: the second basis is off. */
export function scaleRatios(sigma1: ArrayLike<number>, sigma2: ArrayLike<number>): number[] {
  return Array.from(sigma1, (s1, o) => sigma2[o]! / s1).filter(Number.isFinite)
}

/** Signs +1 per output channel of a plane [O, n]. */
function positiveSigns(plane: Int8Array, O: number): number[] {
  const n = plane.length / O
  const counts = new Array<number>(O).fill(0)
  for (let o = 0; o < O; o++) for (let i = o * n; i < (o + 1) * n; i++) counts[o]! += Number(plane[i]! > 0)
  return counts
}

/**
 * Entropy of signs of which a share p is +1: -p log2 p - (1-p) log2(1-p), bits per sign. 1: balanced, the plane tells all it can;
 * 0: all signs alike, the channel sees only the sum of its inputs.
 */
export function signEntropy(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -p * Math.log2(p) - (1 - p) * Math.log2(1 - p)
}

/** A channel whose outermost level is below this share of the layer's largest adds next to nothing. */
export const deadShare = 0.05

/** Channels whose outermost level |sigma1| + |sigma2| is 0 or below 5 % of the layer's largest. */
export function deadChannels({ sigma1, sigma2 }: BasisScales): number {
  const levels = Array.from(sigma1, (s1, o) => Math.abs(s1) + Math.abs(sigma2?.[o] ?? 0))
  const largest = levels.reduce((most, level) => Math.max(most, level), 0)
  return levels.filter((level) => level === 0 || level < deadShare * largest).length
}

/** Latent weights this near to zero, as a share of their channel's mean |w|, may change their sign with one update. */
export const nearZeroShare = 0.1

/**
 * Latent weights w [O, n] at the two ends of the straight-through estimator, shares from 0 to 1:
 *   outside   |w| > 1, where its slope is 0: they get no gradient and keep their sign; weights that are NaN count
 *   nearZero  |w| < 0.1 mean|w| of the channel: undecided (0.064 of Gaussian weights, 0.05 of uniform ones)
 */
export function latentWindow(w: Float32Array, O: number): LatentWindow {
  const n = rowLength(w, O)
  const means = meanAbs(w, O)
  let [outside, nearZero] = [0, 0]
  for (let o = 0; o < O; o++) {
    const near = nearZeroShare * means[o]!
    for (let i = o * n; i < (o + 1) * n; i++) {
      outside += 1 - steSlope(w[i]!)
      nearZero += Number(Math.abs(w[i]!) < near)
    }
  }
  return { outside: outside / w.length, nearZero: nearZero / w.length }
}

/** The channel with the largest share, the first of equal ones. */
export function worstOf(shares: Float64Array): WorstChannel {
  let channel = 0
  for (let o = 1; o < shares.length; o++) if (shares[o]! > shares[channel]!) channel = o
  return { channel, share: shares[channel] ?? 0 }
}

function spreadOf(values: readonly number[]): Spread | null {
  const found = quantiles(Float32Array.from(values), [0, 0.5, 1])
  if (!found) return null
  const [min, median, max] = found as [number, number, number]
  return { min, median, max }
}

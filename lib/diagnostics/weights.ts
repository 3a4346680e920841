/**
 * What binarization did to the weights of one layer, without running the network. Weights are OIHW or [out, in].
 * Latent weights are the floats a student keeps for training, and a packed checkpoint does not have; effective weights
 * are what it computes with.
 */
import { agreement } from '../math/agreement'
import { finiteExtent, histogram } from '../math/histogram'
import { quantiles } from '../math/quantiles'
import {
  type BasisScales,
  basisScales,
  effectiveWeight,
  levelShares,
  type Scales,
  signPlanes,
} from '../quant/binarizer'
import { isPacked, type StoredWeight } from '../quant/quantizer'
import { signOf } from '../quant/ste'
import type { LayerPrecision } from '../record/precision'
import type { WeightStats } from '../record/run'
import type { Tensor } from '../tensor/tensor'
import { basisStats } from './bases'
import { weightMoments } from './channels'

export const histogramBins = 96

/** Histograms span this share of the weights, so that a single outlier does not flatten all bins. */
const shown = [0.001, 0.999] as const

export type WeightInput = {
  precision: LayerPrecision
  /** The student's latent weights or the codes left of them, or the layer's own weights in full precision. */
  stored: StoredWeight
  scales: Scales
  /** The teacher's effective weights; null without a teacher. */
  teacher: Tensor | null
  /** Who is at fault in an InputError. */
  file: string
  layer: string
}

/** Statistics of a layer's weights. Throws an InputError for scales that are missing or do not fit. */
export function weightStats({ precision, stored, scales, teacher, file, layer }: WeightInput): WeightStats {
  const whose = { file, layer }
  const used = basisScales(precision, stored, scales, whose)
  const effective = effectiveWeight(precision, stored, scales, whose).data
  const latent = isPacked(stored) ? null : stored.data
  const floats = [...(latent ? [latent] : []), ...(teacher ? [teacher.data] : [])]
  const domain = histogramDomain(floats, used)
  const O = stored.shape[0] ?? 1
  const own = latent && weightMoments(latent, O)
  const planes = used && planesInUse(precision, stored, used)
  const flips = teacher && flippedShares(teacher.data, effective, O)
  const binned = (w: Float32Array) => histogram(w, histogramBins, domain)
  return {
    latent: latent && own && { histogram: binned(latent), moments: own.moments },
    teacher: teacher && {
      histogram: binned(teacher.data),
      moments: weightMoments(teacher.data, O).moments,
    },
    sigma1: used && finiteScales(used.sigma1),
    sigma2: used?.sigma2 ? finiteScales(used.sigma2) : null,
    levelShares: planes && levelShares(planes),
    alpha: precision.activationBits === 32 ? null : (scales.alpha ?? null),
    reconstruction: latent && precision.method !== 'fp' ? agreement(latent, effective) : null,
    againstTeacher: teacher && agreement(teacher.data, effective),
    flips: flips && meanShare(flips),
    channels: own?.channels ?? null,
    bases:
      used &&
      planes &&
      basisStats({ used, planes, latent, teacher: teacher && flips && { weights: teacher.data, flips } }),
  }
}

/** One domain for latent and teacher weights that holds 99.8 % of each and every level. */
function histogramDomain(floats: Float32Array[], used: BasisScales | null): [number, number] {
  const ends = floats.flatMap((w) => quantiles(w, shown) ?? [])
  const levels = used ? [-outermostLevel(used), outermostLevel(used)] : []
  const [lo, hi] = finiteExtent(Float32Array.from([...ends, ...levels])) ?? [0, 0]
  return lo < hi ? [lo, hi] : [lo - 0.5, hi + 0.5]
}

/** The largest |level| of all channels, sigma1 + sigma2. */
function outermostLevel({ sigma1, sigma2 }: BasisScales): number {
  let largest = 0
  for (let o = 0; o < sigma1.length; o++) {
    const level = Math.abs(sigma1[o]!) + Math.abs(sigma2?.[o] ?? 0)
    if (level > largest && level < Infinity) largest = level
  }
  return largest
}

/** Signs of the bases a layer computes with. */
function planesInUse(precision: LayerPrecision, stored: StoredWeight, used: BasisScales): Int8Array[] {
  return isPacked(stored) ? stored.codes : signPlanes(stored.data, used, precision.zeroSign ?? 1)
}

/** Share of the weights of each output channel whose sign differs, 0 to 1; weights [O, n]. */
function flippedShares(teacher: Float32Array, effective: Float32Array, O: number): Float64Array {
  const n = teacher.length / O
  const shares = new Float64Array(O)
  for (let o = 0; o < O; o++) {
    let flipped = 0
    for (let i = o * n; i < (o + 1) * n; i++) if (signOf(teacher[i]!) !== signOf(effective[i]!)) flipped += 1
    shares[o] = flipped / n
  }
  return shares
}

/** null for no weights. */
function meanShare(shares: Float64Array): number | null {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  return Number.isNaN(mean) ? null : mean
}

/** null for scales of weights that are not finite themselves (xnor takes them from the weights). */
function finiteScales(scales: Float32Array): number[] | null {
  return scales.every(Number.isFinite) ? Array.from(scales) : null
}

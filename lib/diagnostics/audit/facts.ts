/**
 * What the rules of an audit look at: numbers of every layer, one layer at a time, so that weights need not be held
 * together. Weights are OIHW or [out, in]; n values per output channel.
 */
import { agreement } from '../../math/agreement'
import { effectiveWeight, type Scales } from '../../quant/binarizer'
import { isPacked, type StoredWeight } from '../../quant/quantizer'
import { meanAbs, residual } from '../../quant/scales'
import { signOf } from '../../quant/ste'
import type { LayerPrecision } from '../../record/precision'
import type { Layer } from '../../record/run'
import type { Tensor } from '../../tensor/tensor'

export type WeightFacts = {
  count: number
  nonFinite: number
  /** Exact zeros and values outside [-1, 1] among the latent weights; 0 where they are not stored. */
  zeros: number
  outside: number
  channels: number
  /** Output channels whose weights in use are all 0, and those whose are all equal but not 0. */
  dead: number
  constant: number
  /**
   * Most values that the stored weights of a channel take, if that is at most 4: they are then binarized already, 2 by one basis
   * and 4 by two. null for more, and for latent weights that are not stored.
   */
  levels: number | null
}

/** Scales of one basis, over output channels. */
export type ScaleFacts = {
  count: number
  nonFinite: number
  min: number
  max: number
  mean: number
  negative: number
  /** Mean over channels of |scale/target - 1|, the target being mean|W| for sigma1 and mean|W - sigma1 sign W| for sigma2. */
  deviation: number | null
}

export type TeacherFacts = {
  /** Latent weights against the teacher's; null without latent weights. */
  cosine: number | null
  /** Share of weights whose sign differs. */
  flips: number
  /** All weights equal, to the last bit. */
  identical: boolean
}

export type LayerFacts = {
  layer: Layer
  precision: LayerPrecision
  packed: boolean
  weights: WeightFacts
  /** As the file has them, used or not. */
  sigma1: ScaleFacts | null
  sigma2: ScaleFacts | null
  alpha: number | null
  teacher: TeacherFacts | null
  /**
   * How far sigma1 is from where it started: mean |sigma1/mean|W| - 1|, of the latent weights or else of the teacher's. null if
   * neither is known.
   */
  moved: number | null
  /** Squared L2 norms of the weights in use, and of their change if both scales were overwritten by the means. */
  reload: { change: number; size: number } | null
}

export type LayerInput = {
  layer: Layer
  precision: LayerPrecision
  stored: StoredWeight
  /** All scales the file has for the layer, used or not. */
  scales: Scales
  /** The teacher's weights. */
  teacher: Tensor | null
}

/** The facts of one layer. Takes scales that are missing or do not fit as they are: telling so is what an audit is for. */
export function layerFacts({ layer, precision, stored, scales, teacher }: LayerInput): LayerFacts {
  const O = stored.shape[0] ?? 1
  const { sigma1, sigma2, alpha } = scales
  const latent = isPacked(stored) ? null : stored.data
  const used = weightInUse(precision, stored, scales)
  const fits = sigma1?.length === O
  const means = latent && sigma1 ? meanAbs(latent, O) : null
  const zero = precision.zeroSign ?? 1
  const residuals = latent && fits ? meanAbs(residual(latent, sigma1, zero), O) : null
  const start = means ?? (teacher && meanAbs(teacher.data, O))
  return {
    layer,
    precision,
    packed: latent === null,
    weights: weightFacts(latent, used, stored, O),
    sigma1: sigma1 ? scaleFacts(sigma1, means) : null,
    sigma2: sigma2 ? scaleFacts(sigma2, residuals) : null,
    alpha: alpha ?? null,
    teacher: teacher && teacherFacts(latent, stored, teacher.data),
    moved: sigma1 && start && fits ? meanDeviation(sigma1, start) : null,
    reload: latent && used && precision.bases > 0 ? reloadChange(precision, stored, scales, used) : null,
  }
}

/** The weights the layer computes with; null where a scale is missing or does not fit. */
export function weightInUse(
  precision: LayerPrecision,
  stored: StoredWeight,
  scales: Scales,
): Float32Array | null {
  const O = stored.shape[0] ?? 1
  const lengths = [
    ...(precision.bases > 0 && precision.method !== 'xnor' ? [scales.sigma1?.length] : []),
    ...(precision.bases === 2 ? [scales.sigma2?.length] : []),
    ...(precision.method === 'lsq' ? [scales.step?.length] : []),
  ]
  if (lengths.some((length) => length !== O)) return null
  if ([scales.sigma1, scales.sigma2, scales.step].some((s) => s && !s.every(Number.isFinite))) return null
  if (precision.method === 'lsq' && !scales.step?.every((v) => v > 0)) return null
  return effectiveWeight(precision, stored, scales).data
}

function weightFacts(
  latent: Float32Array | null,
  used: Float32Array | null,
  stored: StoredWeight,
  O: number,
): WeightFacts {
  const count = stored.shape.reduce((product, size) => product * size, 1)
  let [nonFinite, zeros, outside] = [0, 0, 0]
  for (let i = 0; latent && i < latent.length; i++) {
    const w = latent[i]!
    if (!Number.isFinite(w)) nonFinite++
    else if (w === 0) zeros++
    else if (w > 1 || w < -1) outside++
  }
  const levels = latent && levelsOf(latent, O)
  return { count, nonFinite, zeros, outside, channels: O, ...flatChannels(used, O), levels }
}

/** Channels with fewer weights than this have few values by nature. */
const leastForLevels = 8

function levelsOf(w: Float32Array, O: number): number | null {
  const n = w.length / O
  if (n < leastForLevels) return null
  let most = 0
  for (let o = 0; o < O; o++) {
    const values = new Set<number>()
    for (let i = o * n; i < (o + 1) * n && values.size <= 4; i++) values.add(w[i]!)
    if (values.size > 4) return null
    most = Math.max(most, values.size)
  }
  return most > 1 ? most : null
}

/** Fewer weights than this are equal by chance: 2^-15 of all channels have 16 equal signs. */
const leastForConstant = 16

/** Output channels whose weights in use are all the same. */
function flatChannels(used: Float32Array | null, O: number): { dead: number; constant: number } {
  let [dead, constant] = [0, 0]
  if (!used) return { dead, constant }
  const n = used.length / O
  for (let o = 0; o < O; o++) {
    const first = used[o * n]
    let same = 1
    while (same < n && used[o * n + same] === first) same++
    if (same < n) continue
    if (first === 0) dead++
    else if (n >= leastForConstant) constant++
  }
  return { dead, constant }
}

function scaleFacts(scale: Float32Array, target: Float32Array | null): ScaleFacts {
  let [nonFinite, negative, sum, min, max] = [0, 0, 0, Infinity, -Infinity]
  for (const s of scale) {
    if (!Number.isFinite(s)) {
      nonFinite++
      continue
    }
    if (s < 0) negative++
    sum += s
    min = Math.min(min, s)
    max = Math.max(max, s)
  }
  const finite = scale.length - nonFinite
  return {
    count: scale.length,
    nonFinite,
    negative,
    mean: finite > 0 ? sum / finite : 0,
    min: finite > 0 ? min : 0,
    max: finite > 0 ? max : 0,
    deviation: target && target.length === scale.length ? meanDeviation(scale, target) : null,
  }
}

/** Mean of |scale/target - 1| over the channels whose target is not 0; null if there is none. */
function meanDeviation(scale: Float32Array, target: Float32Array): number | null {
  let [sum, count] = [0, 0]
  for (let o = 0; o < scale.length; o++) {
    const deviation = Math.abs(scale[o]! / target[o]! - 1)
    if (!Number.isFinite(deviation)) continue
    sum += deviation
    count++
  }
  return count > 0 ? sum / count : null
}

function teacherFacts(
  latent: Float32Array | null,
  stored: StoredWeight,
  teacher: Float32Array,
): TeacherFacts | null {
  const values = latent ?? (isPacked(stored) ? stored.codes[0] : undefined)
  if (values?.length !== teacher.length) return null
  let [flips, equal] = [0, 0]
  for (let i = 0; i < teacher.length; i++) {
    if (signOf(values[i]!) !== signOf(teacher[i]!)) flips++
    if (values[i] === teacher[i]) equal++
  }
  return {
    cosine: latent && agreement(teacher, latent).cosine,
    flips: teacher.length > 0 ? flips / teacher.length : 0,
    identical: latent !== null && equal === teacher.length,
  }
}

/** What overwriting sigma1 by mean|W|, and sigma2 by the mean|residual| this leaves, does to the weights in use. */
function reloadChange(
  precision: LayerPrecision,
  stored: StoredWeight,
  scales: Scales,
  used: Float32Array,
): LayerFacts['reload'] {
  if (isPacked(stored)) return null
  const O = stored.shape[0] ?? 1
  const sigma1 = meanAbs(stored.data, O)
  const sigma2 = meanAbs(residual(stored.data, sigma1, precision.zeroSign ?? 1), O)
  if (![...sigma1, ...sigma2].every(Number.isFinite)) return null
  const reloaded = effectiveWeight(precision, stored, { ...scales, sigma1, sigma2 }).data
  let [change, size] = [0, 0]
  for (let i = 0; i < used.length; i++) {
    change += (reloaded[i]! - used[i]!) ** 2
    size += used[i]! ** 2
  }
  return { change, size }
}

/** A residual block that adds its time projection to the features before a group norm. */
export type TimeBlock = {
  /** Id of the time projection. */
  layer: string
  /** Channels of the norm after it, and its groups. */
  channels: number
  groups: number
}

/** The step of one activation quantizer. */
export type AlphaFacts = {
  /** Id of the layer whose input it quantizes, or the path of a quantizer inside attention. */
  id: string
  layer: string | null
  value: number
  /** Whether anything is quantized with it. */
  used: boolean
  /** The same step in the other copy (EMA or raw) of the same file; null if there is none. */
  other: number | null
}

/** Axes of LRM that the file holds, and the module they are of. */
export type AxesFacts = { module: string; rows: number; rank: number; channels: number; width: number }

export type NetworkFacts = {
  /** The code that wrote the file, as far as its names tell. */
  origin: 'signscope' | 'binarydm' | 'other'
  /** Whether it is, or is called, a student. */
  student: boolean
  /** Training step; null if the file does not say. */
  step: number | null
  /** Whether the file states the precision of its layers, or it was inferred. */
  declared: boolean
  /** Which copy of the weights this is; null if the file does not say. */
  copy: 'raw' | 'ema' | null
  /** Of a packed file; `source` is the content hash of the file it was made from. */
  packed: { source: string | null } | null
  /** Whether it was trained with LRM, with progressive initialisation that is still under way. */
  lrm: boolean
  progressive: boolean
  hasTeacher: boolean
  /** In order of the forward pass. */
  layers: LayerFacts[]
  /** Norms and biases with values that are not finite. */
  damaged: { name: string; nonFinite: number }[]
  blocks: TimeBlock[]
  /** Mean |SiLU(time embedding)| over all t, the input of every time projection; null if it was not computed. */
  timeInput: number | null
  alphas: AlphaFacts[]
  axes: AxesFacts[]
  /** Channels and width of the features LRM compares, by module, in order. */
  modules: { id: string; channels: number; width: number }[]
}

/** Layers that run with sign planes. */
export function binarized({ layers }: NetworkFacts): LayerFacts[] {
  return layers.filter(({ precision }) => precision.bases > 0)
}

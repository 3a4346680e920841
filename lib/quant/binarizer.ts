/**
 * The quantizer of a binarized student at inference: effective weights by the method and bases of each
 * layer's precision, inputs by LSQ at its bits. Also what diagnostics and the CLI ask of one layer: the scales
 * in use, the sign planes, the shares of its levels. Weights are OIHW or [out, in]; O = shape[0].
 */
import { scalar, tidy } from '@tensorflow/tfjs-core'
import type { Method } from '../record/methods'
import { fullPrecisionLayer, type LayerPrecision, type Manifest } from '../record/precision'
import { InputError } from '../tensor/error'
import { hostValues } from '../tensor/on-host'
import type { Tensor } from '../tensor/tensor'
import { lmb } from './lmb'
import { initAlpha } from './lsq'
import { lsqOnTape } from './lsq-on-tape'
import { isPacked, noLatentWeights, type PackedWeight, type Quantizer, type StoredWeight } from './quantizer'
import { initScales, meanAbs, residual } from './scales'
import { sign } from './sign'
import { signOf, type ZeroSign } from './ste'
import { weightCodes, weightLsq } from './weight-lsq'

/**
 * What a student stores beside a layer's weights: scales [O] of its bases, the steps [O] of 8-bit weights, and the LSQ
 * step of its input.
 */
export type Scales = {
  sigma1?: Float32Array
  sigma2?: Float32Array
  step?: Float32Array
  alpha?: number
}

/** The scales a layer's binarized weights are built with; sigma2 null with one basis. */
export type BasisScales = { sigma1: Float32Array; sigma2: Float32Array | null }

/** Tells whose scales are at fault in an InputError. */
export type Whose = { file: string; layer: string }

const nobody: Whose = { file: 'scales', layer: 'layer' }

/** How many bases a method can have. */
const basesOf: Record<Method, readonly number[]> = {
  fp: [0],
  lsq: [0],
  sign: [1],
  xnor: [1],
  lmb: [1, 2],
  ebb: [1, 2],
}

/** Throws an InputError unless the method exists with that many bases. */
export function checkBases(method: Method, bases: number, file: string, item = ''): void {
  if (basesOf[method].includes(bases)) return
  throw new InputError({
    file,
    item,
    problem: `method ${method} with ${bases} bases does not exist`,
    remedy: 'fp and lsq have 0 bases, sign and xnor have 1, lmb and ebb have 1 or 2.',
  })
}

function needed(
  name: 'sigma1' | 'sigma2' | 'step',
  scale: Float32Array | undefined,
  O: number | null,
  { file, layer }: Whose,
): Float32Array {
  const item = `${layer}.${name}`
  const remedy = `The manifest says that ${layer} is quantized with it: export the student again with its scales.`
  if (!scale) throw new InputError({ file, item, problem: 'the scale is missing', remedy })
  if (O !== null && scale.length !== O)
    throw new InputError({
      file,
      item,
      problem: `${scale.length} scales for ${O} output channels`,
      remedy,
    })
  if (!scale.every(Number.isFinite))
    throw new InputError({ file, item, problem: 'a scale is not finite', remedy })
  if (name === 'step' && !scale.every((v) => v > 0))
    throw new InputError({ file, item, problem: 'a step is not positive', remedy })
  return scale
}

/**
 * The scales in use: null without bases, the stored ones otherwise, but mean|w| for xnor where there are latent weights
 * w to take it from. Throws an InputError for a stored scale that is missing, not finite, or not one per output channel.
 */
export function basisScales(
  precision: LayerPrecision,
  w: StoredWeight,
  scales: Scales,
  whose: Whose = nobody,
): BasisScales | null {
  const O = w.shape[0] ?? 1
  if (precision.bases === 0) return null
  if (precision.method === 'xnor' && !isPacked(w)) return { sigma1: meanAbs(w.data, O), sigma2: null }
  return {
    sigma1: needed('sigma1', scales.sigma1, O, whose),
    sigma2: precision.bases === 2 ? needed('sigma2', scales.sigma2, O, whose) : null,
  }
}

/**
 * The weights a layer computes with, in the shape of the stored ones w; w itself in full precision. LMB and EBB
 * differ in how they are trained, not in what two bases, or one, stand for.
 * Throws what basisScales throws, and the same for the steps of 8-bit weights.
 */
export function effectiveWeight(
  precision: LayerPrecision,
  w: StoredWeight,
  scales: Scales,
  whose: Whose = nobody,
): Tensor {
  const { shape } = w
  const terms = termScales(precision, w, scales, whose)
  if (isPacked(w)) return { shape, data: fromCodes(w, terms, whose) }
  const [first, second] = terms
  if (!first) return w
  if (precision.method === 'lsq') return { shape, data: weightLsq(w.data, first) }
  const zero = zeroSignOf(precision)
  return { shape, data: second ? lmb(w.data, first, second, zero) : sign(w.data, first, zero) }
}

const zeroSignOf = ({ zeroSign }: LayerPrecision): ZeroSign => zeroSign ?? 1

/** Scales of the terms a layer's weights are the sum of, [O] each: sigma1 (and sigma2), or the step; none in full precision. */
function termScales(
  precision: LayerPrecision,
  w: StoredWeight,
  scales: Scales,
  whose: Whose,
): Float32Array[] {
  if (precision.method === 'lsq') return [needed('step', scales.step, w.shape[0] ?? 1, whose)]
  const used = basisScales(precision, w, scales, whose)
  return used ? [used.sigma1, ...(used.sigma2 ? [used.sigma2] : [])] : []
}

/** Sum of scale times code, rounded to float32 once, which is what lmb, sign and weightLsq give. */
function fromCodes({ codes }: PackedWeight, terms: Float32Array[], whose: Whose): Float32Array {
  const [first, second] = codes
  const [scale1, scale2] = terms
  if (!first || !scale1 || codes.length !== terms.length) throw noLatentWeights(whose.file, whose.layer)
  const n = first.length / scale1.length
  return Float32Array.from(first, (code, i) => {
    const o = Math.floor(i / n)
    const term = scale1[o]! * code
    // no `+ 0`, which would turn a term of -0
    return second && scale2 ? term + scale2[o]! * second[i]! : term
  })
}

/**
 * A layer's weights without their latent floats, and the scales that belong to the codes (mean|w| for xnor). Null in
 * full precision. Throws an InputError for weights or scales that are not finite, which no code stands for.
 */
export function packWeight(
  precision: LayerPrecision,
  w: StoredWeight,
  scales: Scales,
  whose: Whose = nobody,
): { weight: PackedWeight; scales: Scales } | null {
  const terms = termScales(precision, w, scales, whose)
  const [first, second] = terms
  if (!first) return null
  const own: Scales =
    precision.method === 'lsq'
      ? { step: first, alpha: scales.alpha }
      : { sigma1: first, sigma2: second, alpha: scales.alpha }
  if (isPacked(w)) return { weight: w, scales: own }
  if (!w.data.every(Number.isFinite) || !first.every(Number.isFinite))
    throw new InputError({
      ...{ file: whose.file, item: `${whose.layer}.weight` },
      problem: 'a weight is not finite',
      remedy: 'Its training diverged: give an earlier checkpoint.',
    })
  const codes =
    precision.method === 'lsq'
      ? [weightCodes(w.data, first)]
      : signPlanes(w.data, { sigma1: first, sigma2: second ?? null }, zeroSignOf(precision))
  const zeros = precision.bases > 0 && codes.some((plane) => plane.includes(0))
  if (zeros)
    throw new InputError({
      ...{ file: whose.file, item: `${whose.layer}.weight` },
      problem: 'a weight is exactly zero, and its sign is 0 in the code the checkpoint comes from',
      remedy: 'One bit holds two signs: leave the checkpoint as it is.',
    })
  return { weight: { shape: w.shape, codes }, scales: own }
}

function signsOf(v: Float32Array, zero: ZeroSign): Int8Array {
  const plane = new Int8Array(v.length)
  for (let i = 0; i < v.length; i++) plane[i] = signOf(v[i]!, zero)
  return plane
}

/**
 * Signs (+1, -1, and `zero` of zeros) of weights w [O, ...], one plane per basis: sign(w), then sign(r) of the residual.
 * Only these and the scales are needed to rebuild the effective weights.
 */
export function signPlanes(
  w: Float32Array,
  { sigma1, sigma2 }: BasisScales,
  zero: ZeroSign = 1,
): Int8Array[] {
  const first = signsOf(w, zero)
  return sigma2 ? [first, signsOf(residual(w, sigma1, zero), zero)] : [first]
}

/**
 * Share of weights at each level, 0 to 1, over all channels: [-s1, s1] with one plane,
 * [-s1-s2, -s1+s2, s1-s2, s1+s2] with two. null for no weights.
 */
export function levelShares([first, second]: Int8Array[]): number[] | null {
  if (!first || first.length === 0) return null
  const counts = new Array<number>(second ? 4 : 2).fill(0)
  for (let i = 0; i < first.length; i++) {
    const high = first[i]! > 0 ? 1 : 0
    counts[second ? 2 * high + (second[i]! > 0 ? 1 : 0) : high]! += 1
  }
  return counts.map((count) => count / first.length)
}

/** A layer binarized without training. */
export type BinarizedLayer = { scales: BasisScales; signs: Int8Array[]; effective: Tensor }

/**
 * Binarizes the weights of one layer as they are: scales by initScales, no training. All methods with as many bases
 * then agree. Throws an InputError for bases the method does not have.
 */
export function postTrainingBinarize(w: Tensor, method: Method, bases: 1 | 2): BinarizedLayer {
  checkBases(method, bases, '--bases')
  const { sigma1, sigma2 } = initScales(w.data, w.shape[0] ?? 1, bases)
  const scales: BasisScales = { sigma1, sigma2: sigma2 ?? null }
  const data = sigma2 ? lmb(w.data, sigma1, sigma2) : sign(w.data, sigma1)
  return { scales, signs: signPlanes(w.data, scales), effective: { shape: w.shape, data } }
}

/** Everything a manifest needs of the scales that can be said without the weights. */
function checkScales(id: string, precision: LayerPrecision, scales: Scales, file: string): void {
  checkBases(precision.method, precision.bases, file, id)
  const whose = { file, layer: id }
  if (precision.method === 'lsq') needed('step', scales.step, null, whose)
  if (precision.bases > 0 && precision.method !== 'xnor') needed('sigma1', scales.sigma1, null, whose)
  if (precision.bases === 2) needed('sigma2', scales.sigma2, null, whose)
  const { alpha } = scales
  if (precision.activationBits === 32 || precision.alphaPerBatch) return
  if (alpha !== undefined && alpha !== 0 && Number.isFinite(alpha)) return
  throw new InputError({
    file,
    item: `${id}.alpha`,
    problem: alpha === undefined ? 'the LSQ step is missing' : `the LSQ step is ${alpha}`,
    remedy: `The manifest gives the input of ${id} ${precision.activationBits} bits: export the student again with its steps.`,
  })
}

/**
 * The inference quantizer of a student. `scales` by the ids of `manifest`; `file` names the student in errors. Scales and
 * steps are used as stored, never computed again, unless the manifest says that a step is (alphaPerBatch). Throws an InputError at once if the manifest needs one that is missing
 * or unusable, and from weight() if their number is not that of the output channels or the layer is not in the manifest.
 */
export function binarizer(
  manifest: Manifest,
  scales: ReadonlyMap<string, Scales>,
  file = 'student',
): Quantizer {
  const layers = new Map(Object.entries(manifest))
  for (const [id, precision] of layers) checkScales(id, precision, scales.get(id) ?? {}, file)

  function precisionOf(id: string): LayerPrecision {
    const precision = layers.get(id)
    if (precision) return precision
    throw new InputError({
      file,
      item: id,
      problem: 'the manifest does not name this layer',
      remedy: 'A manifest gives the precision of every conv and linear layer, full precision included.',
    })
  }

  return {
    weight: (id, w) => effectiveWeight(precisionOf(id), w, scales.get(id) ?? {}, { file, layer: id }),
    // what the manifest does not name is no layer, or weight() refused it: an operand of attention in floats
    input(id, x) {
      const { activationBits, alphaPerBatch } = layers.get(id) ?? fullPrecisionLayer
      if (activationBits === 32) return x
      const alpha = alphaPerBatch ? initAlpha(hostValues(x), activationBits) : scales.get(id)?.alpha
      return alpha === undefined ? x : tidy(() => lsqOnTape(x, scalar(alpha), activationBits))
    },
  }
}

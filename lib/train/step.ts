/**
 * Loss and gradients of one batch. Weights are binarized on the host before the pass and their gradient is taken
 * back through the binarizer after it; activations are quantized on the tape.
 */
import {
  customGrad,
  keep,
  type Scalar,
  scalar,
  type Tensor,
  type Tensor4D,
  tensor4d,
  tidy,
  valueAndGrads,
} from '@tensorflow/tfjs-core'
import { lowRankLoss } from '../lrm/loss'
import { ebbPenalty } from '../quant/ebb'
import { lmb, lmbGrad } from '../quant/lmb'
import { initAlpha } from '../quant/lsq'
import { lsqOnTape } from '../quant/lsq-on-tape'
import { sign, signGrad } from '../quant/sign'
import { weightLsq, weightLsqGrad } from '../quant/weight-lsq'
import { xnor, xnorGrad } from '../quant/xnor'
import type { LayerPrecision, Manifest } from '../record/precision'
import type { Architecture } from '../unet/architecture'
import { networkParts, unetForward } from '../unet/forward'
import { meanSquaredError } from '../unet/ops'
import { toCheckpointLayout, uploadWeight } from '../unet/unet'
import type { Batch } from './batch'
import type { Targets } from './mimicry'

/**
 * Trained values by tensor name (ID.weight, ID.bias, ID.sigma1, ID.sigma2, ID.step, ID.alpha) in checkpoint layout.
 */
export type Values = Map<string, { shape: number[]; data: Float32Array }>

/**
 * Terms of the loss. eps: mean square error of the predicted noise. lrm: mean over modules of LRM's loss, before its weight;
 * ebb: EBB's penalty on sigma2; null where there is none. total is what the gradients belong to.
 */
export type Loss = { total: number; eps: number; lrm: number | null; ebb: number | null }

/** What beside the noise a student is trained on. */
export type ExtraTerms = {
  /** LRM: the teacher's projected features of this batch. */
  targets?: Targets | null
  /** EBB: weight of the penalty on sigma2, Eq. 9. */
  tau?: number | null
}

/** Values that are no parameters of the network: the weights they scale carry their gradient. */
const offTape = /\.(sigma1|sigma2|step)$/

/** The loss of a batch (BinaryDM Eq. 15) and its gradient by every trained value, in the layout of `values`. */
export function lossAndGradients(
  net: Architecture,
  manifest: Manifest,
  values: Values,
  batch: Batch,
  { targets = null, tau = null }: ExtraTerms = {},
): { loss: Loss; gradients: Map<string, Float32Array> } {
  const onTape = [...values.keys()].filter((name) => !offTape.test(name))
  const mimicked: Scalar[] = []
  let [total, eps] = [Number.NaN, Number.NaN]
  const tapeGradients: Float32Array[] = []
  // nothing is returned from tidy: it would search every value of the arrays for tensors
  tidy(() => {
    const leaves = onTape.map((name) => upload(name, values, manifest))
    const x = tensor4d(batch.x, batch.shape)
    const noise = tensor4d(batch.noise, batch.shape)
    const lossOf = (...tensors: Tensor[]): Scalar => {
      const byName = new Map(onTape.map((name, i) => [name, tensors[i]!]))
      const parts = networkParts(
        net.config,
        (name) => byName.get(name)!,
        (id, input) => {
          const bits = manifest[id]?.activationBits ?? 32
          return bits === 32 ? input : lsqOnTape(input, byName.get(`${id}.alpha`) as Scalar, bits)
        },
      )
      const predicted = unetForward(net, parts, x, batch.t, (id, output) => {
        const target = targets?.modules.get(id)
        if (!target) return
        const { axis } = targets!.config
        const { axes, projected, weight } = target
        mimicked.push(keep(lowRankLoss(output, axes, projected, { axis, weight })))
      })
      const simple = meanSquaredError(predicted, noise)
      eps = simple.dataSync()[0]!
      return sumOf([simple, ...mimicked])
    }
    const { value, grads } = valueAndGrads(lossOf)(leaves)
    total = value.dataSync()[0]!
    for (const g of grads) tapeGradients.push(g.dataSync() as Float32Array)
  })
  const gradients = new Map<string, Float32Array>()
  for (const [i, name] of onTape.entries()) {
    const { shape } = values.get(name)!
    const gradient = toCheckpointLayout(tapeGradients[i]!, shape)
    for (const [part, g] of throughBinarizer(name, gradient, values, manifest)) gradients.set(part, g)
  }
  const lrm = targets && mimicked.reduce((sum, term) => sum + term.dataSync()[0]!, 0) / targets.config.weight
  for (const term of mimicked) term.dispose()
  const ebb = tau === null ? null : addPenalty(gradients, values, manifest, tau)
  return { loss: { total: total + (ebb ?? 0), eps, lrm, ebb }, gradients }
}

/** Sum of losses, on the tape. */
function sumOf(terms: Scalar[]): Scalar {
  const operation = customGrad((...args) => {
    const values = (args.slice(0, -1) as Scalar[]).map((term) => term.dataSync()[0]!)
    const total = scalar(values.reduce((a, b) => a + b))
    return { value: total, gradFunc: (dy: Tensor) => terms.map(() => dy) }
  })
  return operation(...terms) as Scalar
}

/** Adds the gradient of EBB's penalty to that of every sigma2 and returns the penalty; null with no second basis left. */
function addPenalty(
  gradients: Map<string, Float32Array>,
  values: Values,
  manifest: Manifest,
  tau: number,
): number | null {
  const names = Object.entries(manifest).flatMap(([id, p]) => (p.bases === 2 ? [`${id}.sigma2`] : []))
  if (names.length === 0) return null
  const penalty = ebbPenalty(
    names.map((name) => values.get(name)!.data),
    tau,
  )
  for (const [i, name] of names.entries()) {
    const sum = gradients.get(name)!
    const extra = penalty.gradients[i]!
    for (let o = 0; o < sum.length; o++) sum[o]! += extra[o]!
  }
  return penalty.loss
}

/** The tensor the pass computes with: binarized if the manifest says so. */
function upload(name: string, values: Values, manifest: Manifest): Tensor {
  const { shape, data } = values.get(name)!
  const { id, precision } = quantizedLayer(name, manifest)
  if (name.endsWith('.alpha')) return scalar(data[0]!)
  if (!precision) return uploadWeight({ shape, data })
  const { sigma1, sigma2, step } = scalesOf(id, values)
  if (step) return uploadWeight({ shape, data: weightLsq(data, step) })
  const binary =
    precision.method === 'xnor'
      ? xnor(data, shape[0]!)
      : precision.bases === 2
        ? lmb(data, sigma1!, sigma2!)
        : sign(data, sigma1!)
  return uploadWeight({ shape, data: binary })
}

/** Gradient by the binarized weights -> gradients by latent weights and scales; anything else passes. */
function throughBinarizer(
  name: string,
  dy: Float32Array,
  values: Values,
  manifest: Manifest,
): [string, Float32Array][] {
  const { id, precision } = quantizedLayer(name, manifest)
  if (!precision) return [[name, dy]]
  const { shape, data } = values.get(name)!
  if (precision.method === 'xnor') return [[name, xnorGrad(dy, data, shape[0]!).dw]]
  const { sigma1, sigma2, step } = scalesOf(id, values)
  if (step) {
    const { dw, dstep } = weightLsqGrad(dy, data, step)
    return [
      [name, dw],
      [`${id}.step`, dstep],
    ]
  }
  if (precision.bases === 1) {
    const { dw, dsigma1 } = signGrad(dy, data, sigma1!)
    return [
      [name, dw],
      [`${id}.sigma1`, dsigma1],
    ]
  }
  const { dw, dsigma1, dsigma2 } = lmbGrad(dy, data, sigma1!, sigma2!)
  return [
    [name, dw],
    [`${id}.sigma1`, dsigma1],
    [`${id}.sigma2`, dsigma2],
  ]
}

/** The layer of a weight and its precision, null if the weight is used as it is. */
function quantizedLayer(name: string, manifest: Manifest): { id: string; precision: LayerPrecision | null } {
  const id = name.slice(0, name.lastIndexOf('.'))
  const precision = name.endsWith('.weight') ? manifest[id] : undefined
  return { id, precision: precision && precision.method !== 'fp' ? precision : null }
}

type LayerScales = { sigma1?: Float32Array; sigma2?: Float32Array; step?: Float32Array }

function scalesOf(id: string, values: Values): LayerScales {
  const part = (name: string) => values.get(`${id}.${name}`)?.data
  return { sigma1: part('sigma1'), sigma2: part('sigma2'), step: part('step') }
}

/**
 * Starting LSQ steps of the layers that have none in `values`, layer by layer in one pass over a batch: each is set from
 * the input it then sees quantized, and never again from a batch. Layers at 32 bits have none.
 */
export function initialAlphas(
  net: Architecture,
  manifest: Manifest,
  values: Values,
  batch: Batch,
): Map<string, number> {
  const alphas = new Map<string, number>()
  tidy(() => {
    const parameters = new Map(
      [...values.keys()]
        .filter((name) => !offTape.test(name) && !name.endsWith('.alpha'))
        .map((name) => [name, upload(name, values, manifest)]),
    )
    const x: Tensor4D = tensor4d(batch.x, batch.shape)
    const parts = networkParts(
      net.config,
      (name) => parameters.get(name)!,
      (id, input) => {
        const bits = manifest[id]?.activationBits ?? 32
        if (bits === 32) return input
        const known = values.get(`${id}.alpha`)?.data[0]
        const alpha = known ?? initAlpha(input.dataSync() as Float32Array, bits)
        if (known === undefined) alphas.set(id, alpha)
        return lsqOnTape(input, scalar(alpha), bits)
      },
    )
    unetForward(net, parts, x, batch.t)
  })
  return alphas
}

/**
 * Loss and gradients of one batch. Weights are binarized on the host before the pass and their gradient is taken
 * back through the binarizer after it; activations are quantized on the tape.
 */
import {
  type Scalar,
  scalar,
  type Tensor,
  type Tensor4D,
  tensor4d,
  tidy,
  valueAndGrads,
} from '@tensorflow/tfjs-core'
import { lmb, lmbGrad } from '../quant/lmb'
import { initAlpha, lsqOnTape } from '../quant/lsq'
import { sign, signGrad } from '../quant/sign'
import { xnor, xnorGrad } from '../quant/xnor'
import type { LayerPrecision, Manifest } from '../record/precision'
import type { Architecture } from '../unet/architecture'
import { unetForward } from '../unet/forward'
import { meanSquaredError } from '../unet/ops'
import { toCheckpointLayout, uploadWeight } from '../unet/unet'

/** Noised images x_t (B,H,W,C), their timesteps and the noise to predict, all NHWC. */
export type Batch = {
  shape: [number, number, number, number]
  x: Float32Array
  t: Int32Array
  noise: Float32Array
}

/** Trained values by tensor name (ID.weight, ID.bias, ID.sigma1, ID.sigma2, ID.alpha) in checkpoint layout. */
export type Values = Map<string, { shape: number[]; data: Float32Array }>

/** MSE between predicted and true noise, and its gradient by every trained value, in the layout of `values`. */
export function lossAndGradients(
  net: Architecture,
  manifest: Manifest,
  values: Values,
  batch: Batch,
): { loss: number; gradients: Map<string, Float32Array> } {
  const onTape = [...values.keys()].filter((name) => !name.endsWith('.sigma1') && !name.endsWith('.sigma2'))
  let loss = Number.NaN
  const tapeGradients: Float32Array[] = []
  // nothing is returned from tidy: it would search every value of the arrays for tensors
  tidy(() => {
    const leaves = onTape.map((name) => upload(name, values, manifest))
    const x = tensor4d(batch.x, batch.shape)
    const noise = tensor4d(batch.noise, batch.shape)
    const lossOf = (...tensors: Tensor[]): Scalar => {
      const byName = new Map(onTape.map((name, i) => [name, tensors[i]!]))
      const eps = unetForward(
        net,
        (name) => byName.get(name)!,
        x,
        batch.t,
        (id, input) => {
          const bits = manifest[id]?.activationBits ?? 32
          return bits === 32 ? input : lsqOnTape(input, byName.get(`${id}.alpha`) as Scalar, bits)
        },
      )
      return meanSquaredError(eps, noise)
    }
    const { value, grads } = valueAndGrads(lossOf)(leaves)
    loss = value.dataSync()[0]!
    for (const g of grads) tapeGradients.push(g.dataSync() as Float32Array)
  })
  const gradients = new Map<string, Float32Array>()
  for (const [i, name] of onTape.entries()) {
    const { shape } = values.get(name)!
    const gradient = toCheckpointLayout(tapeGradients[i]!, shape)
    for (const [part, g] of throughBinarizer(name, gradient, values, manifest)) gradients.set(part, g)
  }
  return { loss, gradients }
}

/** The tensor the pass computes with: binarized if the manifest says so. */
function upload(name: string, values: Values, manifest: Manifest): Tensor {
  const { shape, data } = values.get(name)!
  const { id, precision } = binarizedLayer(name, manifest)
  if (name.endsWith('.alpha')) return scalar(data[0]!)
  if (!precision) return uploadWeight({ shape, data })
  const { sigma1, sigma2 } = scalesOf(id, values)
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
  const { id, precision } = binarizedLayer(name, manifest)
  if (!precision) return [[name, dy]]
  const { shape, data } = values.get(name)!
  if (precision.method === 'xnor') return [[name, xnorGrad(dy, data, shape[0]!).dw]]
  const { sigma1, sigma2 } = scalesOf(id, values)
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

function binarizedLayer(name: string, manifest: Manifest): { id: string; precision: LayerPrecision | null } {
  const id = name.slice(0, name.lastIndexOf('.'))
  const precision = name.endsWith('.weight') ? manifest[id] : undefined
  return { id, precision: precision && precision.bases > 0 ? precision : null }
}

function scalesOf(id: string, values: Values): { sigma1?: Float32Array; sigma2?: Float32Array } {
  return { sigma1: values.get(`${id}.sigma1`)?.data, sigma2: values.get(`${id}.sigma2`)?.data }
}

/**
 * Starting LSQ steps, layer by layer in one pass over a batch: each layer's step is set from the input it then
 * sees quantized, and never again from a batch. Layers at 32 bits have none.
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
        .filter((name) => !/\.(sigma1|sigma2|alpha)$/.test(name))
        .map((name) => [name, upload(name, values, manifest)]),
    )
    const x: Tensor4D = tensor4d(batch.x, batch.shape)
    unetForward(
      net,
      (name) => parameters.get(name)!,
      x,
      batch.t,
      (id, input) => {
        const bits = manifest[id]?.activationBits ?? 32
        if (bits === 32) return input
        const alpha = initAlpha(input.dataSync() as Float32Array, bits)
        alphas.set(id, alpha)
        return lsqOnTape(input, scalar(alpha), bits)
      },
    )
  })
  return alphas
}

/**
 * The small convolutional classifier whose features and classes judge samples. Trained on the training split of an image
 * set, seeded, so that everyone gets the same one from the same set.
 *   pixel unshuffle 2, conv 3x3 (4C -> 32), SiLU, conv 3x3 stride 2 (32 -> 64), SiLU, linear (-> 64), SiLU = features,
 *   linear -> classes
 * B batch, C channels, H W pixels (even), F features, K classes; images NCHW outside, NHWC inside.
 */
import {
  customGrad,
  reshape,
  type Scalar,
  scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor,
  tensor4d,
  tidy,
  valueAndGrads,
} from '@tensorflow/tfjs-core'
import { pause } from '../../diagnostics/pause'
import { pixelUnshuffle } from '../../diffusion/pixels'
import { normal, permutation } from '../../math/rng'
import { hostValues, onHost } from '../../tensor/on-host'
import { conv2d, linear, silu } from '../../unet/ops'
import { toNHWC } from '../../unet/unet'
import type { OptimizerConfig } from '../config'
import { type Images, type Pictures, pick } from '../data/pictures'
import { gradientNorm, learningRate, type Trained, trained, update } from '../optimizer'

/** Length of a feature vector. */
export const featureCount = 64

/** Changes with everything that changes a trained classifier, so that stored ones are told apart. */
export const classifierVersion = 1

/** `weights` as `classifierShapes` lists them. */
export type Classifier = {
  shape: readonly [c: number, h: number, w: number]
  classes: number
  weights: Map<string, { shape: number[]; data: Float32Array }>
}

/** Names and shapes of the weights, filters HWIO and matrices (in, out). */
export function classifierShapes([c, h, w]: Classifier['shape'], classes: number): Map<string, number[]> {
  const cells = Math.ceil(h / 4) * Math.ceil(w / 4)
  return new Map([
    ['conv1.weight', [3, 3, 4 * c, 32]],
    ['conv1.bias', [32]],
    ['conv2.weight', [3, 3, 32, 64]],
    ['conv2.bias', [64]],
    ['features.weight', [cells * 64, featureCount]],
    ['features.bias', [featureCount]],
    ['classes.weight', [featureCount, classes]],
    ['classes.bias', [classes]],
  ])
}

export type ClassifierTraining = {
  seed: number
  batch: number
  steps: number
  /** Most passes over the images, so that a small set is not learned by heart: fewer steps if they would take more. */
  mostPasses: number
  optimizer: OptimizerConfig
  /** Called after every step. */
  onStep?(step: number, steps: number, loss: number): void
  signal?: AbortSignal
}

export const classifierTraining: ClassifierTraining = {
  seed: 1,
  batch: 64,
  steps: 1800,
  mostPasses: 20,
  optimizer: {
    learningRate: 2e-3,
    scaleRate: 1,
    warmupSteps: 0,
    finalShare: 0,
    cycles: 1,
    weightDecay: 0.02,
    clip: 5,
    ema: 0.995,
  },
}

/**
 * Trains a classifier on images; equal arguments give equal weights (the exponential average of the training's). Runs on
 * the tfjs backend that is set; throws the signal's reason when aborted.
 */
export async function trainClassifier(
  images: Images,
  classes: number,
  options: ClassifierTraining = classifierTraining,
): Promise<Classifier> {
  const { seed, optimizer, onStep = () => {}, signal } = options
  const { shape, count } = images
  const variables = initialWeights(shape, classes, seed)
  const batch = Math.min(options.batch, count)
  /** Batches of a pass; the incomplete one at its end is left out. */
  const perPass = Math.floor(count / batch)
  const steps = Math.min(options.steps, options.mostPasses * perPass)
  let order = permutation(seed, 0, count)
  for (let step = 0; step < steps; step++) {
    const at = step % perPass
    if (at === 0) order = permutation(seed, step / perPass, count)
    const chosen = pick(images, order.subarray(at * batch, (at + 1) * batch))
    const { loss, gradients } = lossAndGradients(variables, chosen)
    const shrink = Math.min(1, optimizer.clip / (gradientNorm(gradients) + 1e-6))
    const rate = learningRate(optimizer, step, steps)
    for (const [i, variable] of [...variables.values()].entries())
      update(variable, gradients[i]!, { step, rate, shrink, config: optimizer })
    onStep(step + 1, steps, loss)
    await pause(signal)
  }
  const weights = new Map([...variables].map(([name, { shape, ema }]) => [name, { shape, data: ema }]))
  return { shape, classes, weights }
}

type Variables = Map<string, Trained & { shape: number[] }>

/** He-normal by fan-in; biases 0. */
function initialWeights(shape: Classifier['shape'], classes: number, seed: number): Variables {
  const variables: Variables = new Map()
  let stream = 2 ** 40
  for (const [name, dims] of classifierShapes(shape, classes)) {
    const data = new Float32Array(dims.reduce((n, d) => n * d, 1))
    if (name.endsWith('.weight')) {
      const scale = Math.sqrt(2 / (data.length / dims.at(-1)!))
      normal(seed, stream++, data)
      for (let i = 0; i < data.length; i++) data[i]! *= scale
    }
    variables.set(name, { ...trained(data, { decays: name.endsWith('.weight') }), shape: dims })
  }
  return variables
}

/** Bytes 0..255 (B,C,H,W) -> values in [-1, 1], (B,H/2,W/2,4C). */
function upload({ count, shape: [c, h, w], pixels }: Pictures): Tensor4D {
  const scaled = new Float32Array(pixels.length)
  for (let i = 0; i < scaled.length; i++) scaled[i] = pixels[i]! / 127.5 - 1
  const cells = pixelUnshuffle(scaled, [count, c, h, w], 2)
  return tensor4d(toNHWC(cells, [count, 4 * c, h / 2, w / 2]), [count, h / 2, w / 2, 4 * c])
}

function lossAndGradients(variables: Variables, batch: Images): { loss: number; gradients: Float32Array[] } {
  const gradients: Float32Array[] = []
  let loss = Number.NaN
  tidy(() => {
    const names = [...variables.keys()]
    const leaves = [...variables.values()].map(({ value, shape }) => tensor(value, shape))
    const x = upload(batch)
    const { value, grads } = valueAndGrads((...tensors: Tensor[]) => {
      const byName = new Map(names.map((name, i) => [name, tensors[i]!]))
      return crossEntropy(forward((name) => byName.get(name)!, x).logits, batch.labels)
    })(leaves)
    loss = value.dataSync()[0]!
    for (const g of grads) gradients.push(g.dataSync() as Float32Array)
  })
  return { loss, gradients }
}

/** features (B,F) and logits (B,K) of x (B,H/2,W/2,4C). */
function forward(weight: (name: string) => Tensor, x: Tensor4D): { features: Tensor2D; logits: Tensor2D } {
  const parameters = <W extends Tensor>(name: string) =>
    [weight(`${name}.weight`) as W, weight(`${name}.bias`) as Tensor1D] as const
  const h1 = silu(conv2d(x, ...parameters<Tensor4D>('conv1'), 1, [1, 1]))
  const h2 = silu(conv2d(h1, ...parameters<Tensor4D>('conv2'), 2, [1, 1]))
  const features = silu(linear(flatten(h2), ...parameters<Tensor2D>('features')))
  return { features, logits: linear(features, ...parameters<Tensor2D>('classes')) }
}

/** (B,H,W,C) -> (B,H*W*C). */
function flatten(x: Tensor4D): Tensor2D {
  const rows = customGrad((x: unknown) => ({
    value: reshape(x as Tensor4D, [(x as Tensor4D).shape[0], -1]),
    gradFunc: (dy: Tensor) => reshape(dy, (x as Tensor4D).shape),
  }))
  return rows(x) as Tensor2D
}

/** Mean of -log softmax(logits)[label] over rows of (B,K); its gradient is (softmax - one-hot) / B. */
function crossEntropy(logits: Tensor2D, labels: Uint8Array): Scalar {
  const op = customGrad((x: unknown, save: unknown) => {
    const logits = x as Tensor2D
    const k = logits.shape[1]
    const p = softmaxRows(hostValues(logits), k)
    let loss = 0
    for (let i = 0; i < labels.length; i++) loss -= Math.log(Math.max(1e-30, p[i * k + labels[i]!]!))
    ;(save as (tensors: Tensor[]) => void)([logits])
    return {
      value: scalar(loss / labels.length),
      gradFunc: (dy: Tensor) => {
        const rate = hostValues(dy)[0]! / labels.length
        return onHost([], logits.shape, (dx) => {
          for (let i = 0; i < dx.length; i++) dx[i] = rate * p[i]!
          for (let i = 0; i < labels.length; i++) dx[i * k + labels[i]!]! -= rate
        })
      },
    }
  })
  return op(logits) as Scalar
}

/** Softmax of rows of k values, float64. */
function softmaxRows(logits: Float32Array, k: number): Float64Array {
  const p = Float64Array.from(logits)
  for (let row = 0; row < p.length; row += k) {
    let largest = -Infinity
    for (let i = row; i < row + k; i++) largest = Math.max(largest, p[i]!)
    let sum = 0
    for (let i = row; i < row + k; i++) {
      p[i] = Math.exp(p[i]! - largest)
      sum += p[i]!
    }
    for (let i = row; i < row + k; i++) p[i]! /= sum
  }
  return p
}

/** What a classifier says of N images. */
export type Classified = {
  /** (N, featureCount) */
  features: Float32Array
  /** Most likely class of each, and its probability. */
  classes: Uint8Array
  confidences: Float64Array
}

/** In batches of at most 100 images. Leaves no tensor behind. */
export function classify({ shape, classes, weights }: Classifier, pictures: Pictures): Classified {
  const most = 100
  const size = shape[0] * shape[1] * shape[2]
  const result: Classified = {
    features: new Float32Array(pictures.count * featureCount),
    classes: new Uint8Array(pictures.count),
    confidences: new Float64Array(pictures.count),
  }
  tidy(() => {
    const tensors = new Map([...weights].map(([name, { shape, data }]) => [name, tensor(data, shape)]))
    for (let start = 0; start < pictures.count; start += most) {
      const count = Math.min(most, pictures.count - start)
      const pixels = pictures.pixels.subarray(start * size, (start + count) * size)
      tidy(() => {
        const x = upload({ count, shape, pixels })
        const { features, logits } = forward((name) => tensors.get(name)!, x)
        result.features.set(hostValues(features), start * featureCount)
        const p = softmaxRows(hostValues(logits), classes)
        for (let i = 0; i < count; i++) {
          const row = p.subarray(i * classes, (i + 1) * classes)
          const best = row.indexOf(Math.max(...row))
          result.classes[start + i] = best
          result.confidences[start + i] = row[best]!
        }
      })
    }
  })
  return result
}

/** Share of images whose label the classifier finds, 0 to 1. */
export function accuracy(classifier: Classifier, images: Images): number {
  const { classes } = classify(classifier, images)
  return classes.reduce((n, found, i) => n + (found === images.labels[i] ? 1 : 0), 0) / images.count
}

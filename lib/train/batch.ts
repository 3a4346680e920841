/** What a step is trained on: images, timesteps and noise, all drawn from (seed, step). */
import { schedule } from '../diffusion/schedule'
import { integers, normal, permutation } from '../math/rng'
import { toNHWC } from '../unet/unet'
import type { TrainConfig } from './config'
import type { Dataset } from './data/dataset'

/** Noised images x_t (B,H,W,C), their timesteps and the noise to predict, all NHWC. */
export type Batch = {
  shape: [number, number, number, number]
  x: Float32Array
  t: Int32Array
  noise: Float32Array
}

const schedule1000 = schedule('ddim')

/** The batch of a step: images in the order of the epoch's permutation, timesteps and noise of (seed, step). */
export function batchAt(config: TrainConfig, data: Dataset, step: number): Batch {
  const { batch: b, seed } = config
  const [c, h, w] = data.shape
  const size = c * h * w
  const t = integers(seed, step, schedule1000.betas.length, new Int32Array(b))
  const noise = normal(seed, step, new Float32Array(b * size))
  const x = new Float32Array(b * size)
  for (let i = 0; i < b; i++) {
    const image = imageAt(data.count, seed, step * b + i) * size
    const alphaBar = schedule1000.alphaBars[t[i]!]!
    const [signal, sigma] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)]
    for (let p = 0; p < size; p++)
      x[i * size + p] = signal * data.data[image + p]! + sigma * noise[i * size + p]!
  }
  const nchw = [b, c, h, w]
  return { shape: [b, h, w, c], x: toNHWC(x, nchw), t, noise: toNHWC(noise, nchw) }
}

let order: { seed: number; epoch: number; images: Int32Array } | null = null

/** Image number `index` of the endless sequence of shuffled epochs; the last permutation is kept. */
function imageAt(count: number, seed: number, index: number): number {
  const epoch = Math.floor(index / count)
  if (order?.seed !== seed || order.epoch !== epoch || order.images.length !== count) {
    order = { seed, epoch, images: permutation(seed, epoch, count) }
  }
  return order.images[index % count]!
}

/** A checkpoint's network, run for as long as a measurement lasts. */
import { type Schedule, schedule } from '../diffusion/schedule'
import { InputError } from '../tensor/error'
import { type About, type Checkpoint, networkOf, quantizerOf } from '../unet/checkpoint'
import type { UNetConfig } from '../unet/config'
import type { Tap } from '../unet/forward'
import { predictNoise } from '../unet/predict'

/** eps for x (NCHW values) at timestep t, or one t per image, at the checkpoint's own precision. */
export type Predict = (x: Float32Array, t: number | ArrayLike<number>, tap?: Tap) => Float32Array

/**
 * Uploads the network, hands it to `use` and frees it when that has settled. Throws an InputError for a network
 * whose prediction is not of the shape of its input (learned variances), which no sampler here can use.
 */
export async function withNetwork<T>(
  checkpoint: Checkpoint,
  use: (predict: Predict) => Promise<T>,
): Promise<T> {
  const { config, name } = checkpoint
  if (config.outChannels !== config.inChannels) {
    throw new InputError({
      file: name,
      problem: `the network turns ${config.inChannels} channels into ${config.outChannels}, so it does not predict noise alone`,
      remedy: 'Give a checkpoint without learned variances.',
    })
  }
  const quantizer = quantizerOf(checkpoint)
  const unet = networkOf(checkpoint)
  try {
    return await use((x, t, tap) => predictNoise(unet, x, t, quantizer, tap))
  } finally {
    unet.dispose()
  }
}

/** What decides how a checkpoint is sampled; every Checkpoint is one. */
export type Origin = { config: UNetConfig; about: Pick<About, 'schedule'> }

/** The schedule a checkpoint says it was trained for, else that of the code base it comes from, with its own betas. */
export function scheduleOf({ about, config }: Origin): Schedule {
  return schedule(about.schedule ?? config.family, { noise: config.noise })
}

/** Values of one image as the network sees it. */
export function imageSize({ inChannels, sampleSize }: UNetConfig): number {
  return inChannels * sampleSize * sampleSize
}

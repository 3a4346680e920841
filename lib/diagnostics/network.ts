/** A checkpoint's network, run for as long as a measurement lasts. */
import { type Schedule, schedule } from '../diffusion/schedule'
import { InputError } from '../tensor/error'
import { type About, type Checkpoint, networkOf, quantizerOf } from '../unet/checkpoint'
import type { UNetConfig } from '../unet/config'
import type { NetworkParts, Tap } from '../unet/forward'
import { predictNoise, predictTwice } from '../unet/predict'
import type { Pair, TwinTaps } from '../unet/twin'

/** eps for x (NCHW values) at timestep t, or one t per image, at the checkpoint's own precision. */
export type Predict = (x: Float32Array, t: number | ArrayLike<number>, tap?: Tap) => Float32Array

/** Runs a checkpoint's network for as long as `use` takes: withNetwork in tfjs, runAtOneBit() in the engine. */
export type RunNetwork = <T>(checkpoint: Checkpoint, use: (predict: Predict) => Promise<T>) => Promise<T>

/**
 * Uploads the network, hands it to `use` and frees it when that has settled. Throws an InputError for a network
 * whose prediction is not of the shape of its input (learned variances), which no sampler here can use.
 */
export async function withNetwork<T>(
  checkpoint: Checkpoint,
  use: (predict: Predict) => Promise<T>,
): Promise<T> {
  const { unet, quantizer } = running(checkpoint)
  try {
    return await use((x, t, tap) => predictNoise(unet, x, t, quantizer, tap))
  } finally {
    unet.dispose()
  }
}

/** Teacher and student, which run apart or in one pass. */
export type Twin = {
  predictTeacher: Predict
  /** eps of both at x, t; their layers are seen side by side. */
  predict(x: Float32Array, t: number, taps: TwinTaps): Pair<Float32Array>
  parts: Pair<NetworkParts>
}

/** As withNetwork, for two networks of one architecture. */
export async function withTwin<T>(
  teacher: Checkpoint,
  student: Checkpoint,
  use: (twin: Twin) => Promise<T>,
): Promise<T> {
  const first = running(teacher)
  try {
    const second = running(student)
    try {
      const parts = [first.unet.parts(first.quantizer), second.unet.parts(second.quantizer)] as const
      return await use({
        predictTeacher: (x, t, tap) => predictNoise(first.unet, x, t, first.quantizer, tap),
        predict: (x, t, taps) => predictTwice([first.unet, second.unet], parts, x, t, taps),
        parts,
      })
    } finally {
      second.unet.dispose()
    }
  } finally {
    first.unet.dispose()
  }
}

function running(checkpoint: Checkpoint) {
  checkPredictsNoise(checkpoint)
  return { unet: networkOf(checkpoint), quantizer: quantizerOf(checkpoint) }
}

/** Throws an InputError for a network whose prediction is not of the shape of its input (learned variances). */
export function checkPredictsNoise({ config, name }: Checkpoint): void {
  if (config.outChannels === config.inChannels) return
  throw new InputError({
    file: name,
    problem: `the network turns ${config.inChannels} channels into ${config.outChannels}, so it does not predict noise alone`,
    remedy: 'Give a checkpoint without learned variances.',
  })
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

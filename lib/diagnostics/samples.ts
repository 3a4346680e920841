/** Same-seed samples of a checkpoint, as stored and shown. */
import { pictureCosine, toPictures } from '../diffusion/pixels'
import { type SamplerName, sample, startingNoise } from '../diffusion/sample'
import { samplingTimesteps } from '../diffusion/schedule'
import type { SampleSet } from '../record/run'
import { InputError } from '../tensor/error'
import type { Checkpoint } from '../unet/checkpoint'
import { imageSize, scheduleOf, withNetwork } from './network'
import { pause } from './pause'

export type DrawOptions = {
  seed: number
  images: number
  steps: number
  sampler: SamplerName
  /** The teacher's samples from the same noise, for cosineToTeacher; left out for a teacher. */
  teacher?: SampleSet | null
  signal?: AbortSignal
}

/** Called before the first step and after each. */
export type Progress = (done: number, total: number, words: string) => void

/**
 * Draws images from the noise of `seed`: image i depends on (seed, i) only, and all checkpoints of one shape start from
 * the same noise. Runs on the tfjs backend that is set, lets other tasks run between steps, leaves no tensor behind.
 * Throws an InputError for steps that do not fit the schedule, the signal's reason when aborted.
 */
export async function drawSamples(
  checkpoint: Checkpoint,
  { seed, images, steps, sampler, teacher = null, signal }: DrawOptions,
  onProgress: Progress = () => {},
): Promise<SampleSet> {
  const { config, about } = checkpoint
  const final = await withNetwork(checkpoint, async (predict) => {
    const schedule = scheduleOf(checkpoint)
    let x = startingNoise(seed, images, imageSize(config))
    onProgress(0, samplingTimesteps(schedule, steps).length, 'samples')
    for (const step of sample(predict, x, { schedule, sampler, steps, seed, images })) {
      x = step.x
      onProgress(step.step, step.steps, 'samples')
      await pause(signal)
    }
    return x
  })
  const { inChannels, sampleSize } = config
  const shape = [images, inChannels, sampleSize, sampleSize] as const
  const { width, height, channels, pixels } = toPictures(final, shape, about.pixelUnshuffle)
  const drawn: SampleSet = {
    seed,
    images,
    width,
    height,
    channels: pictureChannels(channels, checkpoint),
    sampler,
    steps,
    cosineToTeacher: null,
    pixels: toBase64(pixels),
  }
  return { ...drawn, cosineToTeacher: teacher && sampleCosine(teacher, drawn) }
}

/**
 * Mean over images of the cosine of two sets drawn from the same noise, from the stored bytes mapped back to [-1, 1]:
 * it speaks of the pictures one sees. Rounding to bytes moves it by less than 1e-4; values beyond [-1, 1] count as
 * shown, at the ends of the range. null if the sets are not of the same noise and size.
 */
export function sampleCosine(a: SampleSet, b: SampleSet): number | null {
  const same = (['seed', 'images', 'width', 'height', 'channels'] as const).every((key) => a[key] === b[key])
  if (!same || a.images === 0) return null
  return pictureCosine(fromBytes(a.pixels), fromBytes(b.pixels), a.images)
}

/** Bytes 0-255 in base64 -> values in [-1, 1], never all zero: byte b stands for b/127.5 - 1. */
function fromBytes(base64: string): Float32Array {
  return Float32Array.from(atob(base64), (byte) => byte.charCodeAt(0) / 127.5 - 1)
}

/** In pieces: a call takes no more than some ten thousand arguments. */
function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(text)
}

/** Whether there is anything to draw: grey or colour pixels, and a network that predicts the noise alone. */
export function drawsPictures({ config, about }: Checkpoint): boolean {
  const channels = config.inChannels / about.pixelUnshuffle ** 2
  return config.inChannels === config.outChannels && (channels === 1 || channels === 3)
}

function pictureChannels(channels: number, { name, about }: Checkpoint): 1 | 3 {
  if (channels === 1 || channels === 3) return channels
  throw new InputError({
    file: name,
    problem: `its images have ${channels} channels (pixel unshuffle ${about.pixelUnshuffle}), which is neither grey nor RGB`,
    remedy: 'Only networks on pixels are drawn, not those on latent codes.',
  })
}

/** How far the student drawn at one bit is from its simulation. */
import { toPictures } from '../../lib/diffusion/pixels'
import { sqnr } from '../../lib/math/agreement'
import type { Trace } from './trace'

export type Agreement = {
  /** Pixels of all pictures, and those with another byte in any channel. */
  pixels: number
  differing: number
  /** Largest difference of two bytes, 0 to 255. */
  largest: number
  /** Of the finished samples, dB. */
  sqnr: number | null
  /** First step whose states x_t are more than a grey level apart anywhere; null if none is. */
  parting: { step: number; t: number } | null
}

/** A byte's worth of values from -1 to 1. */
const greyLevel = 2 / 255

/** null until both are done. */
export function agreementOf(simulated: Trace, engine: Trace): Agreement | null {
  const { shape, pixelUnshuffle, timesteps } = simulated
  if (!simulated.final || !engine.final || !shape) return null
  const a = toPictures(simulated.final, shape, pixelUnshuffle)
  const b = toPictures(engine.final, shape, pixelUnshuffle)
  const pixels = a.pixels.length / a.channels
  let [differing, largest] = [0, 0]
  for (let pixel = 0; pixel < pixels; pixel++) {
    let most = 0
    for (let i = pixel * a.channels; i < (pixel + 1) * a.channels; i++)
      most = Math.max(most, Math.abs(a.pixels[i]! - b.pixels[i]!))
    if (most > 0) differing++
    largest = Math.max(largest, most)
  }
  const step = simulated.steps.findIndex(({ xt }, i) => apart(xt, engine.steps[i]!.xt))
  return {
    pixels,
    differing,
    largest,
    sqnr: sqnr(simulated.final, engine.final),
    parting: step < 0 ? null : { step, t: timesteps[step]! },
  }
}

const apart = (a: Float32Array, b: Float32Array): boolean => a.some((v, i) => Math.abs(v - b[i]!) > greyLevel)

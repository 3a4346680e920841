/** The noisy images x_t both networks are measured on: states of the teacher's own DDIM run. */
import { sample, startingNoise } from '../diffusion/sample'
import { samplingTimesteps } from '../diffusion/schedule'
import { InputError } from '../tensor/error'
import type { UNetConfig } from '../unet/config'
import { imageSize, type Predict, scheduleOf } from './network'
import { pause } from './pause'

/** DDIM steps that lead to timesteps asked for one by one. */
const stepsToAsked = 50

/** Where to measure: timesteps, descending, and the number of DDIM steps on the way. */
export type Timeline = { timesteps: number[]; steps: number }

/**
 * A number asks for the timesteps DDIM visits with so many steps, a list for these. Throws an InputError for a
 * number of steps or a timestep the schedule does not have.
 */
export function timelineOf(asked: number | readonly number[], config: UNetConfig): Timeline {
  const schedule = scheduleOf(config)
  if (typeof asked === 'number') {
    const timesteps = samplingTimesteps(schedule, asked)
    return { timesteps, steps: timesteps.length }
  }
  const last = schedule.betas.length - 1
  const wrong = asked.find((t) => !Number.isInteger(t) || t < 0 || t > last)
  if (wrong !== undefined || asked.length === 0) {
    throw new InputError({
      file: '--timesteps',
      problem: wrong === undefined ? 'no timestep given' : `there is no timestep ${wrong}`,
      remedy: `Give whole numbers from 0 to ${last}.`,
    })
  }
  const timesteps = [...new Set(asked)].sort((a, b) => b - a)
  return { timesteps, steps: stepsToAsked }
}

/**
 * x_t (images x C x S x S, NCHW) at each timestep. Between two timesteps the DDIM run visits it is the state its
 * deterministic update from the upper one gives: sqrt(alpha_bar_t) x0 + sqrt(1 - alpha_bar_t) eps. Above the first it is
 * the starting noise.
 */
export async function teacherStates(
  predict: Predict,
  config: UNetConfig,
  { timesteps, steps }: Timeline,
  { seed, images, signal }: { seed: number; images: number; signal?: AbortSignal },
  onStep: (done: number) => void,
): Promise<Map<number, Float32Array>> {
  const schedule = scheduleOf(config)
  const visited = samplingTimesteps(schedule, steps)
  const noise = startingNoise(seed, images, imageSize(config))
  const states = new Map<number, Float32Array>()
  for (const t of timesteps) if (t > visited[0]!) states.set(t, noise)
  for (const { step, t, xt, x0, eps } of sample(predict, noise, { schedule, steps })) {
    const next = visited[step] ?? -1
    for (const asked of timesteps) {
      if (asked > t || asked <= next) continue
      states.set(asked, asked === t ? xt : combine(x0, eps, schedule.alphaBars[asked]!))
    }
    onStep(step)
    await pause(signal)
  }
  return states
}

function combine(x0: Float32Array, eps: Float32Array, alphaBar: number): Float32Array {
  const [scale, sigma] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)]
  return x0.map((v, i) => scale * v + sigma * eps[i]!)
}

/** One batch of all noise levels: image i at the state of timestep i of `images` spread over the list. */
export function mixedBatch(
  states: Map<number, Float32Array>,
  timesteps: readonly number[],
  images: number,
): { x: Float32Array; t: number[] } {
  const t = Array.from(
    { length: images },
    (_, i) => timesteps[Math.floor(((i + 0.5) * timesteps.length) / images)]!,
  )
  const size = states.get(t[0]!)!.length / images
  const x = new Float32Array(images * size)
  for (const [i, time] of t.entries()) {
    x.set(states.get(time)!.subarray(i * size, (i + 1) * size), i * size)
  }
  return { x, t }
}

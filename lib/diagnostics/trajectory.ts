/** The noisy images x_t both networks are measured on: states of the teacher's own DDIM run. */
import { sample, startingNoise } from '../diffusion/sample'
import { samplingTimesteps } from '../diffusion/schedule'
import { InputError } from '../tensor/error'
import { imageSize, type Origin, type Predict, scheduleOf } from './network'

/** DDIM steps on the way to timesteps asked for one by one. */
const stepsToAsked = 50

/** DDIM steps of the short run whose states make up the mixed batch. */
export const mixedSteps = 8

export type Timeline = {
  /** Number of DDIM steps asked of the sampler; `visited` may hold more where the stride leaves a rest. */
  steps: number
  /** Timesteps the DDIM run visits, descending. */
  visited: number[]
  /** Timesteps to measure at, descending. */
  measured: number[]
}

/** Of the noise the teacher starts from. */
export type Noise = { seed: number; images: number }

/**
 * A number asks for the timesteps DDIM visits with so many steps, a list for these. Throws an InputError for a
 * number of steps or a timestep the schedule does not have.
 */
export function timelineOf(asked: number | readonly number[], origin: Origin): Timeline {
  const schedule = scheduleOf(origin)
  const steps = typeof asked === 'number' ? asked : stepsToAsked
  const visited = samplingTimesteps(schedule, steps)
  if (typeof asked === 'number') return { steps, visited, measured: visited }
  const last = schedule.betas.length - 1
  const wrong = asked.find((t) => !Number.isInteger(t) || t < 0 || t > last)
  if (wrong !== undefined || asked.length === 0) {
    throw new InputError({
      file: '--timesteps',
      problem: wrong === undefined ? 'no timestep given' : `there is no timestep ${wrong}`,
      remedy: `Give whole numbers from 0 to ${last}.`,
    })
  }
  return { steps, visited, measured: [...new Set(asked)].sort((a, b) => b - a) }
}

/** Every timestep the teacher is asked at, descending. */
export function timestepsOnTheWay({ visited, measured }: Timeline): number[] {
  return [...new Set([...visited, ...measured])].sort((a, b) => b - a)
}

/** How far the teacher's run is: DDIM steps that are done, and the state after them. */
export type Reached = { done: number; x: Float32Array }

/** x_t (images x C x S x S, NCHW) and the teacher's eps there, which was its latest prediction. */
export type TeacherState = {
  t: number
  x: Float32Array
  eps: Float32Array
  /** Where the run can go on once this state is dealt with; null within a step. */
  reached: Reached | null
}

/**
 * The states of the teacher's DDIM run at timestepsOnTheWay. Between two timesteps the run visits, the state is what the
 * deterministic update gives from the upper one: sqrt(alpha_bar_t) x0 + sqrt(1 - alpha_bar_t) eps. Above the first it is
 * the starting noise. `predict` is called once per state, just before it is yielded. Goes on from `reached`, if that is given.
 */
export function* teacherStates(
  predict: Predict,
  origin: Origin,
  { steps, visited, measured }: Timeline,
  { seed, images }: Noise,
  reached?: Reached,
): Generator<TeacherState> {
  const schedule = scheduleOf(origin)
  const { done, x: start } = reached ?? {
    done: 0,
    x: startingNoise(seed, images, imageSize(origin.config)),
  }
  const within = (t: number, x: Float32Array) => ({ t, x, eps: predict(x, t), reached: null })
  if (done === 0) for (const t of measured) if (t > visited[0]!) yield within(t, start)
  for (const { step, t, xt, x0, eps, x } of sample(predict, start, { schedule, steps, done })) {
    const reached = { done: step, x }
    const next = visited[step] ?? -1
    const between = measured.filter((m) => m < t && m > next)
    yield { t, x: xt, eps, reached: between.length === 0 ? reached : null }
    for (const m of between) {
      const state = within(m, mix(x0, eps, schedule.alphaBars[m]!))
      yield m === between.at(-1) ? { ...state, reached } : state
    }
  }
}

/** sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) eps. */
function mix(x0: Float32Array, eps: Float32Array, alphaBar: number): Float32Array {
  const [scale, sigma] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)]
  return x0.map((v, i) => scale * v + sigma * eps[i]!)
}

/**
 * One batch of all noise levels, from a run of `mixedSteps` DDIM steps: the images in order, the first at the
 * noisiest states, the last at the cleanest. Each goes only as far as its state. Yields after each step so that the caller can let
 * other tasks run.
 */
export function* mixedBatch(
  predict: Predict,
  origin: Origin,
  { seed, images }: Noise,
): Generator<void, { x: Float32Array; t: number[] }> {
  const size = imageSize(origin.config)
  const x = new Float32Array(images * size)
  const t = new Array<number>(images)
  const timeline = timelineOf(mixedSteps, origin)
  const stepsOfImages = Array.from(t, (_, i) => Math.floor(((i + 0.5) * mixedSteps) / images))
  const predictRest: Predict = (x, t) => {
    const step = timeline.visited.indexOf(t as number)
    const there = size * stepsOfImages.filter((own) => own <= step).length
    const eps = new Float32Array(x.length)
    if (there < x.length) eps.set(predict(x.subarray(there), t), there)
    return eps
  }
  for (const state of teacherStates(predictRest, origin, timeline, { seed, images })) {
    const step = timeline.visited.indexOf(state.t)
    for (const [i, own] of stepsOfImages.entries()) {
      if (own !== step) continue
      x.set(state.x.subarray(i * size, (i + 1) * size), i * size)
      t[i] = state.t
    }
    yield
  }
  return { x, t }
}

/**
 * DDIM and DDPM sampling as a generator of every state. Elementwise, so the layout of x does not matter;
 * noise is drawn in NCHW order. Sources: Song et al. 2021 (DDIM) Eq. 12, Ho et al. 2020 (DDPM) Eq. 7 and 11.
 */
import { normal } from '../math/rng'
import { type Schedule, samplingTimesteps, type TimestepRule } from './schedule'

export const samplerNames = ['ddim', 'ddpm'] as const
export type SamplerName = (typeof samplerNames)[number]

export type SampleOptions = {
  schedule: Schedule
  sampler?: SamplerName
  steps: number
  /** Updates that are done already, 0 by default: x_T is the state after them. */
  done?: number
  /** DDIM only: 0 is deterministic, 1 as noisy as DDPM. */
  eta?: number
  /** Clip predicted x_0 to [-1, 1]; default: always for ddpm, else what the schedule's code base does. */
  clip?: boolean
  rule?: TimestepRule
  /** DDPM only: beta_t ('large') or the posterior variance ('small'). */
  variance?: 'large' | 'small'
  /** Seed of the noise added on the way. */
  seed?: number
  /** Images in x: noise of each is drawn from its own stream. */
  images?: number
}

export type SampleStep = {
  /** 1 after the first update. */
  step: number
  /** Number of updates in all. */
  steps: number
  /** Timestep the network was asked at. */
  t: number
  /** What the network saw. */
  xt: Float32Array
  /** Predicted noise. */
  eps: Float32Array
  /** Predicted clean image, after clipping if it clips. */
  x0: Float32Array
  /** State after the update. */
  x: Float32Array
}

/** Predicts the noise in x at timestep t; returns an array of the same length and layout. */
export type PredictNoise = (x: Float32Array, t: number) => Float32Array

/** Streams of one image: its starting noise, then one for each step. */
const streamOf = (image: number, step: number) => image * 65536 + step

/** x_T for `images` images of `size` values each, NCHW: image i depends on (seed, i) only. */
export function startingNoise(seed: number, images: number, size: number): Float32Array {
  return stepNoise(seed, images, size, 0)
}

function stepNoise(seed: number, images: number, size: number, step: number): Float32Array {
  const noise = new Float32Array(images * size)
  for (let i = 0; i < images; i++) normal(seed, streamOf(i, step), noise.subarray(i * size, (i + 1) * size))
  return noise
}

/** Samples from x_T, yielding every step. `predict` is called once a step; arrays yielded belong to the caller. */
export function* sample(
  predict: PredictNoise,
  xT: Float32Array,
  options: SampleOptions,
): Generator<SampleStep, Float32Array> {
  const {
    schedule: s,
    sampler = 'ddim',
    eta = 0,
    variance = 'large',
    seed = 0,
    images = 1,
    done = 0,
  } = options
  const clip = options.clip ?? (sampler === 'ddpm' || s.clips)
  const timesteps = samplingTimesteps(s, options.steps, options.rule)
  let x = xT
  for (const [i, t] of timesteps.entries()) {
    if (i < done) continue
    const step = i + 1
    const next = timesteps[step]
    const alphaBar = s.alphaBars[t]!
    const nextAlphaBar = next === undefined ? s.finalAlphaBar : s.alphaBars[next]!
    const eps = predict(x, t)
    const x0 = predictX0(x, eps, alphaBar, clip)
    const coefficients =
      sampler === 'ddim'
        ? ddimCoefficients(alphaBar, nextAlphaBar, eta)
        : ddpmCoefficients(alphaBar, nextAlphaBar, variance, next === undefined)
    const noise = coefficients.noise > 0 ? stepNoise(seed, images, x.length / images, step) : null
    const updated = combine(coefficients, x0, eps, x, noise)
    yield { step, steps: timesteps.length, t, xt: x, eps, x0, x: updated }
    x = updated
  }
  return x
}

/** x_0 = (x_t - sqrt(1 - alpha_bar) eps) / sqrt(alpha_bar). */
function predictX0(x: Float32Array, eps: Float32Array, alphaBar: number, clip: boolean): Float32Array {
  const [scale, sigma] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)]
  const x0 = new Float32Array(x.length)
  for (let i = 0; i < x0.length; i++) {
    const v = (x[i]! - sigma * eps[i]!) / scale
    x0[i] = clip ? Math.max(-1, Math.min(1, v)) : v
  }
  return x0
}

/** Weights of predicted x_0, predicted noise, x_t and fresh noise in the next state. */
type Coefficients = { x0: number; eps: number; x: number; noise: number }

function ddimCoefficients(alphaBar: number, nextAlphaBar: number, eta: number): Coefficients {
  const sigma = eta * Math.sqrt(((1 - alphaBar / nextAlphaBar) * (1 - nextAlphaBar)) / (1 - alphaBar))
  return {
    x0: Math.sqrt(nextAlphaBar),
    eps: Math.sqrt(Math.max(0, 1 - nextAlphaBar - sigma * sigma)),
    x: 0,
    noise: sigma,
  }
}

function ddpmCoefficients(
  alphaBar: number,
  nextAlphaBar: number,
  variance: 'large' | 'small',
  last: boolean,
): Coefficients {
  const beta = 1 - alphaBar / nextAlphaBar
  const squared = variance === 'large' ? beta : ((1 - nextAlphaBar) / (1 - alphaBar)) * beta
  return {
    x0: (Math.sqrt(nextAlphaBar) * beta) / (1 - alphaBar),
    eps: 0,
    x: (Math.sqrt(1 - beta) * (1 - nextAlphaBar)) / (1 - alphaBar),
    noise: last ? 0 : Math.sqrt(squared),
  }
}

function combine(
  k: Coefficients,
  x0: Float32Array,
  eps: Float32Array,
  x: Float32Array,
  noise: Float32Array | null,
): Float32Array {
  const next = new Float32Array(x.length)
  for (let i = 0; i < next.length; i++) {
    next[i] = k.x0 * x0[i]! + k.eps * eps[i]! + k.x * x[i]! + (noise ? k.noise * noise[i]! : 0)
  }
  return next
}

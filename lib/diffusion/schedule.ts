/**
 * Noise schedules and the timesteps a sampler visits, with the differences between code bases that share names.
 * Sources: ermongroup/ddim functions/denoising.py, diffusers scheduling_ddim.py, latent-diffusion ddim.py.
 */
import type { ScheduleName } from '../record/run'
import { InputError } from '../tensor/error'
import { betasOf, type Noise, usualNoise } from '../unet/noise'

export const timestepRules = ['uniform', 'quad'] as const
export type TimestepRule = (typeof timestepRules)[number]

export type Schedule = {
  /** Whose conventions a sampler follows. */
  name: ScheduleName
  /** Variance added at each training timestep. */
  betas: Float64Array
  /** Product of (1 - beta) up to each timestep. */
  alphaBars: Float64Array
  /** alpha_bar after the last update. */
  finalAlphaBar: number
  /** Whether predicted x_0 is clipped to [-1, 1] unless asked otherwise. */
  clips: boolean
}

export type ScheduleOptions = {
  /** What the network was trained with; the usual one of the code base by default. */
  noise?: Noise
  /** diffusers set_alpha_to_one. */
  finalAlphaOne?: boolean
}

/** The schedule of a code base. */
export function schedule(name: ScheduleName, options: ScheduleOptions = {}): Schedule {
  const betas = betasOf(options.noise ?? usualNoise[name])
  let product = 1
  const alphaBars = betas.map((beta) => {
    product *= 1 - beta
    return product
  })
  const finalOne = name === 'ddim' || (name === 'diffusers' && (options.finalAlphaOne ?? true))
  return {
    name,
    betas,
    alphaBars,
    finalAlphaBar: finalOne ? 1 : alphaBars[0]!,
    clips: name === 'diffusers',
  }
}

/**
 * The timesteps a sampler visits, descending. uniform: 0, stride, 2*stride, ... (ldm adds 1);
 * quad (ddim only): squares of an even spacing up to 80 % of the range. Throws InputError if steps do not fit.
 */
export function samplingTimesteps(s: Schedule, steps: number, rule: TimestepRule = 'uniform'): number[] {
  const total = s.betas.length
  if (!Number.isInteger(steps) || steps < 1 || steps > total) {
    throw new InputError({
      file: '--steps',
      problem: `${steps} sampling steps of ${total} timesteps`,
      remedy: `Give a whole number from 1 to ${total}.`,
    })
  }
  if (rule === 'quad') {
    if (s.name !== 'ddim') {
      throw new InputError({
        file: '--timesteps',
        problem: `quad timesteps do not exist in the ${s.name} schedule`,
        remedy: 'Use uniform, or the ddim schedule.',
      })
    }
    const end = Math.sqrt(total * 0.8)
    const at = (i: number) => Math.floor((steps === 1 ? 0 : (end * i) / (steps - 1)) ** 2)
    return Array.from({ length: steps }, (_, i) => at(steps - 1 - i))
  }
  const stride = Math.floor(total / steps)
  const shift = s.name === 'ldm' ? 1 : 0
  // ermongroup walks range(0, total, stride), which holds more than `steps` values when stride does not divide total
  const count = s.name === 'ddim' ? Math.ceil(total / stride) : steps
  return Array.from({ length: count }, (_, i) => (count - 1 - i) * stride + shift).filter((t) => t < total)
}

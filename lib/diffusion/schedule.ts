/**
 * Noise schedules and the timesteps a sampler visits, with the differences between code bases that share names.
 * Sources: ermongroup/ddim functions/denoising.py, diffusers scheduling_ddim.py, latent-diffusion ddim.py.
 */
import type { ScheduleName } from '../record/run'
import { InputError } from '../tensor/error'

export const timestepRules = ['uniform', 'quad'] as const
export type TimestepRule = (typeof timestepRules)[number]

export type Schedule = {
  /** Whose conventions a sampler follows. */
  name: ScheduleName
  /** Variance added at each training timestep, float32 values. */
  betas: Float64Array
  /** Product of (1 - beta) up to each timestep. */
  alphaBars: Float64Array
  /** alpha_bar after the last update. */
  finalAlphaBar: number
  /** Whether predicted x_0 is clipped to [-1, 1] unless asked otherwise. */
  clips: boolean
}

export type ScheduleOptions = {
  timesteps?: number
  betaStart?: number
  betaEnd?: number
  /** diffusers set_alpha_to_one. */
  finalAlphaOne?: boolean
}

/** The schedule of a code base; betas of ldm are linear in their square root, 0.0015 to 0.0195 for LDM-4. */
export function schedule(name: ScheduleName, options: ScheduleOptions = {}): Schedule {
  const { timesteps = 1000 } = options
  const ldm = name === 'ldm'
  const { betaStart = ldm ? 0.0015 : 1e-4, betaEnd = ldm ? 0.0195 : 0.02 } = options
  const betas = Float64Array.from({ length: timesteps }, (_, i) => {
    const share = timesteps === 1 ? 0 : i / (timesteps - 1)
    if (!ldm) return Math.fround(betaStart + share * (betaEnd - betaStart))
    const root = Math.sqrt(betaStart) + share * (Math.sqrt(betaEnd) - Math.sqrt(betaStart))
    return root * root
  })
  const alphaBars = new Float64Array(timesteps)
  let product = 1
  for (let i = 0; i < timesteps; i++) {
    product *= 1 - betas[i]!
    alphaBars[i] = product
  }
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

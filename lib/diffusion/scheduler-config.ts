/**
 * What a model folder says about its own noise schedule: diffusers scheduler_config.json, the `diffusion` section of an
 * ermongroup/ddim configuration, or `model.params` of a latent-diffusion project. Options that would change the numbers and are not supported are refused.
 */
import * as z from 'zod/mini'
import type { ScheduleName } from '../record/run'
import { InputError } from '../tensor/error'
import { type Schedule, schedule } from './schedule'

/** Fields of DDPMScheduler and DDIMScheduler with the class defaults of diffusers 0.21. */
const Scheduler = z.object({
  beta_start: z._default(z.number(), 1e-4),
  beta_end: z._default(z.number(), 0.02),
  beta_schedule: z._default(z.string(), 'linear'),
  num_train_timesteps: z._default(z.int().check(z.positive()), 1000),
  trained_betas: z.nullish(z.unknown()),
  clip_sample: z._default(z.boolean(), true),
  clip_sample_range: z._default(z.number(), 1),
  set_alpha_to_one: z._default(z.boolean(), true),
  steps_offset: z._default(z.number(), 0),
  timestep_spacing: z._default(z.string(), 'leading'),
  prediction_type: z._default(z.string(), 'epsilon'),
  thresholding: z._default(z.boolean(), false),
  rescale_betas_zero_snr: z._default(z.boolean(), false),
  variance_type: z._default(z.string(), 'fixed_small'),
})

/** `diffusion` and `model.var_type` of ermongroup/ddim. */
const DdimDiffusion = z.object({
  diffusion: z.object({
    beta_schedule: z._default(z.string(), 'linear'),
    beta_start: z.number(),
    beta_end: z.number(),
    num_diffusion_timesteps: z.int().check(z.positive()),
  }),
})

/** `model.params` of latent-diffusion, with the defaults of ddpm.py. */
const LatentDiffusion = z.object({
  model: z.object({
    params: z.object({
      beta_schedule: z._default(z.string(), 'linear'),
      linear_start: z._default(z.number(), 1e-4),
      linear_end: z._default(z.number(), 2e-2),
      timesteps: z._default(z.int().check(z.positive()), 1000),
      parameterization: z._default(z.string(), 'eps'),
    }),
  }),
})

/** How to sample from a model, and where each part of that came from. */
export type Sampling = {
  schedule: Schedule
  /** Whether predicted x_0 is clipped unless asked otherwise; undefined leaves it to the sampler. */
  clip?: boolean
  /** Variance of DDPM. */
  variance?: 'large' | 'small'
}

type Source = { json: unknown; file: string }

/**
 * The schedule a model is sampled with: `name` if given, else that of its family; betas and flags from its own files
 * where there are any. Throws an InputError for a scheduler that is not supported.
 */
export function samplingOf(
  family: ScheduleName,
  own: { scheduler: Source | null; config: Source | null },
  name?: ScheduleName,
): Sampling {
  const chosen = name ?? family
  if (own.scheduler) return fromScheduler(own.scheduler, chosen)
  const json = own.config?.json
  if (own.config && typeof json === 'object' && json !== null && 'diffusion' in json) {
    const { diffusion } = read(DdimDiffusion, own.config)
    mustBe(own.config, 'diffusion.beta_schedule', diffusion.beta_schedule, 'linear')
    const { beta_start, beta_end, num_diffusion_timesteps } = diffusion
    return { schedule: build(chosen, beta_start, beta_end, num_diffusion_timesteps, true) }
  }
  if (own.config && z.safeParse(Project, json).success) return fromProject(own.config, chosen)
  return { schedule: schedule(chosen) }
}

/** A latent-diffusion project, in contrast to the parameters of its U-Net alone. */
const Project = z.object({ model: z.object({ params: z.object({ unet_config: z.unknown() }) }) })

function fromProject(source: Source, name: ScheduleName): Sampling {
  const { params } = read(LatentDiffusion, source).model
  mustBe(source, 'model.params.beta_schedule', params.beta_schedule, 'linear')
  mustBe(source, 'model.params.parameterization', params.parameterization, 'eps')
  const { timesteps, linear_start: betaStart, linear_end: betaEnd } = params
  // its betas are linear in the square root, so they hold for its own sampler only
  return { schedule: schedule(name, name === 'ldm' ? { timesteps, betaStart, betaEnd } : { timesteps }) }
}

function fromScheduler(source: Source, name: ScheduleName): Sampling {
  const c = read(Scheduler, source)
  mustBe(source, 'beta_schedule', c.beta_schedule, 'linear')
  mustBe(source, 'trained_betas', c.trained_betas ?? null, null)
  mustBe(source, 'prediction_type', c.prediction_type, 'epsilon')
  mustBe(source, 'thresholding', c.thresholding, false)
  mustBe(source, 'rescale_betas_zero_snr', c.rescale_betas_zero_snr, false)
  const made = build(name, c.beta_start, c.beta_end, c.num_train_timesteps, c.set_alpha_to_one)
  const variance = c.variance_type === 'fixed_large' ? 'large' : 'small'
  if (name !== 'diffusers') return { schedule: made, variance }
  mustBe(source, 'steps_offset', c.steps_offset, 0)
  mustBe(source, 'timestep_spacing', c.timestep_spacing, 'leading')
  if (c.clip_sample) mustBe(source, 'clip_sample_range', c.clip_sample_range, 1)
  return { schedule: made, clip: c.clip_sample, variance }
}

/** Betas of a file hold for linear schedules only; latent-diffusion's are linear in the square root. */
function build(
  name: ScheduleName,
  betaStart: number,
  betaEnd: number,
  timesteps: number,
  finalAlphaOne: boolean,
) {
  return schedule(name, name === 'ldm' ? { timesteps } : { betaStart, betaEnd, timesteps, finalAlphaOne })
}

function read<S extends z.core.$ZodType>(schema: S, { json, file }: Source): z.core.output<S> {
  const result = z.safeParse(schema, json)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  throw new InputError({
    file,
    item: issue.path.join('.'),
    problem: issue.message,
    remedy: 'Compare it with the scheduler the model was published with.',
  })
}

function mustBe(source: Source, item: string, value: unknown, supported: unknown): void {
  if (value === supported) return
  throw new InputError({
    file: source.file,
    item,
    problem: `${JSON.stringify(value)} is not supported, only ${JSON.stringify(supported)}`,
    remedy: 'Choose a schedule with --schedule, or change the file.',
  })
}

/**
 * What a model folder says about its own sampling: diffusers scheduler_config.json, or what an ermongroup/ddim or latent-diffusion
 * configuration says beside its U-Net. Options that would change the numbers and are not supported are refused.
 */
import * as z from 'zod/mini'
import type { ScheduleName } from '../record/run'
import { InputError } from '../tensor/error'
import type { About } from '../unet/checkpoint'
import type { UNetConfig } from '../unet/config'
import { Noise } from '../unet/noise'
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

/** What an ermongroup/ddim or latent-diffusion configuration says beside its U-Net. */
const Training = z.object({
  diffusion: z.optional(z.object({ beta_schedule: z._default(z.string(), 'linear') })),
  model: z.optional(
    z.object({
      params: z.optional(
        z.object({
          beta_schedule: z._default(z.string(), 'linear'),
          parameterization: z._default(z.string(), 'eps'),
        }),
      ),
    }),
  ),
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

/** A checkpoint, as far as sampling goes by it. */
type Sampled = { config: Pick<UNetConfig, 'family' | 'noise'>; about: Pick<About, 'schedule'> }

/**
 * The schedule a model is sampled with: `name` if given, else that of the checkpoint or its family; betas are the
 * checkpoint's, flags from its own files where there are any. Throws an InputError for a scheduler that is not supported.
 */
export function samplingOf(
  { config: { family, noise }, about }: Sampled,
  own: { scheduler: Source | null; config: Source | null },
  name?: ScheduleName,
): Sampling {
  const chosen = name ?? about.schedule ?? family
  if (own.scheduler) return fromScheduler(own.scheduler, chosen, noise)
  if (own.config) checkTraining(own.config, noise)
  return { schedule: schedule(chosen, { noise }) }
}

const spacings = new Map([
  ['linear', 'linear'],
  ['scaled_linear', 'root'],
] as const)

/** The betas of a scheduler_config.json; undefined where it does not tell them in a way known here. */
export function noiseOfScheduler(json: unknown): Noise | undefined {
  const { data: c } = z.safeParse(Scheduler, json)
  if (!c || (c.trained_betas ?? null) !== null) return undefined
  const spacing = new Map<string, string>(spacings).get(c.beta_schedule)
  const { beta_start: start, beta_end: end, num_train_timesteps: timesteps } = c
  return z.safeParse(Noise, { spacing, start, end, timesteps }).data
}

/** Without betas those of the family would be taken, which is no answer to a schedule that is named and not known. */
function checkTraining(source: Source, noise: Noise | undefined): void {
  const found = z.safeParse(Training, source.json)
  if (!found.success) return
  const { diffusion, model } = found.data
  if (model?.params) mustBe(source, 'model.params.parameterization', model.params.parameterization, 'eps')
  if (noise) return
  if (diffusion) mustBe(source, 'diffusion.beta_schedule', diffusion.beta_schedule, 'linear')
  if (model?.params) mustBe(source, 'model.params.beta_schedule', model.params.beta_schedule, 'linear')
}

function fromScheduler(source: Source, name: ScheduleName, noise: Noise | undefined): Sampling {
  const c = read(Scheduler, source)
  if (!noise) {
    mustBe(source, 'beta_schedule', c.beta_schedule, 'linear')
    mustBe(source, 'trained_betas', c.trained_betas ?? null, null)
  }
  mustBe(source, 'prediction_type', c.prediction_type, 'epsilon')
  mustBe(source, 'thresholding', c.thresholding, false)
  mustBe(source, 'rescale_betas_zero_snr', c.rescale_betas_zero_snr, false)
  const made = schedule(name, { noise, finalAlphaOne: c.set_alpha_to_one })
  const variance = c.variance_type === 'fixed_large' ? 'large' : 'small'
  if (name !== 'diffusers') return { schedule: made, variance }
  mustBe(source, 'steps_offset', c.steps_offset, 0)
  mustBe(source, 'timestep_spacing', c.timestep_spacing, 'leading')
  if (c.clip_sample) mustBe(source, 'clip_sample_range', c.clip_sample_range, 1)
  return { schedule: made, clip: c.clip_sample, variance }
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

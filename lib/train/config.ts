/** What one training is: everything that decides its result, so that the same file gives the same checkpoints. */
import * as z from 'zod/mini'
import { basisPlaces } from '../quant/manifest'
import { InputError } from '../tensor/error'
import { imageSets } from './images'

const count = z.int().check(z.positive())

const Optimizer = z.object({
  learningRate: z.number().check(z.positive()),
  /** Rate of sigma1, sigma2 and alpha as a share of learningRate; they are far smaller than weights. */
  scaleRate: z._default(z.number().check(z.positive()), 1),
  warmupSteps: z.int().check(z.nonnegative()),
  /** Cosine decay ends at this share of learningRate. */
  finalShare: z.number().check(z.minimum(0), z.maximum(1)),
  /** Cosine decays of equal length, each from learningRate anew (SGDR, Loshchilov & Hutter 2017). */
  cycles: z._default(count, 1),
  weightDecay: z._default(z.number(), 0),
  /** Largest global gradient norm. */
  clip: z.number().check(z.positive()),
  /** Decay of the exponential moving average that is sampled from; ramps up as (1 + step)/(10 + step). */
  ema: z.number().check(z.minimum(0), z.maximum(1)),
})

const shared = {
  name: z.string().check(z.regex(/^[a-z0-9][a-z0-9._-]*$/)),
  seed: z.int(),
  data: z.object({
    set: z.enum(imageSets),
    /** Factor of the pixel unshuffle before the network (28x28x1 -> 14x14x4 with 2). */
    pixelUnshuffle: z.union([z.literal(1), z.literal(2)]),
  }),
  batch: count,
  steps: count,
  optimizer: Optimizer,
  /** Steps after which the EMA weights are written as a checkpoint; 0 is the start. */
  snapshots: z.array(z.int().check(z.nonnegative())),
}

export const TrainConfig = z.discriminatedUnion('role', [
  z.object({
    role: z.literal('teacher'),
    ...shared,
    /** The family's own configuration, as parseConfig reads it. */
    model: z.record(z.string(), z.unknown()),
  }),
  z.object({
    role: z.literal('student'),
    ...shared,
    /** Path of the teacher's checkpoint, relative to the configuration file. */
    teacher: z.string(),
    binarizer: z.object({
      method: z.enum(['sign', 'xnor', 'lmb']),
      bases: z.union([z.literal(1), z.literal(2)]),
      /** Which layers get the second basis. */
      twoBases: z._default(z.enum(basisPlaces), 'all'),
      activationBits: z.union([z.literal(4), z.literal(8), z.literal(32)]),
    }),
  }),
])
export type TrainConfig = z.infer<typeof TrainConfig>
export type OptimizerConfig = z.infer<typeof Optimizer>

/** Throws an InputError naming the field at fault. */
export function parseTrainConfig(json: unknown, file: string): TrainConfig {
  const result = z.safeParse(TrainConfig, json)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  throw new InputError({
    file,
    item: issue.path.join('.'),
    problem: issue.message,
    remedy: 'Compare it with public/demo/mnist-teacher/config.json.',
  })
}

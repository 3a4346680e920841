/** What one training is: everything that decides its result, so that the same file gives the same checkpoints. */
import * as z from 'zod/mini'
import { lowRankAxes } from '../lrm/projection'
import { basisPlaces } from '../quant/basis-places'
import { checkBases } from '../quant/binarizer'
import { ebbTau } from '../quant/ebb'
import { binarizationPresets } from '../quant/presets'
import { InputError } from '../tensor/error'
import { imageSets } from './data/images'

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
    /** Folder of images, for set 'folder'; relative to the configuration file. */
    path: z.optional(z.string()),
    /** Height and width the images of a folder are brought to. */
    size: z.optional(count),
    /** Factor of the pixel unshuffle before the network (28x28x1 -> 14x14x4 with 2). */
    pixelUnshuffle: z.union([z.literal(1), z.literal(2), z.literal(4)]),
  }),
  batch: count,
  steps: count,
  optimizer: Optimizer,
  /** Steps after which the EMA weights are written as a checkpoint; 0 is the start. */
  snapshots: z.array(z.int().check(z.nonnegative())),
  /** Pictures drawn from the EMA weights every so many steps, always from the same noise. */
  samples: z.optional(
    z.object({
      every: count,
      images: z._default(count, 16),
      steps: z._default(count, 25),
      seed: z._default(z.int(), 7),
    }),
  ),
}

const Binarizer = z.object({
  method: z.enum(['sign', 'xnor', 'lmb', 'ebb']),
  bases: z.union([z.literal(1), z.literal(2)]),
  /** Which layers get the second basis. */
  twoBases: z._default(z.enum(basisPlaces), 'all'),
  activationBits: z.union([z.literal(4), z.literal(8), z.literal(32)]),
  /** Bits of the layers that are never binarized: first and last convolution, MLP of the time embedding. */
  keptBits: z._default(z.union([z.literal(8), z.literal(32)]), 32),
  /** Bases of single layers by id, in place of what the rest gives them; 0 is full precision. */
  layers: z.optional(z.record(z.string(), z.union([z.literal(0), z.literal(1), z.literal(2)]))),
  /** EBB: weight of the penalty on sigma2 (BinaryDM Eq. 9). */
  tau: z._default(z.number().check(z.nonnegative()), ebbTau),
  /** EBB: step at which the second basis is dropped; half of the training if left out, as in the paper. */
  transition: z.optional(count),
})

const Lrm = z.object({
  /** Lambda of BinaryDM Eq. 15. */
  weight: z._default(z.number().check(z.positive()), 1e-4),
  /** 'paper': mean of squares. 'normalised': each module's over the mean square of the teacher's projection. */
  form: z._default(z.enum(['paper', 'normalised']), 'paper'),
  /** 'width' is the released code's reading. */
  axis: z._default(z.enum(lowRankAxes), 'channels'),
  /** K: axes kept are 1/K of the channels. */
  divisor: z._default(count, 4),
  /** Steps after which the axes are fitted again; 0 keeps those of the first batch. */
  refreshEvery: z._default(z.int().check(z.nonnegative()), 0),
})
export type LrmConfig = z.infer<typeof Lrm>

const Progressive = z.object({
  /** Steps from one pair of modules to the next. */
  every: z._default(count, 1),
})

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
    binarizer: Binarizer,
    /** Low-rank Representation Mimicking; null trains without. */
    lrm: z._default(z.nullable(Lrm), null),
    /** Progressive initialisation; null binarizes every layer at step 0. */
    progressive: z._default(z.nullable(Progressive), null),
  }),
])
export type TrainConfig = z.infer<typeof TrainConfig>
export type OptimizerConfig = z.infer<typeof Optimizer>

type PresetName = keyof typeof binarizationPresets

/** Whole recipes by name; what a configuration says itself comes before its preset. */
const recipes = {
  baseline: { lrm: null, progressive: null },
  v1: { lrm: {}, progressive: {} },
  v5: { lrm: {}, progressive: null },
} satisfies Record<PresetName, object>

/**
 * Reads a configuration; `preset: 'baseline' | 'v1' | 'v5'` of a student stands for the recipe of that version of BinaryDM
 * and is written out in the result. Throws an InputError naming the field at fault.
 */
export function parseTrainConfig(json: unknown, file: string): TrainConfig {
  const result = z.safeParse(TrainConfig, withPreset(json, file))
  if (result.success) return checked(result.data, file)
  const issue = result.error.issues[0]!
  throw invalid(file, issue.path.join('.'), issue.message)
}

function withPreset(json: unknown, file: string): unknown {
  if (typeof json !== 'object' || json === null || !('preset' in json)) return json
  const { preset, ...own } = json as Record<string, unknown>
  if (typeof preset !== 'string' || !Object.hasOwn(recipes, preset)) {
    throw invalid(file, 'preset', `it must be one of ${Object.keys(recipes).join(', ')}`)
  }
  const name = preset as PresetName
  const binarizer = { ...binarizationPresets[name], ...(own.binarizer as object) }
  return { ...recipes[name], ...own, binarizer }
}

function checked(config: TrainConfig, file: string): TrainConfig {
  const { set, path, size } = config.data
  if (set === 'folder' && (path === undefined || size === undefined))
    throw invalid(file, 'data', "set 'folder' needs path and size")
  if (config.role === 'teacher') return config
  const { method, bases, transition, layers = {} } = config.binarizer
  checkBases(method, bases, file, 'binarizer.bases')
  for (const [id, own] of Object.entries(layers))
    if (own > 0) checkBases(method, own, file, `binarizer.layers.${id}`)
  if (method !== 'ebb') return config
  const half = Math.max(1, Math.floor(config.steps / 2))
  return { ...config, binarizer: { ...config.binarizer, transition: transition ?? half } }
}

function invalid(file: string, item: string, problem: string): InputError {
  return new InputError({
    file,
    item,
    problem,
    remedy: 'Compare it with the configurations in public/demo.',
  })
}

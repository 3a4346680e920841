/**
 * One configuration for every supported U-Net family. What a family fixes in code (norm groups, epsilon, sinusoid)
 * is a value here, so that nothing below this file asks which family it runs.
 */
import * as z from 'zod/mini'
import { InputError } from '../tensor/error'
import { Noise } from './noise'

const count = z.int().check(z.positive())

export const UNetConfig = z.object({
  family: z.enum(['ddim', 'diffusers', 'ldm']),
  inChannels: count,
  outChannels: count,
  /** Image height = width the network was made for. */
  sampleSize: count,
  /** Channels after the first convolution. */
  stemChannels: count,
  /** Channels per level, highest resolution first. */
  channels: z.array(count).check(z.minLength(1)),
  /** Res blocks per level on the way down; one more on the way up. */
  blocksPerLevel: count,
  /** Whether the blocks of a level are followed by self-attention, on the way down and up; by level. */
  downAttention: z.array(z.boolean()),
  upAttention: z.array(z.boolean()),
  /** Channels per attention head; null means `heads` of them. */
  headChannels: z.nullable(count),
  heads: z._default(count, 1),
  /**
   * Whether query, key and value are layers of their own, or one layer whose channels lie head by head, each with its
   * query, key and value ('by head', openaimodel's legacy order), or all queries first ('by kind').
   */
  qkv: z._default(z.enum(['separate', 'by head', 'by kind']), 'separate'),
  /** D^-1/2 of attention, D channels per head: on the product, or its root on query and key each ('operands'). */
  attentionScale: z._default(z.enum(['product', 'operands']), 'product'),
  /** Whether the time projection gives scale and shift after the second norm; added before it otherwise. */
  scaleShift: z._default(z.boolean(), false),
  /** Samplers between levels: a convolution, a residual block that resizes, or only the mean and the nearest. */
  resampling: z._default(z.enum(['conv', 'block', 'pool']), 'conv'),
  normGroups: count,
  normEpsilon: z.number().check(z.positive()),
  /** 0 pads right and bottom only (DDIM, diffusers downsample_padding 0), 1 pads all sides. */
  downsamplePadding: z.union([z.literal(0), z.literal(1)]),
  /** Cosine half before the sine half in the timestep embedding. */
  cosineFirst: z.boolean(),
  /** Exponent i/(half - shift) of the timestep embedding. */
  frequencyShift: z.number(),
  /** Divides the residual sums of the middle block. */
  midScale: z.number().check(z.positive()),
  /** Maps x to 2x - 1 before the first convolution. */
  centerInput: z.boolean(),
  /** Spelling of the attention layers: query/key/value/proj_attn, to_q/to_k/to_v/to_out.0, or one qkv. */
  attentionNames: z.enum(['ddim', 'query', 'to_q', 'qkv']),
  /** What it was trained with; absent where nothing says it. No part of the network: what samples it goes by it. */
  noise: z.optional(Noise),
})
export type UNetConfig = z.infer<typeof UNetConfig>

/** ermongroup/ddim `config.model` and `config.data`, the fields that shape the network. */
const DdimConfig = z.object({
  model: z.object({
    in_channels: count,
    out_ch: count,
    ch: count,
    ch_mult: z.array(count).check(z.minLength(1)),
    num_res_blocks: count,
    attn_resolutions: z.array(count),
    resamp_with_conv: z._default(z.boolean(), true),
  }),
  data: z.object({ image_size: count }),
  diffusion: z.optional(
    z.object({
      beta_schedule: z._default(z.string(), 'linear'),
      beta_start: z.number(),
      beta_end: z.number(),
      num_diffusion_timesteps: count,
    }),
  ),
})

/** diffusers `config.json` of UNet2DModel; missing fields take the class defaults of diffusers 0.21. */
const DiffusersConfig = z.object({
  sample_size: z.nullable(count),
  in_channels: z._default(count, 3),
  out_channels: z._default(count, 3),
  center_input_sample: z._default(z.boolean(), false),
  time_embedding_type: z._default(z.string(), 'positional'),
  freq_shift: z._default(z.number(), 0),
  flip_sin_to_cos: z._default(z.boolean(), true),
  down_block_types: z.array(z.string()),
  up_block_types: z.array(z.string()),
  block_out_channels: z.array(count).check(z.minLength(1)),
  layers_per_block: z._default(count, 2),
  mid_block_scale_factor: z._default(z.number(), 1),
  downsample_padding: z._default(z.number(), 1),
  downsample_type: z._default(z.string(), 'conv'),
  upsample_type: z._default(z.string(), 'conv'),
  act_fn: z._default(z.string(), 'silu'),
  attention_head_dim: z._default(z.nullable(count), 8),
  norm_num_groups: z._default(count, 32),
  norm_eps: z._default(z.number(), 1e-5),
  resnet_time_scale_shift: z._default(z.string(), 'default'),
  add_attention: z._default(z.boolean(), true),
})

/** Parameters of UNetModel in latent-diffusion's openaimodel.py; missing fields take the class defaults. */
const OpenaimodelConfig = z.object({
  image_size: count,
  in_channels: count,
  out_channels: count,
  model_channels: count,
  num_res_blocks: count,
  /** Factors of downsampling, not sizes in pixels. */
  attention_resolutions: z.array(count),
  channel_mult: z._default(z.array(count).check(z.minLength(1)), [1, 2, 4, 8]),
  conv_resample: z._default(z.boolean(), true),
  dims: z._default(z.number(), 2),
  num_classes: z.nullish(z.unknown()),
  num_heads: z._default(z.int(), -1),
  num_head_channels: z._default(z.int(), -1),
  num_heads_upsample: z._default(z.int(), -1),
  use_scale_shift_norm: z._default(z.boolean(), false),
  resblock_updown: z._default(z.boolean(), false),
  use_new_attention_order: z._default(z.boolean(), false),
  use_spatial_transformer: z._default(z.boolean(), false),
  n_embed: z.nullish(z.unknown()),
})

/** A latent-diffusion project's yaml: the parameters of its U-Net, and of the training, with the defaults of ddpm.py. */
const LatentDiffusionConfig = z.object({
  model: z.object({
    params: z.object({
      unet_config: z.object({ params: z.unknown() }),
      beta_schedule: z._default(z.string(), 'linear'),
      linear_start: z._default(z.number(), 1e-4),
      linear_end: z._default(z.number(), 2e-2),
      timesteps: z._default(count, 1000),
    }),
  }),
})

/** The parameters of an openaimodel UNetModel: themselves, with their target, or in a project's yaml; null if it is none. */
function openaimodelParams(json: unknown): unknown {
  const project = z.safeParse(LatentDiffusionConfig, json)
  if (project.success) return project.data.model.params.unet_config.params
  if (typeof json !== 'object' || json === null) return null
  if ('model_channels' in json) return json
  return 'params' in json ? openaimodelParams(json.params) : null
}

/** Whether json is meant as the configuration of a U-Net; parseConfig tells what is wrong with it. */
export function describesUNet(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false
  const own = 'family' in json || 'block_out_channels' in json || ('model' in json && 'data' in json)
  return own || openaimodelParams(json) !== null
}

/**
 * Reads a family's own configuration, or a UNetConfig written by Signscope.
 * `file` names its source in errors. Throws InputError for an unknown architecture or an unsupported option.
 */
export function parseConfig(json: unknown, file: string): UNetConfig {
  const record = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  if ('family' in record) return checked(read(UNetConfig, json, file), file)
  if ('block_out_channels' in record) {
    return checked(fromDiffusers(read(DiffusersConfig, json, file), file), file)
  }
  const openaimodel = openaimodelParams(json)
  if (openaimodel !== null) {
    const config = fromOpenaimodel(read(OpenaimodelConfig, openaimodel, file), file)
    return checked({ ...config, ...noiseOfProject(json, file) }, file)
  }
  if ('model' in record && 'data' in record)
    return checked(fromDdim(read(DdimConfig, json, file), file), file)
  throw new InputError({
    file,
    problem: 'this is not a U-Net configuration that Signscope knows',
    remedy:
      'Give the config.json of a diffusers UNet2DModel, or the yaml of an ermongroup/ddim or latent-diffusion model.',
  })
}

function read<S extends z.core.$ZodType>(schema: S, json: unknown, file: string): z.core.output<S> {
  const result = z.safeParse(schema, json)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  throw new InputError({
    file,
    item: issue.path.join('.'),
    problem: `the configuration is incomplete or wrong here (${issue.message})`,
    remedy: 'Compare it with the configuration the checkpoint was trained with.',
  })
}

/** latent-diffusion's names of what lies between two ends. Others are left to the file, which holds the betas themselves. */
const projectSpacings = new Map([
  ['linear', 'root'],
  ['sqrt_linear', 'linear'],
])

function noiseOfProject(json: unknown, file: string): Pick<UNetConfig, 'noise'> {
  const project = z.safeParse(LatentDiffusionConfig, json)
  if (!project.success) return {}
  const { beta_schedule, linear_start: start, linear_end: end, timesteps } = project.data.model.params
  return noiseOf({ spacing: projectSpacings.get(beta_schedule), start, end, timesteps }, file)
}

function noiseOf(
  { spacing, ...ends }: { spacing: string | undefined; start: number; end: number; timesteps: number },
  file: string,
): Pick<UNetConfig, 'noise'> {
  return spacing === undefined ? {} : { noise: read(Noise, { spacing, ...ends }, file) }
}

function fromDdim(c: z.infer<typeof DdimConfig>, file: string): UNetConfig {
  const { ch, ch_mult, attn_resolutions, resamp_with_conv } = c.model
  if (!resamp_with_conv) throw unsupported(file, 'model.resamp_with_conv', 'false')
  const attention = ch_mult.map((_, level) => attn_resolutions.includes(c.data.image_size >> level))
  return {
    family: 'ddim',
    inChannels: c.model.in_channels,
    outChannels: c.model.out_ch,
    sampleSize: c.data.image_size,
    stemChannels: ch,
    channels: ch_mult.map((m) => ch * m),
    blocksPerLevel: c.model.num_res_blocks,
    downAttention: attention,
    upAttention: attention,
    ...ddimFixed,
    ...noiseOfDdim(c.diffusion, file),
  }
}

function noiseOfDdim(
  diffusion: z.infer<typeof DdimConfig>['diffusion'],
  file: string,
): Pick<UNetConfig, 'noise'> {
  if (!diffusion) return {}
  const { beta_schedule, beta_start: start, beta_end: end, num_diffusion_timesteps: timesteps } = diffusion
  const spacing = beta_schedule === 'quad' ? 'root' : beta_schedule === 'linear' ? 'linear' : undefined
  return noiseOf({ spacing, start, end, timesteps }, file)
}

/** What ermongroup/ddim and diffusers UNet2DModel have in common against openaimodel. */
export const separateUnits = {
  heads: 1,
  qkv: 'separate',
  attentionScale: 'product',
  scaleShift: false,
  resampling: 'conv',
} as const

/** What ermongroup/ddim models/diffusion.py fixes in code. */
export const ddimFixed = {
  ...separateUnits,
  headChannels: null,
  normGroups: 32,
  normEpsilon: 1e-6,
  downsamplePadding: 0,
  cosineFirst: false,
  frequencyShift: 1,
  midScale: 1,
  centerInput: false,
  attentionNames: 'ddim',
} as const

const diffusersDown: Record<string, boolean> = { DownBlock2D: false, AttnDownBlock2D: true }
const diffusersUp: Record<string, boolean> = { UpBlock2D: false, AttnUpBlock2D: true }

function fromDiffusers(c: z.infer<typeof DiffusersConfig>, file: string): UNetConfig {
  const fixed = {
    time_embedding_type: 'positional',
    downsample_type: 'conv',
    upsample_type: 'conv',
    act_fn: 'silu',
    resnet_time_scale_shift: 'default',
  } as const
  for (const key of Object.keys(fixed) as (keyof typeof fixed)[]) {
    if (c[key] !== fixed[key]) throw unsupported(file, key, c[key])
  }
  if (!c.add_attention) throw unsupported(file, 'add_attention', 'false')
  if (c.downsample_padding !== 0 && c.downsample_padding !== 1) {
    throw unsupported(file, 'downsample_padding', c.downsample_padding)
  }
  if (c.sample_size === null) throw unsupported(file, 'sample_size', 'null')
  const levels = c.block_out_channels.length
  for (const key of ['down_block_types', 'up_block_types'] as const) {
    if (c[key].length !== levels) throw unsupported(file, key, `${c[key].length} blocks for ${levels} levels`)
  }
  const attends = (key: 'down_block_types' | 'up_block_types', known: Record<string, boolean>) =>
    c[key].map((type) => {
      const attention = Object.hasOwn(known, type) ? known[type] : undefined
      if (attention === undefined) throw unsupported(file, key, type)
      return attention
    })
  return {
    family: 'diffusers',
    inChannels: c.in_channels,
    outChannels: c.out_channels,
    sampleSize: c.sample_size,
    stemChannels: c.block_out_channels[0]!,
    channels: c.block_out_channels,
    blocksPerLevel: c.layers_per_block,
    downAttention: attends('down_block_types', diffusersDown),
    // up_block_types starts at the lowest resolution
    upAttention: attends('up_block_types', diffusersUp).reverse(),
    ...separateUnits,
    headChannels: c.attention_head_dim,
    normGroups: c.norm_num_groups,
    normEpsilon: c.norm_eps,
    downsamplePadding: c.downsample_padding,
    cosineFirst: c.flip_sin_to_cos,
    frequencyShift: c.freq_shift,
    midScale: c.mid_block_scale_factor,
    centerInput: c.center_input_sample,
    // the spelling is in the checkpoint's names, not in the config: see inferConfig
    attentionNames: 'to_q',
  }
}

function fromOpenaimodel(c: z.infer<typeof OpenaimodelConfig>, file: string): UNetConfig {
  if (c.dims !== 2) throw unsupported(file, 'dims', c.dims)
  if (c.use_spatial_transformer) throw unsupported(file, 'use_spatial_transformer', 'true')
  if ((c.num_classes ?? null) !== null) throw unsupported(file, 'num_classes', String(c.num_classes))
  if ((c.n_embed ?? null) !== null) throw unsupported(file, 'n_embed', String(c.n_embed))
  // out.2 takes model_channels, whatever the first level ends with
  if (c.channel_mult[0] !== 1) throw unsupported(file, 'channel_mult', c.channel_mult.join(', '))
  if (c.num_heads_upsample !== -1 && c.num_heads_upsample !== c.num_heads)
    throw unsupported(file, 'num_heads_upsample', c.num_heads_upsample)
  const byWidth = c.num_head_channels !== -1
  if (!byWidth && c.num_heads < 1) throw unsupported(file, 'num_heads', c.num_heads)
  if (byWidth && c.num_head_channels < 1) throw unsupported(file, 'num_head_channels', c.num_head_channels)
  const attention = c.channel_mult.map((_, level) => c.attention_resolutions.includes(2 ** level))
  return {
    family: 'ldm',
    inChannels: c.in_channels,
    outChannels: c.out_channels,
    sampleSize: c.image_size,
    stemChannels: c.model_channels,
    channels: c.channel_mult.map((m) => c.model_channels * m),
    blocksPerLevel: c.num_res_blocks,
    downAttention: attention,
    upAttention: attention,
    headChannels: byWidth ? c.num_head_channels : null,
    heads: byWidth ? 1 : c.num_heads,
    qkv: c.use_new_attention_order ? 'by kind' : 'by head',
    scaleShift: c.use_scale_shift_norm,
    resampling: c.resblock_updown ? 'block' : c.conv_resample ? 'conv' : 'pool',
    ...ldmFixed,
  }
}

/** What latent-diffusion's openaimodel.py fixes in code. */
export const ldmFixed = {
  attentionScale: 'operands',
  normGroups: 32,
  normEpsilon: 1e-5,
  downsamplePadding: 1,
  cosineFirst: true,
  frequencyShift: 0,
  midScale: 1,
  centerInput: false,
  attentionNames: 'qkv',
} as const

/** Sizes must halve evenly down to the lowest level and channels must divide into groups and heads. */
function checked(config: UNetConfig, file: string): UNetConfig {
  const { sampleSize, channels, stemChannels, normGroups, headChannels } = config
  const smallest = 2 ** (channels.length - 1)
  if (sampleSize % smallest !== 0)
    throw unsupported(file, 'sample size', `${sampleSize}, not a multiple of ${smallest},`)
  for (const width of [stemChannels, ...channels]) {
    if (width % normGroups !== 0)
      throw unsupported(file, 'channels', `${width} with ${normGroups} norm groups`)
    if (!attends(config, width)) continue
    if (headChannels !== null && width % headChannels !== 0)
      throw unsupported(file, 'channels', `${width} with heads of ${headChannels}`)
    if (headChannels === null && width % config.heads !== 0)
      throw unsupported(file, 'channels', `${width} with ${config.heads} heads`)
  }
  return config
}

function attends({ channels, downAttention, upAttention }: UNetConfig, width: number): boolean {
  return channels.some(
    (c, level) =>
      c === width && (downAttention[level] || upAttention[level] || level === channels.length - 1),
  )
}

function unsupported(file: string, item: string, value: string | number): InputError {
  return new InputError({
    file,
    item,
    problem: `the value ${value} is not supported`,
    remedy:
      'Signscope runs unconditional networks of ermongroup/ddim, diffusers UNet2DModel and latent-diffusion UNetModel.',
  })
}

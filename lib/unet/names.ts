/** What tensor names and shapes alone tell about a network: its family and configuration. */
import { InputError } from '../tensor/error'
import { ddimFixed, ldmFixed, separateUnits, type UNetConfig } from './config'

/** A configuration read off names and shapes, and what had to be assumed to complete it. */
export type Inferred = { config: UNetConfig; assumptions: string[] }

/** Tensors that only one family has. */
const marks = [
  { name: 'temb.dense.0.weight', family: 'ddim' },
  { name: 'time_embedding.linear_1.weight', family: 'diffusers' },
  { name: 'time_embed.0.weight', family: 'ldm' },
] as const

/** Families that are recognised and refused by name. */
const foreign = [{ name: 'add_embedding.linear_1.weight', what: 'a conditional diffusers U-Net' }] as const

/**
 * Infers the configuration from tensor shapes by name (prefixes already stripped). Throws an InputError that says
 * what was found when the architecture is not supported.
 */
export function inferConfig(shapes: Map<string, number[]>, file: string): Inferred {
  const mark = marks.find(({ name }) => shapes.has(name))
  if (!mark) {
    const known = foreign.find(({ name }) => [...shapes.keys()].some((key) => key.endsWith(name)))
    const first = [...shapes.keys()].slice(0, 3).join(', ') || 'no tensors at all'
    throw new InputError({
      file,
      item: known?.name,
      problem: known
        ? `this is ${known.what}, which Signscope does not run yet`
        : `no known U-Net has these tensor names (${first})`,
      remedy:
        'Give the U-Net of an ermongroup/ddim, diffusers UNet2DModel or latent-diffusion UNetModel checkpoint.',
    })
  }
  return { ddim: inferDdim, diffusers: inferDiffusers, ldm: inferLdm }[mark.family](shapes, file)
}

function inferDdim(shapes: Map<string, number[]>, file: string): Inferred {
  const levels = countWhile((l) => shapes.has(`down.${l}.block.0.conv1.weight`))
  const attention = (way: string) =>
    Array.from({ length: levels }, (_, l) => shapes.has(`${way}.${l}.attn.0.q.weight`))
  const sampleSize = 32
  return {
    config: {
      family: 'ddim',
      ...edges(shapes, file),
      sampleSize,
      channels: widths(shapes, levels, (l) => `down.${l}.block.0.conv1.weight`, file),
      blocksPerLevel: countWhile((b) => shapes.has(`down.0.block.${b}.conv1.weight`)),
      downAttention: attention('down'),
      upAttention: attention('up'),
      ...ddimFixed,
    },
    assumptions: [`image size ${sampleSize}: names and shapes do not tell it`],
  }
}

function inferDiffusers(shapes: Map<string, number[]>, file: string): Inferred {
  if ([...shapes.keys()].some((name) => name.includes('.attn2.') || name.includes('transformer_blocks'))) {
    throw new InputError({
      file,
      item: [...shapes.keys()].find((name) => name.includes('transformer_blocks')),
      problem: 'this is a conditional diffusers U-Net, which Signscope does not run yet',
      remedy: 'Give an unconditional UNet2DModel checkpoint.',
    })
  }
  const levels = countWhile((l) => shapes.has(`down_blocks.${l}.resnets.0.conv1.weight`))
  const old = shapes.has('mid_block.attentions.0.query.weight')
  const attends = (path: string) =>
    ['to_q', 'query'].some((name) => shapes.has(`${path}.attentions.0.${name}.weight`))
  const sampleSize = 32
  return {
    config: {
      family: 'diffusers',
      ...edges(shapes, file),
      sampleSize,
      channels: widths(shapes, levels, (l) => `down_blocks.${l}.resnets.0.conv1.weight`, file),
      blocksPerLevel: countWhile((b) => shapes.has(`down_blocks.0.resnets.${b}.conv1.weight`)),
      downAttention: Array.from({ length: levels }, (_, l) => attends(`down_blocks.${l}`)),
      upAttention: Array.from({ length: levels }, (_, l) => attends(`up_blocks.${levels - 1 - l}`)),
      ...separateUnits,
      headChannels: null,
      normGroups: 32,
      normEpsilon: 1e-6,
      downsamplePadding: 0,
      cosineFirst: false,
      frequencyShift: 1,
      midScale: 1,
      centerInput: false,
      attentionNames: old ? 'query' : 'to_q',
    },
    assumptions: [
      `image size ${sampleSize}: names and shapes do not tell it`,
      'one attention head, 32 norm groups with epsilon 1e-6, downsample padding 0, sine before cosine with ' +
        'frequency shift 1, as in google/ddpm-cifar10-32: give config.json if it differs',
    ],
  }
}

/**
 * latent-diffusion's UNetModel: the blocks are numbered through, so the end of the first level is where the first sampler
 * stands, on the way down (`op`) or, where samplers are residual blocks like others, on the way up.
 */
function inferLdm(shapes: Map<string, number[]>, file: string): Inferred {
  const block = (way: 'input' | 'output', n: number, unit: string) => `${way}_blocks.${n}.${unit}.weight`
  const outputs = countWhile((n) => shapes.has(block('output', n, '0.in_layers.2')))
  const upsampler = (n: number, unit: string) => shapes.has(block('output', n, unit))
  const first = Array.from({ length: outputs }, (_, n) => n)
  const resizing = first.find((n) => upsampler(n, '1.in_layers.2') || upsampler(n, '2.in_layers.2'))
  const pooled = countWhile((n) => shapes.has(block('input', n + 1, '0.in_layers.2')))
  const blocksPerLevel = resizing ?? pooled
  const levels = Math.max(1, Math.round(outputs / (blocksPerLevel + 1)))
  const level = (l: number) => 1 + l * (blocksPerLevel + 1)
  const channels = widths(shapes, levels, (l) => block('input', level(l), '0.in_layers.2'), file)
  const sampled = shapes.has(block('input', blocksPerLevel + 1, '0.op'))
  const resampling = resizing !== undefined ? 'block' : sampled || levels === 1 ? 'conv' : 'pool'
  const [embedded] = shapeOf(shapes, block('input', 1, '0.emb_layers.1'), file)
  const config: UNetConfig = {
    family: 'ldm',
    ...edges(shapes, file, ['input_blocks.0.0', 'out.2']),
    sampleSize: resampling === 'block' ? 32 : 64,
    channels,
    blocksPerLevel,
    downAttention: channels.map((_, l) => shapes.has(block('input', level(l), '1.qkv'))),
    upAttention: channels.map((_, l) =>
      shapes.has(block('output', (levels - 1 - l) * (blocksPerLevel + 1), '1.qkv')),
    ),
    // as in the published LSUN configurations: LDM-8 (residual samplers) has eight heads, LDM-4 heads of 32 channels
    ...(resampling === 'block' ? { headChannels: null, heads: 8 } : { headChannels: 32, heads: 1 }),
    qkv: 'by head',
    scaleShift: embedded === 2 * channels[0]!,
    resampling,
    ...ldmFixed,
  }
  const heads =
    config.headChannels === null ? `${config.heads} heads` : `heads of ${config.headChannels} channels`
  return {
    config,
    assumptions: [
      `image size ${config.sampleSize}: names and shapes do not tell it`,
      `attention in ${heads}, query, key and value head by head, as in latent-diffusion's LSUN networks: ` +
        'give the yaml of the training if it differs',
    ],
  }
}

/** Channels at both ends of the network. */
function edges(shapes: Map<string, number[]>, file: string, [first, last] = ['conv_in', 'conv_out']) {
  const [stemChannels, inChannels] = shapeOf(shapes, `${first}.weight`, file)
  const [outChannels] = shapeOf(shapes, `${last}.weight`, file)
  return { inChannels: inChannels!, stemChannels: stemChannels!, outChannels: outChannels! }
}

function widths(
  shapes: Map<string, number[]>,
  levels: number,
  name: (level: number) => string,
  file: string,
): number[] {
  return Array.from({ length: levels }, (_, level) => shapeOf(shapes, name(level), file)[0]!)
}

function shapeOf(shapes: Map<string, number[]>, name: string, file: string): number[] {
  const shape = shapes.get(name)
  if (shape) return shape
  throw new InputError({
    file,
    item: name,
    problem: 'this tensor is missing',
    remedy: 'The checkpoint is incomplete: save the whole state dict of the U-Net.',
  })
}

function countWhile(holds: (i: number) => boolean): number {
  let n = 0
  while (holds(n)) n++
  return n
}

/** What tensor names and shapes alone tell about a network: its family and configuration. */
import { InputError } from '../tensor/error'
import { ddimFixed, type UNetConfig } from './config'

/** A configuration read off names and shapes, and what had to be assumed to complete it. */
export type Inferred = { config: UNetConfig; assumptions: string[] }

/** Tensors that only one family has. */
const marks = [
  { name: 'temb.dense.0.weight', family: 'ddim' },
  { name: 'time_embedding.linear_1.weight', family: 'diffusers' },
] as const

/** Families that are recognised and refused by name. */
const foreign = [
  { name: 'time_embed.0.weight', what: 'a latent-diffusion (openaimodel) U-Net' },
  { name: 'add_embedding.linear_1.weight', what: 'a conditional diffusers U-Net' },
] as const

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
      remedy: 'Give the bare U-Net of an ermongroup/ddim or diffusers UNet2DModel checkpoint.',
    })
  }
  return mark.family === 'ddim' ? inferDdim(shapes, file) : inferDiffusers(shapes, file)
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

/** Channels at both ends of the network. */
function edges(shapes: Map<string, number[]>, file: string) {
  const [stemChannels, inChannels] = shapeOf(shapes, 'conv_in.weight', file)
  const [outChannels] = shapeOf(shapes, 'conv_out.weight', file)
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

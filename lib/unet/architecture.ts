/**
 * A U-Net laid out as data: blocks in the order of the forward pass, each unit named as its checkpoint names it.
 * Needs no tensors. The forward pass walks this, the layer list is this flattened.
 */
import type { Layer, Place } from '../record/run'
import type { UNetConfig } from './config'

export type Norm = { id: string; channels: number }

export type ResBlock = {
  id: string
  norm1: Norm
  conv1: Layer
  /** Linear layer on SiLU(time embedding): added to every pixel after conv1, or scale and shift of norm2. */
  timeProjection: Layer
  norm2: Norm
  conv2: Layer
  /** 1x1 convolution on the residual when the channel count changes. */
  shortcut: Layer | null
  /** Halves (mean) or doubles (nearest) the size of both branches, between the first norm and conv1. */
  resize: Resize | null
  /** Divides the residual sum. */
  scale: number
}

export type Resize = 'down' | 'up'

export type Attention = {
  id: string
  norm: Norm
  /** Query, key and value; or one layer for all three. */
  qkv: [Layer, Layer, Layer] | [Layer]
  /** Module path of the two products; null where upstream has no module for them. */
  products: string | null
  out: Layer
  heads: number
  scale: number
}

/** What enters the two products of attention, in order: query, key, softmax weights, value. */
export const operands = ['q', 'k', 'w', 'v'] as const
export type Operand = (typeof operands)[number]

/** A residual block and the attention after it. */
export type Block = {
  res: ResBlock
  attention: Attention | null
  /** Module path of what ends here; null where upstream has no module for it, or it goes on. */
  whole: string | null
}

/** A down- or upsampler: a convolution, a residual block that resizes, or with neither only the mean or the nearest. */
export type Resample = { id: string; conv: Layer | null; block: ResBlock | null; whole: string | null }

export type Level = {
  /** Module path of the whole level; null where upstream has no module for it (ddim, ldm). */
  id: string | null
  blocks: Block[]
  /** Down- or upsampler after the blocks; null at the last level of either way. */
  resample: Resample | null
}

export type Architecture = {
  config: UNetConfig
  /** Module path of the sinusoid (null where upstream has none) and of the time MLP's output. */
  sinusoid: string | null
  timeEmbedding: string
  time: [Layer, Layer]
  convIn: Layer
  /** Module path of what holds only convIn; null where upstream has none. */
  stem: string | null
  /** Highest resolution first. */
  down: Level[]
  mid: { id: string; res1: ResBlock; attention: Attention; res2: ResBlock }
  /** Lowest resolution first, as it runs. */
  up: Level[]
  normOut: Norm
  convOut: Layer
}

/**
 * Lays out the network of a configuration. Sources: ermongroup/ddim models/diffusion.py, diffusers unet_2d.py,
 * latent-diffusion openaimodel.py.
 */
export function architecture(config: UNetConfig): Architecture {
  const names = namesOf(config)
  const levels = config.channels.length
  const timeChannels = config.stemChannels * 4
  const resolution = (level: number) => config.sampleSize >> level

  const unit = (
    id: string,
    place: Place,
    shape: { in: number; out: number; kernel: number; stride?: number; resolution: number },
    kind: Layer['kind'] = 'conv',
  ): Layer => ({
    id,
    kind,
    place,
    inChannels: shape.in,
    outChannels: shape.out,
    kernel: shape.kernel,
    stride: shape.stride ?? 1,
    resolution: shape.resolution,
    macs: shape.resolution ** 2 * shape.kernel ** 2 * shape.in * shape.out,
    parameters: shape.kernel ** 2 * shape.in * shape.out + shape.out,
  })

  const resBlock = (
    id: string,
    place: Omit<Place, 'role'>,
    { in: cin, out: cout, resize = null }: { in: number; out: number; resize?: Resize | null },
  ): ResBlock => {
    const level = place.level ?? 0
    const pixels = resolution(resize === null ? level : resize === 'down' ? level + 1 : level - 1)
    const conv = (name: string, role: string, from: number, kernel: number) =>
      unit(`${id}.${name}`, { ...place, role }, { in: from, out: cout, kernel, resolution: pixels })
    return {
      id,
      norm1: { id: `${id}.${names.norm1}`, channels: cin },
      conv1: conv(names.conv1, 'conv1', cin, 3),
      timeProjection: unit(
        `${id}.${names.timeProjection}`,
        { ...place, role: 'time_proj' },
        { in: timeChannels, out: config.scaleShift ? 2 * cout : cout, kernel: 1, resolution: 1 },
        'linear',
      ),
      norm2: { id: `${id}.${names.norm2}`, channels: cout },
      conv2: conv(names.conv2, 'conv2', cout, 3),
      shortcut: cin === cout ? null : conv(names.shortcut, 'shortcut', cin, 1),
      resize,
      scale: place.part === 'mid' ? config.midScale : 1,
    }
  }

  const attention = (id: string, place: Omit<Place, 'role'>, channels: number): Attention => {
    const project = (name: string, role: string, out = channels): Layer => ({
      ...unit(
        `${id}.${name}`,
        { ...place, role },
        { in: channels, out, kernel: 1, resolution: resolution(place.level ?? 0) },
        config.family === 'diffusers' ? 'linear' : 'conv',
      ),
      ...(config.family === 'ldm' ? { axes: 1 as const } : {}),
    })
    const { projections } = names
    return {
      id,
      norm: { id: `${id}.${names.attentionNorm}`, channels },
      qkv:
        projections.length === 1
          ? [project(projections[0], 'qkv', 3 * channels)]
          : [project(projections[0], 'q'), project(projections[1], 'k'), project(projections[2], 'v')],
      products: names.products === null ? null : `${id}.${names.products}`,
      out: project(names.attentionOut, 'proj_out'),
      heads: config.headChannels === null ? config.heads : channels / config.headChannels,
      scale: place.part === 'mid' ? config.midScale : 1,
    }
  }

  const resample = (
    id: string,
    part: 'down' | 'up',
    level: number,
    whole: string | null,
    convName: string,
  ): Resample => {
    const width = config.channels[level]!
    const place = { part, level, block: null }
    if (config.resampling === 'block')
      return { id, conv: null, block: resBlock(id, place, { in: width, out: width, resize: part }), whole }
    if (config.resampling === 'pool') return { id, conv: null, block: null, whole }
    const [role, stride, to] =
      part === 'down' ? (['downsample', 2, level + 1] as const) : (['upsample', 1, level - 1] as const)
    const shape = { in: width, out: width, kernel: 3, stride, resolution: resolution(to) }
    return { id, conv: unit(`${id}.${convName}`, { ...place, role }, shape), block: null, whole }
  }

  let channels = config.stemChannels
  const skips = [channels]
  const down = config.channels.map((width, level): Level => {
    const blocks = Array.from({ length: config.blocksPerLevel }, (_, block): Block => {
      const place = { part: 'down' as const, level, block }
      const res = resBlock(names.downBlock(level, block), place, { in: channels, out: width })
      channels = width
      skips.push(channels)
      const attends = config.downAttention[level]
      return {
        res,
        attention: attends ? attention(names.downAttention(level, block), place, width) : null,
        whole: names.downModule(level, block),
      }
    })
    const id = names.downLevel(level)
    if (level === levels - 1) return { id, blocks, resample: null }
    skips.push(channels)
    const whole = names.downModule(level, config.blocksPerLevel)
    return {
      id,
      blocks,
      resample: resample(names.downsample(level), 'down', level, whole, names.downsampleConv),
    }
  })

  const deepest = { part: 'mid' as const, level: levels - 1 }
  const same = { in: channels, out: channels }
  const mid = {
    id: names.mid,
    res1: resBlock(names.midBlock(0), { ...deepest, block: 0 }, same),
    attention: attention(names.midAttention, { ...deepest, block: 1 }, channels),
    res2: resBlock(names.midBlock(1), { ...deepest, block: 2 }, same),
  }

  const up = config.channels
    .map((width, level) => ({ width, level }))
    .reverse()
    .map(({ width, level }): Level => {
      const last = config.blocksPerLevel
      const blocks = Array.from({ length: last + 1 }, (_, block): Block => {
        const place = { part: 'up' as const, level, block }
        const skip = skips.pop()!
        const res = resBlock(names.upBlock(level, block), place, { in: channels + skip, out: width })
        channels = width
        const attends = config.upAttention[level]
        return {
          res,
          attention: attends ? attention(names.upAttention(level, block), place, width) : null,
          whole: block === last && level > 0 ? null : names.upModule(level, block),
        }
      })
      const id = names.upLevel(level)
      if (level === 0) return { id, blocks, resample: null }
      return {
        id,
        blocks,
        resample: resample(names.upsample(level), 'up', level, names.upModule(level, last), 'conv'),
      }
    })

  const time = (name: string, role: string, from: number) =>
    unit(
      name,
      { part: 'time', level: null, block: null, role },
      { in: from, out: timeChannels, kernel: 1, resolution: 1 },
      'linear',
    )
  const edge = (id: string, part: 'in' | 'out', from: number, to: number) =>
    unit(
      id,
      { part, level: 0, block: null, role: `conv_${part}` },
      { in: from, out: to, kernel: 3, resolution: config.sampleSize },
    )
  return {
    config,
    sinusoid: names.sinusoid,
    timeEmbedding: names.timeEmbedding,
    time: [time(names.time[0], 'time_1', config.stemChannels), time(names.time[1], 'time_2', timeChannels)],
    convIn: edge(names.convIn, 'in', config.inChannels, config.stemChannels),
    stem: names.stem,
    down,
    mid,
    up,
    normOut: { id: names.normOut, channels },
    convOut: edge(names.convOut, 'out', channels, config.outChannels),
  }
}

/** Every conv and linear layer in the order the forward pass runs them. */
export function layerList(config: UNetConfig): Layer[] {
  return flatten(architecture(config)).layers
}

/** Layers and group norms of a network, in order of the forward pass. */
export function flatten(net: Architecture): { layers: Layer[]; norms: Norm[] } {
  const layers: Layer[] = [...net.time, net.convIn]
  const norms: Norm[] = []
  const res = (b: ResBlock) => {
    layers.push(...layersOf(b))
    norms.push(b.norm1, b.norm2)
  }
  const attend = (a: Attention) => {
    layers.push(...a.qkv, a.out)
    norms.push(a.norm)
  }
  const way = (levels: Level[]) => {
    for (const level of levels) {
      for (const block of level.blocks) {
        res(block.res)
        if (block.attention) attend(block.attention)
      }
      if (level.resample?.conv) layers.push(level.resample.conv)
      if (level.resample?.block) res(level.resample.block)
    }
  }
  way(net.down)
  res(net.mid.res1)
  attend(net.mid.attention)
  res(net.mid.res2)
  way(net.up)
  norms.push(net.normOut)
  layers.push(net.convOut)
  return { layers, norms }
}

/** Layers of a residual block in the order they run. */
export function layersOf({ conv1, timeProjection, conv2, shortcut }: ResBlock): Layer[] {
  return [conv1, timeProjection, conv2, ...(shortcut ? [shortcut] : [])]
}

/** The attention blocks of a network, in order of the forward pass. */
export function attentionsOf(net: Architecture): Attention[] {
  const way = (levels: Level[]) => levels.flatMap(({ blocks }) => blocks.flatMap((b) => b.attention ?? []))
  return [...way(net.down), net.mid.attention, ...way(net.up)]
}

/** Ids by which a quantizer is asked for what enters attention products, e.g. middle_block.1.attention.q. */
export function operandIds(net: Architecture): string[] {
  return attentionsOf(net).flatMap(({ products }) =>
    products === null ? [] : operands.map((operand) => `${products}.${operand}`),
  )
}

/** Every id a tap can see: layers, norms, blocks, samplers, levels, the time embedding. */
export function moduleIds(net: Architecture): Set<string> {
  const { layers, norms } = flatten(net)
  const { mid } = net
  const ids: (string | null)[] = [net.sinusoid, net.timeEmbedding, net.stem]
  for (const { id } of [...layers, ...norms]) ids.push(id)
  for (const { id, products } of attentionsOf(net)) ids.push(id, products)
  for (const { id, blocks, resample } of [...net.down, ...net.up]) {
    for (const { res, whole } of blocks) ids.push(res.id, whole)
    if (resample) ids.push(resample.id, resample.whole)
    ids.push(id)
  }
  ids.push(mid.res1.id, mid.res2.id, mid.id)
  return new Set(ids.filter((id) => id !== null))
}

type Names = {
  sinusoid: string | null
  time: [string, string]
  timeEmbedding: string
  convIn: string
  stem: string | null
  downLevel(level: number): string | null
  /** What holds block `block` of a level and, at the number of blocks, its downsampler. */
  downModule(level: number, block: number): string | null
  downBlock(level: number, block: number): string
  downAttention(level: number, block: number): string
  downsample(level: number): string
  downsampleConv: string
  mid: string
  midBlock(i: 0 | 1): string
  midAttention: string
  upLevel(level: number): string | null
  /** What holds block `block` of a level, the last together with the upsampler. */
  upModule(level: number, block: number): string | null
  upBlock(level: number, block: number): string
  upAttention(level: number, block: number): string
  upsample(level: number): string
  normOut: string
  convOut: string
  norm1: string
  conv1: string
  timeProjection: string
  norm2: string
  conv2: string
  shortcut: string
  attentionNorm: string
  projections: [q: string, k: string, v: string] | [qkv: string]
  products: string | null
  attentionOut: string
}

function namesOf(config: UNetConfig): Names {
  if (config.family === 'ddim') return ddimNames
  return config.family === 'ldm' ? ldmNames(config) : diffusersNames(config)
}

/** What ermongroup/ddim and diffusers spell alike. */
const common = {
  convIn: 'conv_in',
  stem: null,
  downModule: () => null,
  downsampleConv: 'conv',
  upModule: () => null,
  convOut: 'conv_out',
  norm1: 'norm1',
  conv1: 'conv1',
  norm2: 'norm2',
  conv2: 'conv2',
  products: null,
}

const ddimNames: Names = {
  ...common,
  sinusoid: 'timestep_embedding',
  time: ['temb.dense.0', 'temb.dense.1'],
  timeEmbedding: 'temb.dense.1',
  downLevel: () => null,
  downBlock: (l, b) => `down.${l}.block.${b}`,
  downAttention: (l, b) => `down.${l}.attn.${b}`,
  downsample: (l) => `down.${l}.downsample`,
  mid: 'mid',
  midBlock: (i) => `mid.block_${i + 1}`,
  midAttention: 'mid.attn_1',
  upLevel: () => null,
  // up.0 is the highest resolution: upstream builds the list backwards
  upBlock: (l, b) => `up.${l}.block.${b}`,
  upAttention: (l, b) => `up.${l}.attn.${b}`,
  upsample: (l) => `up.${l}.upsample`,
  normOut: 'norm_out',
  timeProjection: 'temb_proj',
  shortcut: 'nin_shortcut',
  attentionNorm: 'norm',
  projections: ['q', 'k', 'v'],
  attentionOut: 'proj_out',
}

function diffusersNames(config: UNetConfig): Names {
  // up_blocks.0 is the lowest resolution
  const up = (level: number) => `up_blocks.${config.channels.length - 1 - level}`
  const old = config.attentionNames === 'query'
  return {
    ...common,
    sinusoid: 'time_proj',
    time: ['time_embedding.linear_1', 'time_embedding.linear_2'],
    timeEmbedding: 'time_embedding',
    downLevel: (l) => `down_blocks.${l}`,
    downBlock: (l, b) => `down_blocks.${l}.resnets.${b}`,
    downAttention: (l, b) => `down_blocks.${l}.attentions.${b}`,
    downsample: (l) => `down_blocks.${l}.downsamplers.0`,
    mid: 'mid_block',
    midBlock: (i) => `mid_block.resnets.${i}`,
    midAttention: 'mid_block.attentions.0',
    upLevel: up,
    upBlock: (l, b) => `${up(l)}.resnets.${b}`,
    upAttention: (l, b) => `${up(l)}.attentions.${b}`,
    upsample: (l) => `${up(l)}.upsamplers.0`,
    normOut: 'conv_norm_out',
    timeProjection: 'time_emb_proj',
    shortcut: 'conv_shortcut',
    attentionNorm: 'group_norm',
    projections: old ? ['query', 'key', 'value'] : ['to_q', 'to_k', 'to_v'],
    attentionOut: old ? 'proj_attn' : 'to_out.0',
  }
}

/** One running number over both ways: stem, then the blocks of each level and its sampler. */
function ldmNames({ channels, blocksPerLevel, upAttention }: UNetConfig): Names {
  const perLevel = blocksPerLevel + 1
  const input = (level: number, block: number) => `input_blocks.${1 + level * perLevel + block}`
  // output_blocks.0 is the lowest resolution
  const output = (level: number, block: number) =>
    `output_blocks.${(channels.length - 1 - level) * perLevel + block}`
  return {
    sinusoid: null,
    time: ['time_embed.0', 'time_embed.2'],
    timeEmbedding: 'time_embed',
    convIn: 'input_blocks.0.0',
    stem: 'input_blocks.0',
    downLevel: () => null,
    downModule: input,
    downBlock: (l, b) => `${input(l, b)}.0`,
    downAttention: (l, b) => `${input(l, b)}.1`,
    downsample: (l) => `${input(l, blocksPerLevel)}.0`,
    downsampleConv: 'op',
    mid: 'middle_block',
    midBlock: (i) => `middle_block.${2 * i}`,
    midAttention: 'middle_block.1',
    upLevel: () => null,
    upModule: output,
    upBlock: (l, b) => `${output(l, b)}.0`,
    upAttention: (l, b) => `${output(l, b)}.1`,
    upsample: (l) => `${output(l, blocksPerLevel)}.${upAttention[l] ? 2 : 1}`,
    normOut: 'out.0',
    convOut: 'out.2',
    norm1: 'in_layers.0',
    conv1: 'in_layers.2',
    timeProjection: 'emb_layers.1',
    norm2: 'out_layers.0',
    conv2: 'out_layers.3',
    shortcut: 'skip_connection',
    attentionNorm: 'norm',
    projections: ['qkv'],
    products: 'attention',
    attentionOut: 'proj_out',
  }
}

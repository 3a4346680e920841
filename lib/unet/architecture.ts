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
  /** Linear layer on SiLU(time embedding), added to every pixel after conv1. */
  timeProjection: Layer
  norm2: Norm
  conv2: Layer
  /** 1x1 convolution on the residual when the channel count changes. */
  shortcut: Layer | null
  /** Divides the residual sum. */
  scale: number
}

export type Attention = {
  id: string
  norm: Norm
  q: Layer
  k: Layer
  v: Layer
  out: Layer
  heads: number
  scale: number
}

export type Resample = { id: string; conv: Layer }

export type Level = {
  /** Module path of the whole level; null where upstream has no module for it (ddim). */
  id: string | null
  blocks: { res: ResBlock; attention: Attention | null }[]
  /** Down- or upsampler after the blocks; null at the last level of either way. */
  resample: Resample | null
}

export type Architecture = {
  config: UNetConfig
  /** Module path of the sinusoid and of the time MLP's output. */
  sinusoid: string
  timeEmbedding: string
  time: [Layer, Layer]
  convIn: Layer
  /** Highest resolution first. */
  down: Level[]
  mid: { id: string; res1: ResBlock; attention: Attention; res2: ResBlock }
  /** Lowest resolution first, as it runs. */
  up: Level[]
  normOut: Norm
  convOut: Layer
}

/** Lays out the network of a configuration. Sources: ermongroup/ddim models/diffusion.py, diffusers unet_2d.py. */
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

  const resBlock = (id: string, place: Omit<Place, 'role'>, cin: number, cout: number): ResBlock => {
    const pixels = resolution(place.level ?? 0)
    const conv = (name: string, role: string, from: number, kernel: number) =>
      unit(`${id}.${name}`, { ...place, role }, { in: from, out: cout, kernel, resolution: pixels })
    return {
      id,
      norm1: { id: `${id}.norm1`, channels: cin },
      conv1: conv('conv1', 'conv1', cin, 3),
      timeProjection: unit(
        `${id}.${names.timeProjection}`,
        { ...place, role: 'time_proj' },
        { in: timeChannels, out: cout, kernel: 1, resolution: 1 },
        'linear',
      ),
      norm2: { id: `${id}.norm2`, channels: cout },
      conv2: conv('conv2', 'conv2', cout, 3),
      shortcut: cin === cout ? null : conv(names.shortcut, 'shortcut', cin, 1),
      scale: place.part === 'mid' ? config.midScale : 1,
    }
  }

  const attention = (id: string, place: Omit<Place, 'role'>, channels: number): Attention => {
    const project = (name: string, role: string) =>
      unit(
        `${id}.${name}`,
        { ...place, role },
        { in: channels, out: channels, kernel: 1, resolution: resolution(place.level ?? 0) },
        config.family === 'ddim' ? 'conv' : 'linear',
      )
    const [q, k, v, out] = names.projections
    return {
      id,
      norm: { id: `${id}.${names.attentionNorm}`, channels },
      q: project(q, 'q'),
      k: project(k, 'k'),
      v: project(v, 'v'),
      out: project(out, 'proj_out'),
      heads: config.headChannels === null ? 1 : channels / config.headChannels,
      scale: place.part === 'mid' ? config.midScale : 1,
    }
  }

  let channels = config.stemChannels
  const skips = [channels]
  const down = config.channels.map((width, level): Level => {
    const blocks = Array.from({ length: config.blocksPerLevel }, (_, block) => {
      const place = { part: 'down' as const, level, block }
      const res = resBlock(names.downBlock(level, block), place, channels, width)
      channels = width
      skips.push(channels)
      const attends = config.downAttention[level]
      return { res, attention: attends ? attention(names.downAttention(level, block), place, width) : null }
    })
    const whole = names.downLevel(level)
    if (level === levels - 1) return { id: whole, blocks, resample: null }
    skips.push(channels)
    const id = names.downsample(level)
    const shape = { in: width, out: width, kernel: 3, stride: 2, resolution: resolution(level + 1) }
    const place = { part: 'down' as const, level, block: null, role: 'downsample' }
    return { id: whole, blocks, resample: { id, conv: unit(`${id}.conv`, place, shape) } }
  })

  const deepest = { part: 'mid' as const, level: levels - 1 }
  const mid = {
    id: names.mid,
    res1: resBlock(names.midBlock(0), { ...deepest, block: 0 }, channels, channels),
    attention: attention(names.midAttention, { ...deepest, block: 1 }, channels),
    res2: resBlock(names.midBlock(1), { ...deepest, block: 2 }, channels, channels),
  }

  const up = config.channels
    .map((width, level) => ({ width, level }))
    .reverse()
    .map(({ width, level }): Level => {
      const blocks = Array.from({ length: config.blocksPerLevel + 1 }, (_, block) => {
        const place = { part: 'up' as const, level, block }
        const skip = skips.pop()!
        const res = resBlock(names.upBlock(level, block), place, channels + skip, width)
        channels = width
        const attends = config.upAttention[level]
        return { res, attention: attends ? attention(names.upAttention(level, block), place, width) : null }
      })
      const whole = names.upLevel(level)
      if (level === 0) return { id: whole, blocks, resample: null }
      const id = names.upsample(level)
      const shape = { in: width, out: width, kernel: 3, resolution: resolution(level - 1) }
      const place = { part: 'up' as const, level, block: null, role: 'upsample' }
      return { id: whole, blocks, resample: { id, conv: unit(`${id}.conv`, place, shape) } }
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
      { part, level: 0, block: null, role: id },
      { in: from, out: to, kernel: 3, resolution: config.sampleSize },
    )
  return {
    config,
    sinusoid: names.sinusoid,
    timeEmbedding: names.timeEmbedding,
    time: [time(names.time[0], 'time_1', config.stemChannels), time(names.time[1], 'time_2', timeChannels)],
    convIn: edge('conv_in', 'in', config.inChannels, config.stemChannels),
    down,
    mid,
    up,
    normOut: { id: names.normOut, channels },
    convOut: edge('conv_out', 'out', channels, config.outChannels),
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
    layers.push(b.conv1, b.timeProjection, b.conv2)
    if (b.shortcut) layers.push(b.shortcut)
    norms.push(b.norm1, b.norm2)
  }
  const attend = (a: Attention) => {
    layers.push(a.q, a.k, a.v, a.out)
    norms.push(a.norm)
  }
  const way = (levels: Level[]) => {
    for (const level of levels) {
      for (const block of level.blocks) {
        res(block.res)
        if (block.attention) attend(block.attention)
      }
      if (level.resample) layers.push(level.resample.conv)
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

/** Every id a tap can see: layers, norms, blocks, samplers, levels, the time embedding. */
export function moduleIds(net: Architecture): Set<string> {
  const { layers, norms } = flatten(net)
  const ids = new Set([net.sinusoid, net.timeEmbedding, ...[...layers, ...norms].map(({ id }) => id)])
  for (const { id, blocks, resample } of [...net.down, ...net.up]) {
    for (const { res, attention } of blocks)
      for (const block of [res, attention]) if (block) ids.add(block.id)
    if (resample) ids.add(resample.id)
    if (id !== null) ids.add(id)
  }
  const { mid } = net
  return new Set([...ids, mid.res1.id, mid.attention.id, mid.res2.id, mid.id])
}

type Names = {
  sinusoid: string
  time: [string, string]
  timeEmbedding: string
  downLevel(level: number): string | null
  downBlock(level: number, block: number): string
  downAttention(level: number, block: number): string
  downsample(level: number): string
  mid: string
  midBlock(i: 0 | 1): string
  midAttention: string
  upLevel(level: number): string | null
  upBlock(level: number, block: number): string
  upAttention(level: number, block: number): string
  upsample(level: number): string
  normOut: string
  timeProjection: string
  shortcut: string
  attentionNorm: string
  projections: [q: string, k: string, v: string, out: string]
}

/** Module paths of each family (FORMATS: "Names and forward-pass traps per family"). */
function namesOf(config: UNetConfig): Names {
  if (config.family === 'ddim') {
    return {
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
      projections: ['q', 'k', 'v', 'proj_out'],
    }
  }
  // up_blocks.0 is the lowest resolution
  const up = (level: number) => `up_blocks.${config.channels.length - 1 - level}`
  return {
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
    projections:
      config.attentionNames === 'query'
        ? ['query', 'key', 'value', 'proj_attn']
        : ['to_q', 'to_k', 'to_v', 'to_out.0'],
  }
}

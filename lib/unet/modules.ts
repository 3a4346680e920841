/**
 * The units between which a U-Net hands on its features: stem, every residual block with its attention, every
 * downsampler, the whole middle; an upsampler belongs to the block before it. With LDM's layout these are its
 * `TimestepEmbedSequential` modules, the groups of progressive initialisation and of LRM (12 in, 1 middle, 12 out on LDM-4).
 */
import type { Layer } from '../record/run'
import type { Architecture, Attention, Level, ResBlock } from './architecture'

export type Module = {
  /** Path of its last unit, whose tap is the module's output. */
  id: string
  /** Ids of its conv and linear layers. */
  layers: string[]
}

/** Modules in order of the forward pass. The time MLP and the last convolution belong to none. */
export function modulesOf(net: Architecture): Module[] {
  const idOf = ({ id }: Layer) => id
  const res = (block: ResBlock) =>
    [block.conv1, block.timeProjection, block.conv2, block.shortcut].filter((l) => l !== null).map(idOf)
  const attention = ({ q, k, v, out }: Attention) => [q, k, v, out].map(idOf)
  const blocks = (level: Level): Module[] =>
    level.blocks.map((block) => ({
      id: (block.attention ?? block.res).id,
      layers: [...res(block.res), ...(block.attention ? attention(block.attention) : [])],
    }))
  const down = net.down.flatMap((level) => [
    ...blocks(level),
    ...(level.resample ? [{ id: level.resample.id, layers: [level.resample.conv.id] }] : []),
  ])
  const up = net.up.flatMap((level) => {
    const units = blocks(level)
    const last = units.pop()!
    if (!level.resample) return [...units, last]
    return [...units, { id: level.resample.id, layers: [...last.layers, level.resample.conv.id] }]
  })
  const { mid } = net
  return [
    { id: net.convIn.id, layers: [net.convIn.id] },
    ...down,
    { id: mid.id, layers: [...res(mid.res1), ...attention(mid.attention), ...res(mid.res2)] },
    ...up,
  ]
}

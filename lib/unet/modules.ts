/**
 * The units between which a U-Net hands on its features: stem, every residual block with its attention, every
 * downsampler, the whole middle; an upsampler belongs to the block before it. With LDM's layout these are its
 * `TimestepEmbedSequential` modules, the groups of progressive initialisation and of LRM (12 in, 1 middle, 12 out on LDM-4).
 */
import { type Architecture, type Block, type Level, layersOf } from './architecture'

export type Module = {
  /** Path of its last unit, or of the whole where upstream has a module for it; its tap is the module's output. */
  id: string
  /** Ids of its conv and linear layers. */
  layers: string[]
}

/** Modules in order of the forward pass. The time MLP and the last convolution belong to none. */
export function modulesOf(net: Architecture): Module[] {
  const blocks = ({ blocks }: Level): Module[] =>
    blocks.map((block) => ({
      id: block.whole ?? (block.attention ?? block.res).id,
      layers: blockLayers(block),
    }))
  const sampler = ({ resample }: Level): Module | null =>
    resample && {
      id: resample.whole ?? resample.id,
      layers: [
        ...(resample.conv ? [resample.conv.id] : []),
        ...(resample.block ? layersOf(resample.block).map(({ id }) => id) : []),
      ],
    }
  const down = net.down.flatMap((level) => [...blocks(level), sampler(level) ?? []].flat())
  const up = net.up.flatMap((level) => {
    const units = blocks(level)
    const end = sampler(level)
    const last = end && units.pop()
    return last ? [...units, { id: end.id, layers: [...last.layers, ...end.layers] }] : units
  })
  const { mid } = net
  return [
    { id: net.stem ?? net.convIn.id, layers: [net.convIn.id] },
    ...down,
    {
      id: mid.id,
      layers: [
        ...blockLayers({ res: mid.res1, attention: mid.attention }),
        ...layersOf(mid.res2).map(({ id }) => id),
      ],
    },
    ...up,
  ]
}

function blockLayers({ res, attention }: Pick<Block, 'res' | 'attention'>): string[] {
  return [...layersOf(res), ...(attention ? [...attention.qkv, attention.out] : [])].map(({ id }) => id)
}

/** What is switched at a time: a layer, or a block with all its layers. */
import { type Architecture, flatten } from '../../unet/architecture'
import { modulesOf } from '../../unet/modules'

export const partKinds = ['layer', 'block'] as const
export type PartKind = (typeof partKinds)[number]

export type Part = {
  /** Of the layer, or of the module its block is. */
  id: string
  /** Places in the layer list, ascending. */
  layers: number[]
}

/** The conv and linear layers one by one, or by modules in order of the forward pass; the time MLP is a block of its own. */
export function partsOf(net: Architecture, by: PartKind): Part[] {
  const ids = flatten(net).layers.map(({ id }) => id)
  if (by === 'layer') return ids.map((id, index) => ({ id, layers: [index] }))
  const blocks = [
    { id: net.timeEmbedding, layers: net.time.map(({ id }) => id) },
    ...modulesOf(net),
    { id: net.convOut.id, layers: [net.convOut.id] },
  ]
  const places = new Map(ids.map((id, index) => [id, index]))
  return blocks
    .filter(({ layers }) => layers.length > 0)
    .map(({ id, layers }) => ({
      id,
      layers: layers.map((layer) => places.get(layer)!).sort((a, b) => a - b),
    }))
}

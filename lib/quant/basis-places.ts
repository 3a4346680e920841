/** Where a network has its second bases, under the names the versions of BinaryDM give rise to. */
import type { Layer } from '../record/run'

/**
 * 'all': every binarized layer. 'v1': the head and tail of the U-Net, where the feature scale is at least half the input's
 * (BinaryDM section 3.2). 'released-code': input blocks 0-5 and output blocks 6-11 by number, as the released code has it:
 * the same layers as 'v1' on LDM-4, others on a network of another depth. 'first-6-last-5': the first six blocks after the
 * first convolution and the last five, which give the size v1 prints for LDM-4.
 */
export const basisPlaces = ['all', 'v1', 'released-code', 'first-6-last-5'] as const
export type BasisPlaces = (typeof basisPlaces)[number]

/** Ids of the layers that `where` gives two bases, the kept ones aside; `layers` in the order of the forward pass. */
export function layersWithTwoBases(layers: readonly Layer[], where: BasisPlaces): Set<string> {
  const numbers = blockNumbers(layers)
  const last = Math.max(...[...numbers.values()].map(({ up }) => up ?? -1))
  const chosen = ({ place, id }: Layer) => {
    const { down, up } = numbers.get(id) ?? {}
    if (where === 'all') return place.part === 'down' || place.part === 'mid' || place.part === 'up'
    if (where === 'v1') return inHeadOrTail(place)
    if (where === 'released-code') return inRange(down, 0, 5) || inRange(up, 6, 11)
    return inRange(down, 1, 6) || inRange(up, last - 4, last)
  }
  return new Set(layers.filter(chosen).map(({ id }) => id))
}

function inRange(i: number | undefined, from: number, to: number): boolean {
  return i !== undefined && i >= from && i <= to
}

/**
 * The two highest resolutions on the way down and up, without the downsampler that leaves the second (its output has a
 * quarter of the input's size). On LDM-4 these are input_blocks 0-5 and output_blocks 6-11.
 */
function inHeadOrTail({ part, level, block }: Layer['place']): boolean {
  if (part !== 'down' && part !== 'up') return false
  if (level === null || level > 1) return false
  return !(level === 1 && part === 'down' && block === null)
}

/**
 * Numbers of the blocks as latent diffusion counts them. Down: the first convolution is block 0, each residual block with
 * its attention one, each downsampler one. Up: a residual block with its attention and the upsampler after it. Layers
 * elsewhere are absent.
 */
function blockNumbers(layers: readonly Layer[]): Map<string, { down?: number; up?: number }> {
  const numbers = new Map<string, { down?: number; up?: number }>()
  let [down, up, before] = [0, -1, '']
  for (const { id, place } of layers) {
    if (place.part !== 'down' && place.part !== 'up') continue
    const now = `${place.part} ${place.level} ${place.block}`
    if (now !== before && place.part === 'down') down++
    if (now !== before && place.part === 'up' && place.block !== null) up++
    before = now
    numbers.set(id, place.part === 'down' ? { down } : { up })
  }
  return numbers
}

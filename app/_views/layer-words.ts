/** What a layer is, in words. */
import type { LayerPrecision } from '../../lib/record/precision'
import type { Layer } from '../../lib/record/run'

/** How a layer that is not binarized is kept. */
export const keptWords = (precision: LayerPrecision): string =>
  precision.method === 'lsq' ? '8-bit weights' : 'full precision'

export const weightCount = ({ shape, kernel, inChannels, outChannels }: Layer): number =>
  shape ? shape.reduce((product, size) => product * size, 1) : kernel ** 2 * inChannels * outChannels

/** "3×3", "1" for a convolution along one axis. */
export const kernelOf = ({ shape, kernel }: Layer): string =>
  shape?.slice(2).join('×') ?? `${kernel}×${kernel}`

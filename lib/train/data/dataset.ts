/** Images as a network trains on them. */
import { pixelUnshuffle } from '../../diffusion/pixels'
import { type ImageSource, loadImages } from './images'
import type { Images } from './pictures'

/** Images as the network sees them, NCHW after the pixel unshuffle, values in [-1, 1]. */
export type Dataset = { count: number; shape: readonly [c: number, h: number, w: number]; data: Float32Array }

/** The training images of a source; `folder` holds the installed data sets. */
export async function loadDataset(
  source: ImageSource & { pixelUnshuffle: number },
  folder: string,
): Promise<Dataset> {
  return asDataset(await loadImages(source, 'train', folder), source.pixelUnshuffle)
}

/** Bytes 0..255 -> [-1, 1], blocks of r x r pixels moved into channels. */
export function asDataset({ count, shape: [c, h, w], pixels }: Images, r: number): Dataset {
  const scaled = new Float32Array(pixels.length)
  for (let i = 0; i < scaled.length; i++) scaled[i] = pixels[i]! / 127.5 - 1
  return { count, shape: [c * r * r, h / r, w / r], data: pixelUnshuffle(scaled, [count, c, h, w], r) }
}

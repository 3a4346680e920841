import { encode } from 'fast-png'
import type { SampleSet } from '../record/run'

const gap = 2

/** Pictures (bytes, HWC, one after another) as one PNG, as square as can be, row by row. */
export function pictureGrid({
  images,
  width,
  height,
  channels,
  pixels,
}: Pick<SampleSet, 'images' | 'width' | 'height' | 'channels'> & { pixels: Uint8Array }): Uint8Array {
  const columns = Math.ceil(Math.sqrt(images))
  const rows = Math.ceil(images / columns)
  const [fullWidth, fullHeight] = [columns * (width + gap) - gap, rows * (height + gap) - gap]
  const picture = new Uint8Array(fullWidth * fullHeight * channels)
  const line = width * channels
  for (let image = 0; image < images; image++) {
    const left = (image % columns) * (width + gap)
    const top = Math.floor(image / columns) * (height + gap)
    for (let y = 0; y < height; y++) {
      const from = (image * height + y) * line
      picture.set(pixels.subarray(from, from + line), ((top + y) * fullWidth + left) * channels)
    }
  }
  return encode({ width: fullWidth, height: fullHeight, data: picture, channels, depth: 8 })
}

/** A few pixels of a picture around one of them, so that they can be drawn large. */

import type { Pixel } from '../../lib/record/view'

export type PixelSize = { width: number; height: number }

/** Pixels shown to each side of the one looked at. */
export const windowRadius = 3

/** Corner and sides of the window around a pixel: shifted where the picture ends, never larger than it. */
export function pixelWindow(
  { width, height }: PixelSize,
  [x, y]: Pixel,
): PixelSize & { left: number; top: number } {
  const side = 2 * windowRadius + 1
  const along = (at: number, all: number) => {
    const size = Math.min(side, all)
    return { from: Math.min(all - size, Math.max(0, at - windowRadius)), size }
  }
  const [h, v] = [along(x, width), along(y, height)]
  return { left: h.from, top: v.from, width: h.size, height: v.size }
}

/** The bytes of a window, HWC, out of those of the picture. */
export function windowPixels(
  bytes: Uint8Array,
  picture: PixelSize,
  channels: number,
  { left, top, width, height }: ReturnType<typeof pixelWindow>,
): Uint8Array {
  const rows = Array.from({ length: height }, (_, row) => {
    const start = ((top + row) * picture.width + left) * channels
    return bytes.subarray(start, start + width * channels)
  })
  const out = new Uint8Array(width * height * channels)
  for (const [i, row] of rows.entries()) out.set(row, i * width * channels)
  return out
}

/** The values of a pixel as the networks see them, −1 to 1, one per channel. */
export function pixelValues(
  bytes: Uint8Array,
  { width }: PixelSize,
  channels: number,
  [x, y]: Pixel,
): number[] {
  const start = (y * width + x) * channels
  return [...bytes.subarray(start, start + channels)].map((byte) => byte / 127.5 - 1)
}

/** The pixel an arrow key leads to; null for other keys. */
export function pixelAfterKey({ width, height }: PixelSize, [x, y]: Pixel, key: string): Pixel | null {
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key]
  if (!by) return null
  return [Math.min(width - 1, Math.max(0, x + by[0]!)), Math.min(height - 1, Math.max(0, y + by[1]!))]
}

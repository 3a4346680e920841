/**
 * Between images and what a network sees. Values are in [-1, 1]; a pixel unshuffle by r turns r x r pixels into
 * channels, so that a small network can work at 1/r of the resolution (same order as torch.nn.PixelUnshuffle).
 */
import { cosine } from '../math/agreement'

/** NCHW (B,C,H,W) -> (B,C*r*r,H/r,W/r). */
export function pixelUnshuffle(x: Float32Array, shape: readonly number[], r: number): Float32Array {
  return rearrange(x, shape, r, true)
}

/** NCHW (B,C*r*r,H/r,W/r) -> (B,C,H,W); `shape` is that of the images. */
export function pixelShuffle(x: Float32Array, shape: readonly number[], r: number): Float32Array {
  return rearrange(x, shape, r, false)
}

function rearrange(x: Float32Array, shape: readonly number[], r: number, unshuffle: boolean): Float32Array {
  if (r === 1) return x
  const [b, c, h, w] = shape as [number, number, number, number]
  const out = new Float32Array(x.length)
  const [h2, w2] = [h / r, w / r]
  for (let n = 0; n < b * c; n++) {
    for (let i = 0; i < h; i++) {
      for (let j = 0; j < w; j++) {
        const pixel = (n * h + i) * w + j
        const cell = ((n * r + (i % r)) * r + (j % r)) * h2 * w2 + Math.floor(i / r) * w2 + Math.floor(j / r)
        if (unshuffle) out[cell] = x[pixel]!
        else out[pixel] = x[cell]!
      }
    }
  }
  return out
}

/** [-1, 1] -> 0..255, clamped and rounded. */
export function toByte(v: number): number {
  return Math.max(0, Math.min(255, Math.round((v + 1) * 127.5)))
}

/**
 * A batch of samples (B,C,S,S) NCHW as pictures: 0..255, HWC per image, image after image.
 * `channels` of the pictures is C/r^2.
 */
export function toPictures(
  x: Float32Array,
  [b, c, h, w]: readonly [number, number, number, number],
  r: number,
): { width: number; height: number; channels: number; pixels: Uint8Array } {
  const [height, width, channels] = [h * r, w * r, c / (r * r)]
  const images = pixelShuffle(x, [b, channels, height, width], r)
  const pixels = new Uint8Array(images.length)
  const plane = height * width
  for (let n = 0; n < b; n++) {
    for (let i = 0; i < channels; i++) {
      for (let p = 0; p < plane; p++) {
        pixels[(n * plane + p) * channels + i] = toByte(images[(n * channels + i) * plane + p]!)
      }
    }
  }
  return { width, height, channels, pixels }
}

/**
 * Mean over images of the cosine of two batches, as many images in each, with values clamped to [-1, 1] as pictures
 * show them. null if an image has no cosine.
 */
export function pictureCosine(a: Float32Array, b: Float32Array, images: number): number | null {
  const size = a.length / images
  const shown = (values: Float32Array, i: number) =>
    values.subarray(i * size, (i + 1) * size).map((v) => Math.max(-1, Math.min(1, v)))
  let sum = 0
  for (let i = 0; i < images; i++) {
    const value = cosine(shown(a, i), shown(b, i))
    if (value === null) return null
    sum += value
  }
  return sum / images
}

/** Pictures as bytes, with the class of each. */

/** Training images, or the held-out ones that no training sees. */
export type Split = 'train' | 'test'

/** Unsigned bytes, NCHW. */
export type Pictures = {
  count: number
  shape: readonly [c: number, h: number, w: number]
  pixels: Uint8Array
}

/** `labels`: one class per image. */
export type Images = Pictures & { labels: Uint8Array }

/** The images of some indices. */
export function pick({ shape, pixels, labels }: Images, indices: ArrayLike<number>): Images {
  const size = shape[0] * shape[1] * shape[2]
  const chosen = new Uint8Array(indices.length * size)
  for (let i = 0; i < indices.length; i++)
    chosen.set(pixels.subarray(indices[i]! * size, (indices[i]! + 1) * size), i * size)
  return {
    count: indices.length,
    shape,
    pixels: chosen,
    labels: Uint8Array.from(indices, (index) => labels[index]!),
  }
}

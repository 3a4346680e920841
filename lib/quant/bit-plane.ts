/**
 * One bit per weight: a plane of signs as bytes [O, ceil(n/8)], for weights OIHW or [out, in] with n weights per output
 * channel. Row o holds the signs of channel o in the order kernel row, kernel column, input channel, so that the input
 * channels of one tap, which a kernel looks up together, lie side by side. Bit i of byte j, i = 0 the least
 * significant, is sign 8j + i of its row: 1 for +1, 0 for -1. Bits behind the last sign of a row are 0, so that a
 * plane has one spelling. In NumPy:
 *   numpy.unpackbits(plane, axis=1, bitorder='little')[:, :n].reshape(O, H, W, I)
 */

/** The same order in words, for the metadata of a file. */
export const planeOrder =
  'U8 [O, ceil(n/8)], n weights per output channel in the order kernel row, kernel column, input channel; ' +
  'bit i of byte j (i = 0 least significant) is weight 8j+i of the row, 1 for +1 and 0 for -1; unused bits are 0'

/** Shape of the plane of weights of `shape` (OIHW or [out, in]). */
export function planeShape(shape: readonly number[]): [O: number, bytes: number] {
  const { O, I, taps } = sizes(shape)
  return [O, Math.ceil((I * taps) / 8)]
}

/** Signs (+1, -1) of weights of `shape`, in their order, to a plane. */
export function packPlane(signs: Int8Array, shape: readonly number[]): Uint8Array {
  const { O, I, taps } = sizes(shape)
  const [, rowBytes] = planeShape(shape)
  const plane = new Uint8Array(O * rowBytes)
  let at = 0
  for (let o = 0; o < O; o++) {
    for (let i = 0; i < I; i++) {
      for (let tap = 0; tap < taps; tap++) {
        const bit = tap * I + i
        if (signs[at++]! > 0) plane[o * rowBytes + (bit >> 3)]! |= 1 << (bit & 7)
      }
    }
  }
  return plane
}

/** The way back. Throws a RangeError for a plane of another length and for bits set behind the last sign of a row. */
export function unpackPlane(plane: ArrayLike<number>, shape: readonly number[]): Int8Array {
  const { O, I, taps } = sizes(shape)
  const [, rowBytes] = planeShape(shape)
  if (plane.length !== O * rowBytes)
    throw new RangeError(`${plane.length} bytes for [${shape}], which takes ${O * rowBytes}`)
  const last = I * taps - 8 * (rowBytes - 1)
  const signs = new Int8Array(O * I * taps)
  let at = 0
  for (let o = 0; o < O; o++) {
    if (plane[(o + 1) * rowBytes - 1]! >> last !== 0)
      throw new RangeError(`row ${o} has bits set behind its last weight`)
    for (let i = 0; i < I; i++) {
      for (let tap = 0; tap < taps; tap++) {
        const bit = tap * I + i
        signs[at++] = (plane[o * rowBytes + (bit >> 3)]! >> (bit & 7)) & 1 ? 1 : -1
      }
    }
  }
  return signs
}

/** Output channels, input channels, kernel positions. */
function sizes(shape: readonly number[]): { O: number; I: number; taps: number } {
  const [O = 1, I = 1, ...kernel] = shape
  return { O, I, taps: kernel.reduce((n, d) => n * d, 1) }
}

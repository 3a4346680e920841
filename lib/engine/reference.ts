/**
 * The plain reference of a binarized layer: what the kernels must give, integer for integer, written to be read. Slow.
 */
import { codeRange, lsq } from '../quant/lsq'
import { type Geometry, outputSize } from './convolution'

type Size = { height: number; width: number }

/** The codes of x at 4 bits, round(clamp(x / alpha)), -8 to 7. */
export function referenceCodes(x: Float32Array, alpha: number): Int8Array {
  const { Qn, Qp } = codeRange(4)
  const step = Math.fround(alpha)
  // lsq gives code times step; dividing again is exact to far less than half a code
  return Int8Array.from(lsq(x, alpha, 4), (v) => Math.max(Qn, Math.min(Qp, Math.round(v / step))))
}

/** Sums of weight times code, (H', W', O), for codes (H, W, C) and the signs (+1, -1) of one basis. Outside of the image codes are 0. */
export function referenceSums(
  codes: Int8Array,
  { height, width }: Size,
  { shape, stride, padding }: Geometry,
  signs: Int8Array,
): Int32Array {
  const [outputs = 1, channels = 1, kernel = 1] = shape
  const rows = outputSize(height, kernel, stride, padding)
  const columns = outputSize(width, kernel, stride, padding)
  const sums = new Int32Array(rows * columns * outputs)
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      for (let i = 0; i < kernel; i++)
        for (let j = 0; j < kernel; j++) {
          const [row, column] = [y * stride + i - padding, x * stride + j - padding]
          if (row < 0 || row >= height || column < 0 || column >= width) continue
          const from = (row * width + column) * channels
          for (let o = 0; o < outputs; o++) {
            let sum = 0
            for (let c = 0; c < channels; c++)
              sum += signs[((o * channels + c) * kernel + i) * kernel + j]! * codes[from + c]!
            sums[(y * columns + x) * outputs + o]! += sum
          }
        }
  return sums
}

/**
 * Products of floats: the layers that are kept in full precision and the two products of attention. The right side is packed
 * as [block of 8 columns][k][8], so that a tile of 6 rows by 8 columns reads it in order.
 */
import { multiplyAdd } from './lanes'
import { floatRow, Source } from './rows'

@unmanaged
export class FloatConvolution {
  source: Source
  /** 1 or 3. */
  kernel: i32
  step: i32
  /** Rows and columns of the output. */
  height: i32
  width: i32
  outputs: i32
  /** [block of 8 outputs][kernel row][kernel column][channel][8], zeros behind the last output. */
  weights: usize
  /** One float per output, zeros up to a multiple of 8; already times `factor`. */
  bias: usize
  y: usize
  /** Floats from pixel to pixel of y. */
  yStride: i32
  /** Added before the sum is multiplied by `factor`, (H, W, outputs); 0 for none. May be y itself. */
  residual: usize
  residualStride: i32
  factor: f32
}

/** Rows [first, last) of the output. `ring` is this thread's own: rows of floats, four floats behind each. */
export function convolveFloat(layer: FloatConvolution, ring: usize, first: i32, last: i32): void {
  const source = layer.source
  const kernel = layer.kernel
  const columns = (layer.width - 1) * layer.step + kernel
  const pixelBytes = <usize>source.channels << 2
  const rowBytes = <usize>columns * pixelBytes + 16
  const run = kernel * source.channels
  const step = pixelBytes * layer.step
  let made = first * layer.step - source.padding
  for (let y = first; y < last; y++) {
    const top = y * layer.step - source.padding
    if (made < top) made = top
    for (; made < top + kernel; made++)
      floatRow(source, made, columns, ring + <usize>((made + 16) % kernel) * rowBytes)
    const row0 = ring + <usize>((top + 16) % kernel) * rowBytes
    const row1 = ring + <usize>((top + 17) % kernel) * rowBytes
    const row2 = ring + <usize>((top + 18) % kernel) * rowBytes
    const yRow = layer.y + (<usize>(y * layer.width * layer.yStride) << 2)
    const residualRow = layer.residual + (<usize>(y * layer.width * layer.residualStride) << 2)
    for (let o = 0; o < layer.outputs; o += 8) {
      const weights = layer.weights + (<usize>(o * kernel * run) << 2)
      for (let x = 0; x < layer.width; x += 6) {
        const at = <usize>x * step
        tile6x8(
          row0 + at,
          row1 + at,
          row2 + at,
          step,
          kernel,
          run,
          weights,
          min(layer.width - x, 6),
          min(layer.outputs - o, 8),
          layer.bias + (<usize>o << 2),
          layer.residual ? residualRow + (<usize>(x * layer.residualStride + o) << 2) : 0,
          <usize>layer.residualStride << 2,
          layer.factor,
          yRow + (<usize>(x * layer.yStride + o) << 2),
          <usize>layer.yStride << 2,
        )
      }
    }
  }
}

/**
 * Rows [first, last) of factor * a b: a (rows, k) with `aStride` floats from row to row, b packed, y (rows, n) with `yStride`.
 */
export function multiply(
  a: usize,
  aStride: i32,
  k: i32,
  b: usize,
  n: i32,
  factor: f32,
  y: usize,
  yStride: i32,
  first: i32,
  last: i32,
): void {
  const aBytes = <usize>aStride << 2
  const yBytes = <usize>yStride << 2
  for (let row = first; row < last; row += 6) {
    const from = a + <usize>row * aBytes
    for (let column = 0; column < n; column += 8)
      tile6x8(
        from,
        0,
        0,
        aBytes,
        1,
        k,
        b + (<usize>(column * k) << 2),
        min(last - row, 6),
        min(n - column, 8),
        0,
        0,
        0,
        factor,
        y + <usize>row * yBytes + (<usize>column << 2),
        yBytes,
      )
  }
}

/** b (k, n) with `stride` floats from row to row, packed. */
export function packRows(b: usize, stride: i32, k: i32, n: i32, to: usize): void {
  for (let column = 0; column < n; column += 8) {
    const count = min(n - column, 8)
    for (let row = 0; row < k; row++) {
      const from = b + (<usize>(row * stride + column) << 2)
      for (let i = 0; i < 8; i++) store<f32>(to + (<usize>i << 2), i < count ? load<f32>(from + (<usize>i << 2)) : 0)
      to += 32
    }
  }
}

/** The transpose of b (n, k), packed. */
export function packColumns(b: usize, stride: i32, k: i32, n: i32, to: usize): void {
  for (let column = 0; column < n; column += 8) {
    const count = min(n - column, 8)
    for (let row = 0; row < k; row++) {
      const from = b + (<usize>(column * stride + row) << 2)
      for (let i = 0; i < 8; i++)
        store<f32>(to + (<usize>i << 2), i < count ? load<f32>(from + (<usize>(i * stride) << 2)) : 0)
      to += 32
    }
  }
}

/**
 * A tile of `pixels` (up to 6) by `outputs` (up to 8): the sum over `rows` runs of `run` values from row0, row1 and row2, `step` bytes
 * from pixel to pixel, times the packed weights. y = factor * (sum + residual) + bias.
 */
function tile6x8(
  row0: usize,
  row1: usize,
  row2: usize,
  step: usize,
  rows: i32,
  run: i32,
  weights: usize,
  pixels: i32,
  outputs: i32,
  bias: usize,
  residual: usize,
  residualStep: usize,
  factor: f32,
  y: usize,
  yStep: usize,
): void {
  let s00 = f32x4.splat(0)
  let s01 = f32x4.splat(0)
  let s10 = f32x4.splat(0)
  let s11 = f32x4.splat(0)
  let s20 = f32x4.splat(0)
  let s21 = f32x4.splat(0)
  let s30 = f32x4.splat(0)
  let s31 = f32x4.splat(0)
  let s40 = f32x4.splat(0)
  let s41 = f32x4.splat(0)
  let s50 = f32x4.splat(0)
  let s51 = f32x4.splat(0)
  // pixels that are not there repeat the first
  const step1: usize = pixels > 1 ? step : 0
  const step2: usize = pixels > 2 ? 2 * step : 0
  const step3: usize = pixels > 3 ? 3 * step : 0
  const step4: usize = pixels > 4 ? 4 * step : 0
  const step5: usize = pixels > 5 ? 5 * step : 0
  for (let row = 0; row < rows; row++) {
    let x = row == 0 ? row0 : row == 1 ? row1 : row2
    const end = x + (<usize>run << 2)
    while (x < end) {
      const w0 = v128.load(weights)
      const w1 = v128.load(weights, 16)
      const x0 = v128.load32_splat(x)
      s00 = multiplyAdd(x0, w0, s00)
      s01 = multiplyAdd(x0, w1, s01)
      const x1 = v128.load32_splat(x + step1)
      s10 = multiplyAdd(x1, w0, s10)
      s11 = multiplyAdd(x1, w1, s11)
      const x2 = v128.load32_splat(x + step2)
      s20 = multiplyAdd(x2, w0, s20)
      s21 = multiplyAdd(x2, w1, s21)
      const x3 = v128.load32_splat(x + step3)
      s30 = multiplyAdd(x3, w0, s30)
      s31 = multiplyAdd(x3, w1, s31)
      const x4 = v128.load32_splat(x + step4)
      s40 = multiplyAdd(x4, w0, s40)
      s41 = multiplyAdd(x4, w1, s41)
      const x5 = v128.load32_splat(x + step5)
      s50 = multiplyAdd(x5, w0, s50)
      s51 = multiplyAdd(x5, w1, s51)
      x += 4
      weights += 32
    }
  }
  finish8(s00, s01, outputs, bias, residual, factor, y)
  if (pixels > 1) finish8(s10, s11, outputs, bias, rowOf(residual, 1, residualStep), factor, y + yStep)
  if (pixels > 2) finish8(s20, s21, outputs, bias, rowOf(residual, 2, residualStep), factor, y + 2 * yStep)
  if (pixels > 3) finish8(s30, s31, outputs, bias, rowOf(residual, 3, residualStep), factor, y + 3 * yStep)
  if (pixels > 4) finish8(s40, s41, outputs, bias, rowOf(residual, 4, residualStep), factor, y + 4 * yStep)
  if (pixels > 5) finish8(s50, s51, outputs, bias, rowOf(residual, 5, residualStep), factor, y + 5 * yStep)
}

/** The residual of a pixel of the tile, if there is one. */
// @ts-ignore: decorator
@inline
function rowOf(residual: usize, pixel: usize, step: usize): usize {
  return residual ? residual + pixel * step : 0
}

function finish8(s0: v128, s1: v128, outputs: i32, bias: usize, residual: usize, factor: f32, y: usize): void {
  finish4(s0, min(outputs, 4), bias, residual, factor, y)
  if (outputs > 4) finish4(s1, outputs - 4, bias ? bias + 16 : 0, residual ? residual + 16 : 0, factor, y + 16)
}

// @ts-ignore: decorator
@inline
function finish4(s: v128, outputs: i32, bias: usize, residual: usize, factor: f32, y: usize): void {
  let v = s
  if (residual) v = f32x4.add(v, v128.load(residual))
  v = f32x4.mul(v, f32x4.splat(factor))
  if (bias) v = f32x4.add(v, v128.load(bias))
  if (outputs == 4) {
    v128.store(y, v)
    return
  }
  store<f32>(y, f32x4.extract_lane(v, 0))
  if (outputs > 1) store<f32>(y + 4, f32x4.extract_lane(v, 1))
  if (outputs > 2) store<f32>(y + 8, f32x4.extract_lane(v, 2))
}

/** What is neither a convolution nor a product: softmax, quantized operands, resized images, vectors. */
import { exponential, silu, sumOf } from './lanes'

/** Softmax of rows [first, last) of x, n floats each, `stride` from row to row, in place. */
export function softmax(x: usize, n: i32, stride: i32, first: i32, last: i32): void {
  for (let row = first; row < last; row++) {
    const from = x + (<usize>(row * stride) << 2)
    const end = from + (<usize>n << 2)
    const vectors = from + (<usize>(n & ~3) << 2)
    let most = <f32>-Infinity
    for (let p = from; p < end; p += 4) most = max(most, load<f32>(p))
    const largest = f32x4.splat(most)
    let sums = f32x4.splat(0)
    for (let p = from; p < vectors; p += 16) {
      const e = exponential(f32x4.sub(v128.load(p), largest))
      v128.store(p, e)
      sums = f32x4.add(sums, e)
    }
    let sum = sumOf(sums)
    for (let p = vectors; p < end; p += 4) {
      const e = f32x4.extract_lane(exponential(f32x4.splat(load<f32>(p) - most)), 0)
      store<f32>(p, e)
      sum += e
    }
    const rate = f32x4.splat(1 / sum)
    for (let p = from; p < vectors; p += 16) v128.store(p, f32x4.mul(v128.load(p), rate))
    for (let p = vectors; p < end; p += 4) store<f32>(p, load<f32>(p) / sum)
  }
}

/**
 * Rows [first, last) of x, n floats each, `stride` from row to row: y = factor * x, quantized with a step unless alpha is 0, `yStride`
 * from row to row. y may be x.
 */
export function scaleAndQuantize(
  x: usize,
  stride: i32,
  n: i32,
  factor: f32,
  alpha: f32,
  lowest: f32,
  highest: f32,
  y: usize,
  yStride: i32,
  first: i32,
  last: i32,
): void {
  for (let row = first; row < last; row++) {
    const from = x + (<usize>(row * stride) << 2)
    const to = y + (<usize>(row * yStride) << 2)
    for (let i = 0; i < n; i++) {
      let v = load<f32>(from + (<usize>i << 2)) * factor
      if (alpha != 0) v = nearest(max(min(v / alpha, highest), lowest)) * alpha
      store<f32>(to + (<usize>i << 2), v)
    }
  }
}

/** Rows [first, last) of y = factor * (x + residual), n floats each. y may be x or the residual. */
export function addRows(
  x: usize,
  stride: i32,
  residual: usize,
  residualStride: i32,
  n: i32,
  factor: f32,
  y: usize,
  yStride: i32,
  first: i32,
  last: i32,
): void {
  for (let row = first; row < last; row++)
    for (let i = 0; i < n; i++) {
      const sum = load<f32>(x + (<usize>(row * stride + i) << 2)) + load<f32>(residual + (<usize>(row * residualStride + i) << 2))
      store<f32>(y + (<usize>(row * yStride + i) << 2), sum * factor)
    }
}

/** Adds v (n) to rows [first, last) of x, `stride` floats from row to row. */
export function addToRows(x: usize, stride: i32, n: i32, v: usize, first: i32, last: i32): void {
  for (let row = first; row < last; row++) addVectors(v, 1, x + (<usize>(row * stride) << 2), n, x + (<usize>(row * stride) << 2))
}

/** factor * x + y of n floats, to `to`. */
export function addVectors(x: usize, factor: f32, y: usize, n: i32, to: usize): void {
  for (let i = 0; i < n; i++) {
    const at = <usize>i << 2
    store<f32>(to + at, load<f32>(x + at) * factor + load<f32>(y + at))
  }
}

/**
 * Rows [first, last) of y: a*x + b, with SiLU if asked, of every pixel or, halved, the mean of that of every 2x2. `affine` 0 takes x as
 * it is. For what stands between a norm and its convolution, or what someone wants to see.
 */
export function normedRows(
  x: usize,
  stride: i32,
  width: i32,
  channels: i32,
  affine: usize,
  activate: i32,
  halve: i32,
  y: usize,
  yStride: i32,
  first: i32,
  last: i32,
): void {
  const b = affine + (<usize>((channels + 15) & ~15) << 2)
  const size = halve ? 2 : 1
  for (let row = first; row < last; row++) {
    for (let column = 0; column < width; column++) {
      const to = y + (<usize>((row * width + column) * yStride) << 2)
      for (let c = 0; c < channels; c++) {
        const at = <usize>c << 2
        let sum: f32 = 0
        for (let i = 0; i < size; i++)
          for (let j = 0; j < size; j++) {
            const pixel = (row * size + i) * width * size + column * size + j
            let v = load<f32>(x + (<usize>(pixel * stride) << 2) + at)
            if (affine) v = v * load<f32>(affine + at) + load<f32>(b + at)
            if (activate) v = f32x4.extract_lane(silu(f32x4.splat(v)), 0)
            sum += v
          }
        store<f32>(to + at, halve ? sum * 0.25 : sum)
      }
    }
  }
}

/** Nearest neighbour, rows [first, last) of the larger image: every pixel of x, `width` of them in a row, becomes 2x2. */
export function doubleRows(
  x: usize,
  stride: i32,
  width: i32,
  channels: i32,
  y: usize,
  yStride: i32,
  first: i32,
  last: i32,
): void {
  for (let row = first; row < last; row++)
    for (let column = 0; column < 2 * width; column++)
      memory.copy(
        y + (<usize>((row * 2 * width + column) * yStride) << 2),
        x + (<usize>(((row >> 1) * width + (column >> 1)) * stride) << 2),
        <usize>channels << 2,
      )
}

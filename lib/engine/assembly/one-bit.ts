/**
 * Convolutions with weights of +1 and -1 and inputs of 4 bits, as lookups. The input of a pixel is a table of 16 sums for
 * every four channels (rows.ts), the weights of four channels to an output are the index of an entry: a byte lookup
 * adds four products for 16 outputs.
 *
 *   y[o] = sigma[o] * alpha * sum_k w[o,k] q[k] + bias[o],  w = 2 bit - 1, q = u - 8, K products
 *   sum_k w q = 2 S - sum_k u + 8 K - 16 B,  S = sum of u where the bit is set, B = number of bits set
 *
 * S comes from the lookups, sum_k u from the row, the rest is constant: y = scale * (S - sum_k u / 2) + offset.
 *
 * Weights lie as [block of outputs][kernel row][kernel column][four channels][output], one index a byte; blocks have 64
 * outputs, the last may have 32. Lane 2i of a vector is output i of its 16, lane 2i + 1 output 8 + i, so that even and
 * odd lanes widen without shuffles.
 */
import { lookUp, multiplyAdd } from './lanes'
import { Source, tableBytes, tableRow } from './rows'

@unmanaged
export class OneBitConvolution {
  source: Source
  /** 1 or 3. */
  kernel: i32
  step: i32
  /** Rows and columns of the output. */
  height: i32
  width: i32
  /** A multiple of 32. */
  paddedOutputs: i32
  outputs: i32
  bases: i32
  /** Indices of the first basis, then of the second. */
  weights: usize
  /** scale (paddedOutputs) of each basis, then offset (paddedOutputs). */
  coefficients: usize
  y: usize
  /** Floats from pixel to pixel of y. */
  yStride: i32
  /** Added before the sum is multiplied by `factor`, (H, W, outputs); 0 for none. May be y itself. */
  residual: usize
  residualStride: i32
  factor: f32
}

/** The offset of the second basis, 64 times. */
const zeros = memory.data(256)

/** Sums of 16-bit lanes hold S up to 15 * 4 * this many lookups: K = 4368. */
const longestRun: i32 = 1092

/**
 * Rows [first, last) of the output. `ring` is this thread's own: rows of tables, sums of their pixels, half sums of a row of outputs, 64
 * floats.
 */
export function convolveOneBit(layer: OneBitConvolution, ring: usize, first: i32, last: i32): void {
  const source = layer.source
  const kernel = layer.kernel
  const columns = (layer.width - 1) * layer.step + kernel
  const pixelBytes = tableBytes(source.channels)
  const rowBytes = (<usize>columns) * pixelBytes
  const sums = ring + (<usize>kernel) * rowBytes
  const halves = sums + (((<usize>kernel) * columns) << 2)
  const spare = halves + ((<usize>layer.width) << 2)
  let made = first * layer.step - source.padding
  for (let y = first; y < last; y++) {
    const top = y * layer.step - source.padding
    if (made < top) made = top
    for (; made < top + kernel; made++) {
      const slot = <usize>(made + 16) % kernel
      tableRow(source, made, columns, ring + slot * rowBytes, sums + ((slot * columns) << 2))
    }
    halfSums(layer, columns, sums, halves)
    outputRow(layer, ring, y, top, rowBytes, pixelBytes, halves, spare)
  }
}

/** Half the sum of the codes each output of a row looks at. Kernel rows in any order. */
function halfSums(layer: OneBitConvolution, columns: i32, sums: usize, halves: usize): void {
  const kernel = layer.kernel
  for (let x = 0; x < layer.width; x++) {
    let sum = 0
    for (let row = 0; row < kernel; row++)
      for (let column = 0; column < kernel; column++)
        sum += load<i32>(sums + ((<usize>(row * columns + x * layer.step + column)) << 2))
    store<f32>(halves + ((<usize>x) << 2), <f32>sum * 0.5)
  }
}

function outputRow(
  layer: OneBitConvolution,
  ring: usize,
  y: i32,
  top: i32,
  rowBytes: usize,
  pixelBytes: usize,
  halves: usize,
  spare: usize,
): void {
  const kernel = layer.kernel
  const padded = layer.paddedOutputs
  const lookups = <i32>(pixelBytes >> 4) * kernel
  const basisBytes = <usize>(padded * kernel * lookups)
  const row0 = ring + <usize>((top + 16) % kernel) * rowBytes
  const row1 = ring + <usize>((top + 17) % kernel) * rowBytes
  const row2 = ring + <usize>((top + 18) % kernel) * rowBytes
  const yRow = layer.y + (<usize>(y * layer.width * layer.yStride) << 2)
  const residualRow = layer.residual + (<usize>(y * layer.width * layer.residualStride) << 2)
  const offsets = layer.coefficients + (<usize>(padded * layer.bases) << 2)
  const step = pixelBytes * layer.step
  for (let o = 0; o < padded; o += 64) {
    const block = min(padded - o, 64)
    const fast = lookups * kernel <= longestRun && layer.outputs - o >= block
    for (let basis = 0; basis < layer.bases; basis++) {
      const weights = layer.weights + <usize>basis * basisBytes + <usize>(o * kernel * lookups)
      const scales = layer.coefficients + (<usize>(basis * padded + o) << 2)
      // the second basis adds to what the first has written
      const offset = basis == 1 ? zeros : offsets + (<usize>o << 2)
      const factor: f32 = basis == 1 ? 1 : layer.factor
      const to = yRow + (<usize>o << 2)
      const toStep = <usize>layer.yStride << 2
      let residual: usize = 0
      let residualStep = toStep
      if (basis == 1) residual = to
      else if (layer.residual) {
        residual = residualRow + (<usize>o << 2)
        residualStep = <usize>layer.residualStride << 2
      }
      if (!fast) {
        for (let x = 0; x < layer.width; x++) {
          const at = <usize>x * step
          sumLong(row0 + at, row1 + at, row2 + at, kernel, lookups, weights, block, spare)
          const half = load<f32>(halves + (<usize>x << 2))
          const before = residual ? residual + <usize>x * residualStep : 0
          finishSums(spare, min(layer.outputs - o, block), half, scales, offset, before, factor, to + <usize>x * toStep)
        }
      } else if (block == 64)
        tiles64(row0, row1, row2, step, layer.width, kernel, lookups, weights, halves, scales, offset, residual, residualStep, factor, to, toStep)
      else
        tiles32(row0, row1, row2, step, layer.width, kernel, lookups, weights, halves, scales, offset, residual, residualStep, factor, to, toStep)
    }
  }
}

/** Four lookups added up: entries are at most 60, so that a byte holds four. */
// @ts-ignore: decorator
@inline
function fourLookups(t0: v128, t1: v128, t2: v128, t3: v128, weights: usize, lane: usize, stride: usize): v128 {
  return i8x16.add(
    i8x16.add(
      i8x16.add(lookUp(t0, v128.load(weights + lane)), lookUp(t1, v128.load(weights + stride + lane))),
      lookUp(t2, v128.load(weights + 2 * stride + lane)),
    ),
    lookUp(t3, v128.load(weights + 3 * stride + lane)),
  )
}

/**
 * 64 outputs of each of a row of pixels. Sums go to two accumulators of 16-bit lanes for every 16 outputs: `all` adds whole lanes, odd bytes
 * times 256 included, `odd` the odd bytes alone; all - 256 * odd leaves the even ones.
 * With `scales` 0 the sums are added to the floats at `to`.
 */
function tiles64(
  row0: usize,
  row1: usize,
  row2: usize,
  step: usize,
  pixels: i32,
  rows: i32,
  lookups: i32,
  weights: usize,
  halves: usize,
  scales: usize,
  offset: usize,
  residual: usize,
  residualStep: usize,
  factor: f32,
  to: usize,
  toStep: usize,
): void {
  const factors = f32x4.splat(factor)
  const run = <usize>lookups << 4
  const last = halves + (<usize>pixels << 2)
  for (; halves < last; halves += 4) {
    let index = weights
    let all0 = i16x8.splat(0)
    let all1 = i16x8.splat(0)
    let all2 = i16x8.splat(0)
    let all3 = i16x8.splat(0)
    let odd0 = i16x8.splat(0)
    let odd1 = i16x8.splat(0)
    let odd2 = i16x8.splat(0)
    let odd3 = i16x8.splat(0)
    for (let row = 0; row < rows; row++) {
      let table = row == 0 ? row0 : row == 1 ? row1 : row2
      const end = table + run
      while (table < end) {
        const t0 = v128.load(table)
        const t1 = v128.load(table, 16)
        const t2 = v128.load(table, 32)
        const t3 = v128.load(table, 48)
        const s0 = fourLookups(t0, t1, t2, t3, index, 0, 64)
        all0 = i16x8.add(all0, s0)
        odd0 = i16x8.add(odd0, i16x8.shr_u(s0, 8))
        const s1 = fourLookups(t0, t1, t2, t3, index, 16, 64)
        all1 = i16x8.add(all1, s1)
        odd1 = i16x8.add(odd1, i16x8.shr_u(s1, 8))
        const s2 = fourLookups(t0, t1, t2, t3, index, 32, 64)
        all2 = i16x8.add(all2, s2)
        odd2 = i16x8.add(odd2, i16x8.shr_u(s2, 8))
        const s3 = fourLookups(t0, t1, t2, t3, index, 48, 64)
        all3 = i16x8.add(all3, s3)
        odd3 = i16x8.add(odd3, i16x8.shr_u(s3, 8))
        table += 64
        index += 256
      }
    }
    const half = v128.load32_splat(halves)
    finish16(all0, odd0, half, scales, offset, residual, factors, to, 0)
    finish16(all1, odd1, half, scales, offset, residual, factors, to, 64)
    finish16(all2, odd2, half, scales, offset, residual, factors, to, 128)
    finish16(all3, odd3, half, scales, offset, residual, factors, to, 192)
    row0 += step
    row1 += step
    row2 += step
    to += toStep
    if (residual) residual += residualStep
  }
}

/** 32 outputs of each pixel, as tiles64. */
function tiles32(
  row0: usize,
  row1: usize,
  row2: usize,
  step: usize,
  pixels: i32,
  rows: i32,
  lookups: i32,
  weights: usize,
  halves: usize,
  scales: usize,
  offset: usize,
  residual: usize,
  residualStep: usize,
  factor: f32,
  to: usize,
  toStep: usize,
): void {
  const factors = f32x4.splat(factor)
  const run = <usize>lookups << 4
  const last = halves + (<usize>pixels << 2)
  for (; halves < last; halves += 4) {
    let index = weights
    let all0 = i16x8.splat(0)
    let all1 = i16x8.splat(0)
    let odd0 = i16x8.splat(0)
    let odd1 = i16x8.splat(0)
    for (let row = 0; row < rows; row++) {
      let table = row == 0 ? row0 : row == 1 ? row1 : row2
      const end = table + run
      while (table < end) {
        const t0 = v128.load(table)
        const t1 = v128.load(table, 16)
        const t2 = v128.load(table, 32)
        const t3 = v128.load(table, 48)
        const s0 = fourLookups(t0, t1, t2, t3, index, 0, 32)
        all0 = i16x8.add(all0, s0)
        odd0 = i16x8.add(odd0, i16x8.shr_u(s0, 8))
        const s1 = fourLookups(t0, t1, t2, t3, index, 16, 32)
        all1 = i16x8.add(all1, s1)
        odd1 = i16x8.add(odd1, i16x8.shr_u(s1, 8))
        table += 64
        index += 128
      }
    }
    const half = v128.load32_splat(halves)
    finish16(all0, odd0, half, scales, offset, residual, factors, to, 0)
    finish16(all1, odd1, half, scales, offset, residual, factors, to, 64)
    row0 += step
    row1 += step
    row2 += step
    to += toStep
    if (residual) residual += residualStep
  }
}

/** Widens the sums of 16 outputs and writes what they stand for: with `scales` 0 adds them to what is there. */
// @ts-ignore: decorator
@inline
function finish16(
  all: v128,
  odd: v128,
  half: v128,
  scales: usize,
  offset: usize,
  residual: usize,
  factor: v128,
  to: usize,
  at: usize,
): void {
  const even = i16x8.sub(all, i16x8.shl(odd, 8))
  const s0 = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(even))
  const s1 = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(even))
  const s2 = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(odd))
  const s3 = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(odd))
  if (residual) {
    v128.store(to + at, added(scaled(s0, half, scales, offset, at), residual + at, factor))
    v128.store(to + at, added(scaled(s1, half, scales, offset, at + 16), residual + at + 16, factor), 16)
    v128.store(to + at, added(scaled(s2, half, scales, offset, at + 32), residual + at + 32, factor), 32)
    v128.store(to + at, added(scaled(s3, half, scales, offset, at + 48), residual + at + 48, factor), 48)
  } else if (scales) {
    v128.store(to + at, scaled(s0, half, scales, offset, at))
    v128.store(to + at, scaled(s1, half, scales, offset, at + 16), 16)
    v128.store(to + at, scaled(s2, half, scales, offset, at + 32), 32)
    v128.store(to + at, scaled(s3, half, scales, offset, at + 48), 48)
  } else {
    v128.store(to + at, f32x4.add(v128.load(to + at), s0))
    v128.store(to + at, f32x4.add(v128.load(to + at, 16), s1), 16)
    v128.store(to + at, f32x4.add(v128.load(to + at, 32), s2), 32)
    v128.store(to + at, f32x4.add(v128.load(to + at, 48), s3), 48)
  }
}

/** scale * (S - half) + offset of four outputs. */
// @ts-ignore: decorator
@inline
function scaled(s: v128, half: v128, scales: usize, offset: usize, at: usize): v128 {
  return multiplyAdd(v128.load(scales + at), f32x4.sub(s, half), v128.load(offset + at))
}

/** y + factor * residual. */
// @ts-ignore: decorator
@inline
function added(y: v128, residual: usize, factor: v128): v128 {
  return multiplyAdd(v128.load(residual), factor, y)
}

/** S of a block of 32 or 64 outputs to `to`, in parts short enough for 16 bits; whole numbers below 2^24 add exactly as floats. */
function sumLong(
  row0: usize,
  row1: usize,
  row2: usize,
  rows: i32,
  lookups: i32,
  weights: usize,
  block: i32,
  to: usize,
): void {
  memory.fill(to, 0, 256)
  for (let row = 0; row < rows; row++) {
    const table = row == 0 ? row0 : row == 1 ? row1 : row2
    for (let done = 0; done < lookups; done += longestRun) {
      const part = table + (<usize>done << 4)
      const count = min(longestRun, lookups - done)
      if (block == 64) tiles64(part, 0, 0, 0, 1, 1, count, weights, 0, 0, 0, 0, 0, 0, to, 0)
      else tiles32(part, 0, 0, 0, 1, 1, count, weights, 0, 0, 0, 0, 0, 0, to, 0)
      weights += <usize>(count * block)
    }
  }
}

/** What finish16 does, for `count` outputs one by one. */
function finishSums(
  sums: usize,
  count: i32,
  half: f32,
  scales: usize,
  offset: usize,
  residual: usize,
  factor: f32,
  to: usize,
): void {
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2
    let base = load<f32>(offset + at)
    if (residual) base += load<f32>(residual + at) * factor
    store<f32>(to + at, load<f32>(scales + at) * (load<f32>(sums + at) - half) + base)
  }
}

/**
 * What enters a convolution, one row of pixels at a time: x, in turn normed (a*x + b per channel), passed through SiLU and
 * quantized. A row is made when the first output row needs it and kept in a ring of as many rows as the kernel is high,
 * so that it is still in the cache; no image of codes, tables or normed values ever exists.
 */
import { lookUp, silu } from './lanes'

/**
 * Which byte of 16 goes where when tables are made: four vectors for `low` and `high` of storeTables, one for each table's part of
 * `high`. In memory, because engines make a constant vector anew wherever it is used.
 */
const masks = memory.data<i8>([
  -1, 0, -1, 0, -1, 4, -1, 4, -1, 8, -1, 8, -1, 12, -1, 12,
  -1, -1, 1, 1, -1, -1, 5, 5, -1, -1, 9, 9, -1, -1, 13, 13,
  -1, 2, -1, 2, -1, 6, -1, 6, -1, 10, -1, 10, -1, 14, -1, 14,
  -1, -1, 3, 3, -1, -1, 7, 7, -1, -1, 11, 11, -1, -1, 15, 15,
  0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
  4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7,
  8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11,
  12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15,
])

/** Four times each: highest and lowest code of 4 bits, 1.5 * 2^23; then `excess`. */
const limits = memory.data<i32>([
  0x40e00000, 0x40e00000, 0x40e00000, 0x40e00000, -0x3f000000, -0x3f000000, -0x3f000000, -0x3f000000,
  0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000, 0x40404040, 0, 0, 0,
])

/** Where a convolution takes its input from. */
@unmanaged
export class Source {
  /** First value of the image, (H, W, C) floats, `stride` floats from pixel to pixel. */
  x: usize
  stride: i32
  height: i32
  width: i32
  channels: i32
  /** 1 reads every pixel twice in both directions (nearest neighbour); height and width are those before. */
  doubled: i32
  /** a, then b of a*x + b, each a float per channel with room up to a multiple of 16; 0 takes x as it is. */
  affine: usize
  silu: i32
  /** Zeros before the first row and column. */
  padding: i32
  /** Step of the quantizer of the input; 0 leaves floats alone. */
  alpha: f32
  /** Smallest and largest code. */
  lowest: f32
  highest: f32
}

/** Four values of a channel vector, normed with a at `affine` and b `apart` bytes behind, and activated. */
// @ts-ignore: decorator
@inline
function activated(from: usize, normed: bool, affine: usize, apart: usize, activate: bool): v128 {
  let v = v128.load(from)
  if (normed) v = f32x4.add(f32x4.mul(v, v128.load(affine)), v128.load(affine + apart))
  return activate ? silu(v) : v
}

/** round(clamp(v / alpha)), halves to even, still a float (LSQ); the highest code for NaN. */
// @ts-ignore: decorator
@inline
function code(v: v128, alpha: v128, lowest: v128, highest: v128): v128 {
  return f32x4.nearest(f32x4.pmax(lowest, f32x4.pmin(highest, f32x4.div(v, alpha))))
}

/** The same as an integer of 4 bits: clamp first, then adding 1.5 * 2^23 leaves the rounded value in the low bits. */
// @ts-ignore: decorator
@inline
function integerCode(v: v128, alpha: v128): v128 {
  const clamped = f32x4.pmax(v128.load(limits, 16), f32x4.pmin(v128.load(limits), f32x4.div(v, alpha)))
  return i32x4.sub(f32x4.add(clamped, v128.load(limits, 32)), v128.load(limits, 32))
}

/**
 * The tables of 16 channels whose codes are the bytes of q: for each four of them 16 bytes, entry p the sum of the codes whose bit
 * is set in p, in the first table 64 more. First the sums of the four pairs of subsets of two, then a table is two lookups and one sum.
 */
// @ts-ignore: decorator
@inline
function storeTables(q: v128, to: usize): void {
  const low = i8x16.add(
    i8x16.add(lookUp(q, v128.load(masks)), lookUp(q, v128.load(masks, 16))),
    v128.load(limits, 48),
  )
  const high = i8x16.add(lookUp(q, v128.load(masks, 32)), lookUp(q, v128.load(masks, 48)))
  const low0 = i32x4.shuffle(low, low, 0, 0, 0, 0)
  const low1 = i32x4.shuffle(low, low, 1, 1, 1, 1)
  const low2 = i32x4.shuffle(low, low, 2, 2, 2, 2)
  const low3 = i32x4.shuffle(low, low, 3, 3, 3, 3)
  v128.store(to, i8x16.add(low0, lookUp(high, v128.load(masks, 64))))
  v128.store(to, i8x16.add(low1, lookUp(high, v128.load(masks, 80))), 16)
  v128.store(to, i8x16.add(low2, lookUp(high, v128.load(masks, 96))), 32)
  v128.store(to, i8x16.add(low3, lookUp(high, v128.load(masks, 112))), 48)
}

/** Bytes of one pixel's tables: 64 for every 16 channels begun. */
// @ts-ignore: decorator
@inline
export function tableBytes(channels: i32): usize {
  return (<usize>((channels + 15) >> 4)) << 6
}

/** Codes of 16 channels as bytes. */
// @ts-ignore: decorator
@inline
function codes(from: usize, normed: bool, affine: usize, apart: usize, activate: bool, alpha: v128): v128 {
  const low = i16x8.narrow_i32x4_s(
    integerCode(activated(from, normed, affine, apart, activate), alpha),
    integerCode(activated(from + 16, normed, affine + 16, apart, activate), alpha),
  )
  const high = i16x8.narrow_i32x4_s(
    integerCode(activated(from + 32, normed, affine + 32, apart, activate), alpha),
    integerCode(activated(from + 48, normed, affine + 48, apart, activate), alpha),
  )
  return i8x16.narrow_i16x8_s(low, high)
}

/**
 * Tables of the pixel at `from`, to `to`, and the sum of its codes to `sum`; returns twice the largest sum of one sign of the codes
 * of 32 channels. Reads up to the next multiple of 16 channels. Inlined with constants for `normed` and `activate`, so that
 * no value is asked twice.
 */
// @ts-ignore: decorator
@inline
function pixelTables(
  from: usize,
  channels: i32,
  normed: bool,
  affine: usize,
  activate: bool,
  alpha: v128,
  to: usize,
  sum: usize,
): v128 {
  const apart = affineBytes(channels)
  const end = from + (<usize>channels << 2)
  let sums = i16x8.splat(0)
  let peaks = i32x4.splat(0)
  for (; from + 64 < end; from += 128) {
    const q0 = codes(from, normed, affine, apart, activate, alpha)
    storeTables(q0, to)
    let q1 = codes(from + 64, normed, affine + 64, apart, activate, alpha)
    const left = <i32>(end - from) >> 2
    if (left < 32) q1 = v128.and(q1, lanesBelow(left - 16))
    storeTables(q1, to + 64)
    const pairs = i16x8.extadd_pairwise_i8x16_s(i8x16.add(q0, q1))
    const sizes = i16x8.extadd_pairwise_i8x16_s(i8x16.add(i8x16.abs(q0), i8x16.abs(q1)))
    sums = i16x8.add(sums, pairs)
    peaks = i32x4.max_s(peaks, bothSigns(sizes, pairs))
    to += 128
    if (normed) affine += 128
  }
  if (from < end) {
    const q = v128.and(
      codes(from, normed, affine, apart, activate, alpha),
      lanesBelow(<i32>(end - from) >> 2),
    )
    storeTables(q, to)
    sums = i16x8.add(sums, i16x8.extadd_pairwise_i8x16_s(q))
  }
  store<i32>(sum, total(sums))
  return peaks
}

/** Twice the sum of the positive and of the negative codes behind their sizes and sums: two of the four lanes have each. */
// @ts-ignore: decorator
@inline
function bothSigns(sizes: v128, pairs: v128): v128 {
  const both = i8x16.narrow_i16x8_s(i16x8.add(sizes, pairs), i16x8.sub(sizes, pairs))
  const fours = i32x4.dot_i16x8_s(i16x8.extadd_pairwise_i8x16_s(both), i16x8.splat(1))
  return i32x4.add(fours, i32x4.shuffle(fours, fours, 1, 0, 3, 2))
}

/** Tables of a pixel of zeros outside of the image. */
function paddingTables(channels: i32, to: usize): void {
  for (let c = 0; c < channels; c += 16) {
    storeTables(i8x16.splat(0), to)
    to += 64
  }
}

// @ts-ignore: decorator
@inline
function lanesBelow(count: i32): v128 {
  return i8x16.lt_s(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>min(count, 16)))
}

/** Sum of eight 16-bit integers. */
// @ts-ignore: decorator
@inline
function total(x: v128): i32 {
  const sums = i32x4.extadd_pairwise_i16x8_s(x)
  return (
    i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)
  )
}

/**
 * Row y of the padded input as tables of its codes, `pixels` of them to `to` and the sum of codes of each to `sums` (i32).
 * y = 0 is the first row of the image, negative ones and those behind the last are zeros. Returns whether sums over the tables of
 * any 32 channels lie between -128 and 127, whatever entries are taken.
 */
export function tableRow(source: Source, y: i32, pixels: i32, to: usize, sums: usize): bool {
  const channels = source.channels
  const doubled = source.doubled
  const padding = source.padding
  const size = tableBytes(channels)
  const width = source.width << doubled
  const outside = y < 0 || y >= source.height << doubled
  const row = source.x + (<usize>((y >> doubled) * source.width * source.stride) << 2)
  const step = <usize>source.stride << 2
  const affine = source.affine
  const activate = source.silu != 0
  const alpha = f32x4.splat(source.alpha)
  let zeros: usize = 0
  let peaks = i32x4.splat(0)
  for (let pixel = 0; pixel < pixels; pixel++) {
    const x = pixel - padding
    if (outside || x < 0 || x >= width) {
      if (zeros) memory.copy(to, zeros, size)
      else paddingTables(channels, to)
      zeros = to
      store<i32>(sums, 0)
    } else if (doubled && x & 1) {
      memory.copy(to, to - size, size)
      store<i32>(sums, load<i32>(sums - 4))
    } else {
      const from = row + <usize>(x >> doubled) * step
      let peak: v128
      if (affine && activate) peak = pixelTables(from, channels, true, affine, true, alpha, to, sums)
      else if (affine) peak = pixelTables(from, channels, true, affine, false, alpha, to, sums)
      else if (activate) peak = pixelTables(from, channels, false, 0, true, alpha, to, sums)
      else peak = pixelTables(from, channels, false, 0, false, alpha, to, sums)
      peaks = i32x4.max_s(peaks, peak)
    }
    to += size
    sums += 4
  }
  return !v128.any_true(i32x4.gt_s(peaks, i32x4.splat(254)))
}

/** Bytes from a to b of a*x + b. */
// @ts-ignore: decorator
@inline
function affineBytes(channels: i32): usize {
  return <usize>((channels + 15) & ~15) << 2
}

/** Row y of the padded input as floats, C of each pixel, to `to`; writes up to three floats behind the last. */
export function floatRow(source: Source, y: i32, pixels: i32, to: usize): void {
  const channels = source.channels
  const size = <usize>channels << 2
  const width = source.width << source.doubled
  const outside = y < 0 || y >= source.height << source.doubled
  const row = source.x + (<usize>((y >> source.doubled) * source.width * source.stride) << 2)
  const affine = source.affine
  const apart = affineBytes(channels)
  const activate = source.silu != 0
  const quantized = source.alpha != 0
  const alpha = f32x4.splat(source.alpha)
  const lowest = f32x4.splat(source.lowest)
  const highest = f32x4.splat(source.highest)
  for (let pixel = 0; pixel < pixels; pixel++) {
    const x = pixel - source.padding
    if (outside || x < 0 || x >= width) {
      memory.fill(to, 0, size)
    } else {
      const from = row + (<usize>((x >> source.doubled) * source.stride) << 2)
      for (let at: usize = 0; at < size; at += 16) {
        let v = activated(from + at, affine != 0, affine + at, apart, activate)
        if (quantized) v = f32x4.mul(code(v, alpha, lowest, highest), alpha)
        v128.store(to + at, v)
      }
    }
    to += size
  }
}

/**
 * What enters a convolution, one row of pixels at a time: x, in turn normed (a*x + b per channel), passed through SiLU and
 * quantized. A row is made when the first output row needs it and kept in a ring of as many rows as the kernel is high,
 * so that it is still in the cache; no image of codes, tables or normed values ever exists.
 */
import { lookUp, silu } from './lanes'

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

/** Four values of a channel vector, normed and activated. */
// @ts-ignore: decorator
@inline
function activated(source: Source, from: usize, channel: i32): v128 {
  let v = v128.load(from)
  if (source.affine) {
    const a = source.affine + ((<usize>channel) << 2)
    const b = a + ((<usize>((source.channels + 15) & ~15)) << 2)
    v = f32x4.add(f32x4.mul(v, v128.load(a)), v128.load(b))
  }
  return source.silu ? silu(v) : v
}

/** round(clamp(v / alpha)), halves to even, still a float (LSQ); the highest code for NaN. */
// @ts-ignore: decorator
@inline
function code(v: v128, alpha: v128, lowest: v128, highest: v128): v128 {
  return f32x4.nearest(f32x4.pmax(lowest, f32x4.pmin(highest, f32x4.div(v, alpha))))
}

/** The same as an integer from 0: clamp first, then adding 1.5 * 2^23 leaves the rounded value in the low bits. */
// @ts-ignore: decorator
@inline
function codeFromZero(v: v128, alpha: v128): v128 {
  const clamped = f32x4.pmax(f32x4.splat(-8.0), f32x4.pmin(f32x4.splat(7.0), f32x4.div(v, alpha)))
  return i32x4.sub(f32x4.add(clamped, f32x4.splat(12582912.0)), i32x4.splat(0x4b400000 - 8))
}

/**
 * The tables of 16 channels whose codes (0 to 15) are the bytes of u: for each four of them 16 bytes, entry p the sum of the codes
 * whose bit is set in p. First the sums of the four pairs of subsets of two, then a table is two lookups and one sum.
 */
// @ts-ignore: decorator
@inline
function storeTables(u: v128, to: usize): void {
  const low = i8x16.add(
    lookUp(u, i8x16(-1, 0, -1, 0, -1, 4, -1, 4, -1, 8, -1, 8, -1, 12, -1, 12)),
    lookUp(u, i8x16(-1, -1, 1, 1, -1, -1, 5, 5, -1, -1, 9, 9, -1, -1, 13, 13)),
  )
  const high = i8x16.add(
    lookUp(u, i8x16(-1, 2, -1, 2, -1, 6, -1, 6, -1, 10, -1, 10, -1, 14, -1, 14)),
    lookUp(u, i8x16(-1, -1, 3, 3, -1, -1, 7, 7, -1, -1, 11, 11, -1, -1, 15, 15)),
  )
  v128.store(
    to,
    i8x16.add(
      i8x16.shuffle(low, low, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3),
      i8x16.shuffle(high, high, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3),
    ),
  )
  v128.store(
    to,
    i8x16.add(
      i8x16.shuffle(low, low, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7),
      i8x16.shuffle(high, high, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7),
    ),
    16,
  )
  v128.store(
    to,
    i8x16.add(
      i8x16.shuffle(low, low, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11),
      i8x16.shuffle(high, high, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11),
    ),
    32,
  )
  v128.store(
    to,
    i8x16.add(
      i8x16.shuffle(low, low, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15),
      i8x16.shuffle(high, high, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15),
    ),
    48,
  )
}

/** Bytes of one pixel's tables: 64 for every 16 channels begun. */
// @ts-ignore: decorator
@inline
export function tableBytes(channels: i32): usize {
  return (<usize>((channels + 15) >> 4)) << 6
}

/** Tables of the pixel at `from`, to `to`; returns the sum of its codes. Reads up to the next multiple of 16 channels. */
// @ts-ignore: decorator
@inline
function pixelTables(source: Source, from: usize, to: usize): i32 {
  const alpha = f32x4.splat(source.alpha)
  const channels = source.channels
  let sums = i16x8.splat(0)
  for (let c = 0; c < channels; c += 16) {
    const low = i16x8.narrow_i32x4_s(
      codeFromZero(activated(source, from, c), alpha),
      codeFromZero(activated(source, from + 16, c + 4), alpha),
    )
    const high = i16x8.narrow_i32x4_s(
      codeFromZero(activated(source, from + 32, c + 8), alpha),
      codeFromZero(activated(source, from + 48, c + 12), alpha),
    )
    let u = i8x16.narrow_i16x8_u(low, high)
    if (channels - c < 16) u = v128.and(u, lanesBelow(channels - c))
    sums = i16x8.add(sums, i16x8.extadd_pairwise_i8x16_u(u))
    storeTables(u, to)
    from += 64
    to += 64
  }
  return total(sums)
}

/** Tables of a pixel of zeros outside of the image: code 8 in every channel. */
function paddingTables(channels: i32, to: usize): i32 {
  for (let c = 0; c < channels; c += 16) {
    storeTables(v128.and(i8x16.splat(8), lanesBelow(channels - c)), to)
    to += 64
  }
  return 8 * channels
}

// @ts-ignore: decorator
@inline
function lanesBelow(count: i32): v128 {
  return i8x16.lt_s(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>min(count, 16)))
}

/** Sum of eight 16-bit integers below 2^16. */
// @ts-ignore: decorator
@inline
function total(x: v128): i32 {
  const sums = i32x4.extadd_pairwise_i16x8_u(x)
  return (
    i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)
  )
}

/**
 * Row y of the padded input as tables of its codes, `pixels` of them to `to` and the sum of codes of each to `sums` (i32).
 * y = 0 is the first row of the image, negative ones and those behind the last are zeros.
 */
export function tableRow(source: Source, y: i32, pixels: i32, to: usize, sums: usize): void {
  const size = tableBytes(source.channels)
  const width = source.width << source.doubled
  const outside = y < 0 || y >= source.height << source.doubled
  const row = source.x + (((<usize>(y >> source.doubled)) * source.width * source.stride) << 2)
  for (let pixel = 0; pixel < pixels; pixel++) {
    const x = pixel - source.padding
    if (outside || x < 0 || x >= width) {
      store<i32>(sums, paddingTables(source.channels, to))
    } else if (source.doubled && x & 1) {
      memory.copy(to, to - size, size)
      store<i32>(sums, load<i32>(sums - 4))
    } else {
      const from = row + (((<usize>(x >> source.doubled)) * source.stride) << 2)
      store<i32>(sums, pixelTables(source, from, to))
    }
    to += size
    sums += 4
  }
}

/** Row y of the padded input as floats, C of each pixel, to `to`; writes up to three floats behind the last. */
export function floatRow(source: Source, y: i32, pixels: i32, to: usize): void {
  const channels = source.channels
  const size = (<usize>channels) << 2
  const width = source.width << source.doubled
  const outside = y < 0 || y >= source.height << source.doubled
  const row = source.x + (((<usize>(y >> source.doubled)) * source.width * source.stride) << 2)
  const alpha = f32x4.splat(source.alpha)
  const lowest = f32x4.splat(source.lowest)
  const highest = f32x4.splat(source.highest)
  for (let pixel = 0; pixel < pixels; pixel++) {
    const x = pixel - source.padding
    if (outside || x < 0 || x >= width) {
      memory.fill(to, 0, size)
    } else {
      const from = row + (((<usize>(x >> source.doubled)) * source.stride) << 2)
      for (let c = 0; c < channels; c += 4) {
        const at = (<usize>c) << 2
        let v = activated(source, from + at, c)
        if (source.alpha != 0) v = f32x4.mul(code(v, alpha, lowest, highest), alpha)
        v128.store(to + at, v)
      }
    }
    to += size
  }
}

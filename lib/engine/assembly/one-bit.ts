/**
 * Convolutions with weights of +1 and -1 and inputs of 4 bits, as lookups. The input of a pixel is a table of 16 sums for
 * every four channels (rows.ts), the weights of four channels to an output are the index of an entry: a byte lookup
 * adds four products for 16 outputs.
 *
 *   y[o] = sigma[o] * alpha * sum_k w[o,k] q[k] + bias[o],  w = +1 or -1, q from -8 to 7, K products
 *   sum_k w q = 2 S - sum_k q,  S = sum of q where w = +1
 *
 * S comes from the lookups, sum_k q from the row. The first of every four tables has 64 more in each entry: sums over eight tables
 * then are bytes from 0 to 255 wherever S over their 32 channels lies between -128 and 127, which each row of tables says of itself.
 * Rows of which it is not true, or whose channels are no multiple of 32, go by four tables, whose sums always fit.
 *
 * Weights lie as [block of 32 outputs][kernel row][kernel column][four channels][output], one index a byte. Lane 2i of a vector is
 * output i of its 16, lane 2i + 1 output 8 + i, so that even and odd lanes widen without shuffles.
 *
 * The order of the lines in `tiles` is that of the machine code: it keeps all sums in registers, which is why the kernels are compiled
 * without passes that move expressions (scripts/kernels.ts).
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
  /** Of each basis scale, offset where sum_k q is even, and where it is odd, paddedOutputs floats each. */
  coefficients: usize
  y: usize
  /** Floats from pixel to pixel of y. */
  yStride: i32
  /** Added before the sum is multiplied by `factor`, (H, W, outputs); 0 for none. May be y itself. */
  residual: usize
  residualStride: i32
  factor: f32
}

/** What the outputs of a row of pixels to a block of 32 channels are made of and where they go. */
@unmanaged
class Block {
  /** Tables of the first pixel in each row of the kernel, bytes from pixel to pixel and in a row of the kernel. */
  row0: usize
  row1: usize
  row2: usize
  step: usize
  run: usize
  /** Rows of the kernel. */
  rows: i32
  pixels: i32
  weights: usize
  /** The middle of every pixel. */
  middles: usize
  /** 0 adds S alone to what is there. */
  scales: usize
  offsets: usize
  residual: usize
  residualStep: usize
  factor: f32
  y: usize
  yStep: usize
  /** Room for 32 floats that nobody reads. */
  spare: usize
}

/** Of a pixel: 2^23 + what is to be taken from S, a float, and bytes from the offsets of even sums to those it needs. */
const middleBytes: usize = 8

/** A float of 2^23 has the bits 0x4b000000: whole numbers below stand in its low bits. */
const whole: f32 = 8388608

/** The middle that leaves S as it is. */
const none = memory.data<f32>([8388608, 0])

/** Bytes of 64 floats. */
const spareBytes: usize = 256

/** 16-bit lanes hold the sums of so many lookups, at most 240 for every four. A multiple of eight. */
const longestRun: i32 = 1088

/**
 * Rows [first, last) of the output. `ring` is this thread's own: rows of tables, sums of their pixels, middles of a row of outputs, 64
 * floats, two Blocks.
 */
export function convolveOneBit(layer: OneBitConvolution, ring: usize, first: i32, last: i32): void {
  const source = layer.source
  const kernel = layer.kernel
  const columns = (layer.width - 1) * layer.step + kernel
  const pixelBytes = tableBytes(source.channels)
  const rowBytes = (<usize>columns) * pixelBytes
  const sums = ring + (<usize>kernel) * rowBytes
  const middles = sums + (((<usize>kernel) * columns) << 2)
  const spare = middles + (<usize>layer.width) * middleBytes
  const quads = <i32>(pixelBytes >> 6) * kernel * kernel
  const inEights = (pixelBytes & 127) == 0
  // a bit for each row in the ring that goes by four tables
  let crowded = 0
  let made = first * layer.step - source.padding
  for (let y = first; y < last; y++) {
    const top = y * layer.step - source.padding
    if (made < top) made = top
    for (; made < top + kernel; made++) {
      const slot = (made + 16) % kernel
      const fits = tableRow(
        source,
        made,
        columns,
        ring + (<usize>slot) * rowBytes,
        sums + (<usize>(slot * columns) << 2),
      )
      crowded = fits && inEights ? crowded & ~(1 << slot) : crowded | (1 << slot)
    }
    setMiddles(layer, columns, sums, middles, (crowded ? 128 : 64) * quads)
    outputRow(layer, ring, y, top, rowBytes, pixelBytes, crowded == 0, middles, spare)
  }
}

/** The middle of each output of a row: half the sum of the codes it looks at, and `excess`. Kernel rows in any order. */
function setMiddles(layer: OneBitConvolution, columns: i32, sums: usize, middles: usize, excess: i32): void {
  const odd = layer.paddedOutputs << 2
  for (let x = 0; x < layer.width; x++) {
    const at = sums + (<usize>(x * layer.step) << 2)
    const sum = layer.kernel == 1 ? load<i32>(at) : sumOf9(at, <usize>columns << 2)
    store<f32>(middles, whole + <f32>(excess + (sum >> 1)))
    store<i32>(middles, sum & 1 ? odd : 0, 4)
    middles += middleBytes
  }
}

// @ts-ignore: decorator
@inline
function sumOf9(row0: usize, rowBytes: usize): i32 {
  const row1 = row0 + rowBytes
  const row2 = row1 + rowBytes
  return (
    (load<i32>(row0) + load<i32>(row0, 4) + load<i32>(row0, 8)) +
    (load<i32>(row1) + load<i32>(row1, 4) + load<i32>(row1, 8)) +
    (load<i32>(row2) + load<i32>(row2, 4) + load<i32>(row2, 8))
  )
}

function outputRow(
  layer: OneBitConvolution,
  ring: usize,
  y: i32,
  top: i32,
  rowBytes: usize,
  pixelBytes: usize,
  eights: bool,
  middles: usize,
  spare: usize,
): void {
  const kernel = layer.kernel
  const padded = layer.paddedOutputs
  const lookups = <i32>(pixelBytes >> 4) * kernel
  const basisBytes = <usize>(padded * kernel * lookups)
  const yRow = layer.y + (<usize>(y * layer.width * layer.yStride) << 2)
  const residualRow = layer.residual + (<usize>(y * layer.width * layer.residualStride) << 2)
  const block = changetype<Block>(spare + spareBytes)
  block.row0 = ring + <usize>((top + 16) % kernel) * rowBytes
  block.row1 = ring + <usize>((top + 17) % kernel) * rowBytes
  block.row2 = ring + <usize>((top + 18) % kernel) * rowBytes
  block.step = pixelBytes * layer.step
  block.run = <usize>lookups << 4
  block.rows = kernel
  block.pixels = layer.width
  block.middles = middles
  block.yStep = <usize>layer.yStride << 2
  block.spare = spare
  for (let o = 0; o < padded; o += 32) {
    const fast = lookups * kernel <= longestRun && layer.outputs - o >= 32
    for (let basis = 0; basis < layer.bases; basis++) {
      block.weights = layer.weights + <usize>basis * basisBytes + <usize>(o * kernel * lookups)
      block.scales = layer.coefficients + (<usize>(3 * basis * padded + o) << 2)
      block.offsets = block.scales + (<usize>padded << 2)
      block.y = yRow + (<usize>o << 2)
      // the second basis adds to what the first has written
      block.factor = basis ? 1 : layer.factor
      if (basis) block.residual = block.y
      else block.residual = layer.residual ? residualRow + (<usize>o << 2) : 0
      block.residualStep = basis ? block.yStep : <usize>layer.residualStride << 2
      if (!fast) slowRow(block, eights, lookups, min(layer.outputs - o, 32))
      else if (eights) tilesByEights(block)
      else tilesByFours(block)
    }
  }
}

function tilesByEights(block: Block): void {
  tiles(block, true)
}

function tilesByFours(block: Block): void {
  tiles(block, false)
}

/**
 * 32 outputs of each of a row of pixels, a and b being two neighbours. Sums of bytes go to two accumulators of 16-bit lanes for every 16
 * outputs: `All` adds whole lanes, odd bytes times 256 included, `Odd` the odd bytes alone; All - 256 * Odd leaves the even ones.
 * The last of an odd number of pixels is its own neighbour, whose outputs go to `spare`.
 */
// @ts-ignore: decorator
@inline
function tiles(block: Block, eights: bool): void {
  const factor = f32x4.splat(block.factor)
  const run = block.run
  const rows = block.rows
  const pixels = block.pixels
  const scales = block.scales
  let row0 = block.row0
  let row1 = block.row1
  let row2 = block.row2
  let middle = block.middles
  let residual = block.residual
  let y = block.y
  for (let x = 0; x < pixels; x += 2) {
    const pair = x + 1 < pixels
    const apart = pair ? block.step : 0
    let indices = block.weights
    let aAll0 = i16x8.splat(0)
    let aAll1 = i16x8.splat(0)
    let aOdd0 = i16x8.splat(0)
    let aOdd1 = i16x8.splat(0)
    let bAll0 = i16x8.splat(0)
    let bAll1 = i16x8.splat(0)
    let bOdd0 = i16x8.splat(0)
    let bOdd1 = i16x8.splat(0)
    for (let row = 0; row < rows; row++) {
      let table = row == 0 ? row0 : row == 1 ? row1 : row2
      const end = table + run
      while (table < end) {
        const other = table + apart
        let t = v128.load(table)
        let u = v128.load(other)
        let index = v128.load(indices)
        let a0 = lookUp(t, index)
        let b0 = lookUp(u, index)
        index = v128.load(indices, 16)
        let a1 = lookUp(t, index)
        let b1 = lookUp(u, index)
        t = v128.load(table, 16)
        u = v128.load(other, 16)
        index = v128.load(indices, 32)
        a0 = i8x16.add(a0, lookUp(t, index))
        b0 = i8x16.add(b0, lookUp(u, index))
        index = v128.load(indices, 48)
        a1 = i8x16.add(a1, lookUp(t, index))
        b1 = i8x16.add(b1, lookUp(u, index))
        t = v128.load(table, 32)
        u = v128.load(other, 32)
        index = v128.load(indices, 64)
        a0 = i8x16.add(a0, lookUp(t, index))
        b0 = i8x16.add(b0, lookUp(u, index))
        index = v128.load(indices, 80)
        a1 = i8x16.add(a1, lookUp(t, index))
        b1 = i8x16.add(b1, lookUp(u, index))
        t = v128.load(table, 48)
        u = v128.load(other, 48)
        index = v128.load(indices, 96)
        a0 = i8x16.add(a0, lookUp(t, index))
        b0 = i8x16.add(b0, lookUp(u, index))
        index = v128.load(indices, 112)
        a1 = i8x16.add(a1, lookUp(t, index))
        b1 = i8x16.add(b1, lookUp(u, index))
        if (eights) {
          t = v128.load(table, 64)
          u = v128.load(other, 64)
          index = v128.load(indices, 128)
          a0 = i8x16.add(a0, lookUp(t, index))
          b0 = i8x16.add(b0, lookUp(u, index))
          index = v128.load(indices, 144)
          a1 = i8x16.add(a1, lookUp(t, index))
          b1 = i8x16.add(b1, lookUp(u, index))
          t = v128.load(table, 80)
          u = v128.load(other, 80)
          index = v128.load(indices, 160)
          a0 = i8x16.add(a0, lookUp(t, index))
          b0 = i8x16.add(b0, lookUp(u, index))
          index = v128.load(indices, 176)
          a1 = i8x16.add(a1, lookUp(t, index))
          b1 = i8x16.add(b1, lookUp(u, index))
          t = v128.load(table, 96)
          u = v128.load(other, 96)
          index = v128.load(indices, 192)
          a0 = i8x16.add(a0, lookUp(t, index))
          b0 = i8x16.add(b0, lookUp(u, index))
          index = v128.load(indices, 208)
          a1 = i8x16.add(a1, lookUp(t, index))
          b1 = i8x16.add(b1, lookUp(u, index))
          t = v128.load(table, 112)
          u = v128.load(other, 112)
          index = v128.load(indices, 224)
          a0 = i8x16.add(a0, lookUp(t, index))
          b0 = i8x16.add(b0, lookUp(u, index))
          index = v128.load(indices, 240)
          a1 = i8x16.add(a1, lookUp(t, index))
          b1 = i8x16.add(b1, lookUp(u, index))
        } else {
          a0 = i8x16.add(a0, i8x16.splat(64))
          a1 = i8x16.add(a1, i8x16.splat(64))
          b0 = i8x16.add(b0, i8x16.splat(64))
          b1 = i8x16.add(b1, i8x16.splat(64))
        }
        aAll0 = i16x8.add(aAll0, a0)
        aOdd0 = i16x8.add(aOdd0, i16x8.shr_u(a0, 8))
        aAll1 = i16x8.add(aAll1, a1)
        aOdd1 = i16x8.add(aOdd1, i16x8.shr_u(a1, 8))
        bAll0 = i16x8.add(bAll0, b0)
        bOdd0 = i16x8.add(bOdd0, i16x8.shr_u(b0, 8))
        bAll1 = i16x8.add(bAll1, b1)
        bOdd1 = i16x8.add(bOdd1, i16x8.shr_u(b1, 8))
        table += eights ? 128 : 64
        indices += eights ? 256 : 128
      }
    }
    finish(aAll0, aOdd0, aAll1, aOdd1, middle, scales, block.offsets, residual, factor, y)
    const yB = pair ? y + block.yStep : block.spare
    const residualB = residual && pair ? residual + block.residualStep : residual
    finish(bAll0, bOdd0, bAll1, bOdd1, pair ? middle + middleBytes : middle, scales, block.offsets, residualB, factor, yB)
    middle += 2 * middleBytes
    row0 += 2 * block.step
    row1 += 2 * block.step
    row2 += 2 * block.step
    y += 2 * block.yStep
    if (residual) residual += 2 * block.residualStep
  }
}

/** Writes what the sums of 32 outputs of a pixel stand for. */
// @ts-ignore: decorator
@inline
function finish(
  all0: v128,
  odd0: v128,
  all1: v128,
  odd1: v128,
  middle: usize,
  scales: usize,
  offsets: usize,
  residual: usize,
  factor: v128,
  y: usize,
): void {
  const taken = v128.load32_splat(middle)
  const offset = offsets + load<u32>(middle, 4)
  finish16(all0, odd0, taken, scales, offset, residual, factor, y, 0)
  finish16(all1, odd1, taken, scales, offset, residual, factor, y, 64)
}

// @ts-ignore: decorator
@inline
function finish16(
  all: v128,
  odd: v128,
  taken: v128,
  scales: usize,
  offset: usize,
  residual: usize,
  factor: v128,
  y: usize,
  at: usize,
): void {
  const even = i16x8.sub(all, i16x8.shl(odd, 8))
  const s0 = f32x4.sub(lowFloats(even), taken)
  const s1 = f32x4.sub(highFloats(even), taken)
  const s2 = f32x4.sub(lowFloats(odd), taken)
  const s3 = f32x4.sub(highFloats(odd), taken)
  if (residual) {
    v128.store(y + at, added(scaled(s0, scales, offset, at), residual + at, factor))
    v128.store(y + at, added(scaled(s1, scales, offset, at + 16), residual + at + 16, factor), 16)
    v128.store(y + at, added(scaled(s2, scales, offset, at + 32), residual + at + 32, factor), 32)
    v128.store(y + at, added(scaled(s3, scales, offset, at + 48), residual + at + 48, factor), 48)
  } else if (scales) {
    v128.store(y + at, scaled(s0, scales, offset, at))
    v128.store(y + at, scaled(s1, scales, offset, at + 16), 16)
    v128.store(y + at, scaled(s2, scales, offset, at + 32), 32)
    v128.store(y + at, scaled(s3, scales, offset, at + 48), 48)
  } else {
    v128.store(y + at, f32x4.add(v128.load(y + at), s0))
    v128.store(y + at, f32x4.add(v128.load(y + at, 16), s1), 16)
    v128.store(y + at, f32x4.add(v128.load(y + at, 32), s2), 32)
    v128.store(y + at, f32x4.add(v128.load(y + at, 48), s3), 48)
  }
}

/** 2^23 + each of the lower four of eight 16-bit integers. */
// @ts-ignore: decorator
@inline
function lowFloats(x: v128): v128 {
  return i16x8.shuffle(x, i16x8.splat(0x4b00), 0, 8, 1, 9, 2, 10, 3, 11)
}

// @ts-ignore: decorator
@inline
function highFloats(x: v128): v128 {
  return i16x8.shuffle(x, i16x8.splat(0x4b00), 4, 12, 5, 13, 6, 14, 7, 15)
}

/** scale * s + offset of four outputs. */
// @ts-ignore: decorator
@inline
function scaled(s: v128, scales: usize, offset: usize, at: usize): v128 {
  return multiplyAdd(v128.load(scales + at), s, v128.load(offset + at))
}

/** y + factor * residual. */
// @ts-ignore: decorator
@inline
function added(y: v128, residual: usize, factor: v128): v128 {
  return multiplyAdd(v128.load(residual), factor, y)
}

/** The first `count` outputs of each of a row of pixels, whose sums may be too long for 16 bits. */
function slowRow(block: Block, eights: bool, lookups: i32, count: i32): void {
  const sums = block.spare
  const part = changetype<Block>(sums + spareBytes + offsetof<Block>())
  part.rows = 1
  part.pixels = 1
  part.middles = none
  part.scales = 0
  part.residual = 0
  part.y = sums
  part.spare = sums + 128
  for (let x = 0; x < block.pixels; x++) {
    memory.fill(sums, 0, 256)
    part.weights = block.weights
    for (let row = 0; row < block.rows; row++) {
      const tables = (row == 0 ? block.row0 : row == 1 ? block.row1 : block.row2) + <usize>x * block.step
      // whole numbers below 2^24 add exactly as floats
      for (let done = 0; done < lookups; done += longestRun) {
        const some = min(longestRun, lookups - done)
        part.row0 = tables + (<usize>done << 4)
        part.run = <usize>some << 4
        if (eights) tilesByEights(part)
        else tilesByFours(part)
        part.weights += <usize>(some * 32)
      }
    }
    const middle = block.middles + <usize>x * middleBytes
    const residual = block.residual ? block.residual + <usize>x * block.residualStep : 0
    finishSums(block, middle, count, residual, block.y + <usize>x * block.yStep)
  }
}

/** What finish16 does, for `count` sums at `spare`, one by one. */
function finishSums(block: Block, middle: usize, count: i32, residual: usize, y: usize): void {
  const taken = load<f32>(middle) - whole
  const offsets = block.offsets + load<u32>(middle, 4)
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2
    let base = load<f32>(offsets + at)
    if (residual) base += load<f32>(residual + at) * block.factor
    store<f32>(y + at, load<f32>(block.scales + at) * (load<f32>(block.spare + at) - taken) + base)
  }
}

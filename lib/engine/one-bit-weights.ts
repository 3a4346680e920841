/**
 * The weights of a binarized layer as its kernel reads them (assembly/one-bit.ts): an index of four bits a byte for every
 * four input channels, and what turns sums of lookups into outputs.
 */

/** Output channels go in blocks of so many, the last may have half. */
const block = 64

/** Output channels with those that fill the last block: a multiple of 32. */
export function paddedOutputs(outputs: number): number {
  return Math.ceil(outputs / 32) * 32
}

/** Lane of a vector of 16 bytes for output i of its 16: even lanes hold the first eight, odd ones the others. */
const laneOf = (i: number): number => (i < 8 ? 2 * i : 2 * (i - 8) + 1)

/** Bytes of the indices of one basis. */
export function indexBytes([outputs = 1, channels = 1, ...kernel]: readonly number[]): number {
  const taps = kernel.reduce((n, d) => n * d, 1)
  return paddedOutputs(outputs) * taps * Math.ceil(channels / 16) * 4
}

/** Signs (+1, -1) of weights of `shape` (OIHW or [out, in]) as indices, [block][kernel row][kernel column][four channels][output]. */
export function weightIndices(signs: Int8Array, shape: readonly number[]): Uint8Array {
  const [outputs = 1, channels = 1, ...kernel] = shape
  const taps = kernel.reduce((n, d) => n * d, 1)
  const groups = Math.ceil(channels / 16) * 4
  const padded = paddedOutputs(outputs)
  const indices = new Uint8Array(indexBytes(shape))
  for (let o = 0, from = 0; o < outputs; o++) {
    const first = Math.floor(o / block) * block
    const width = Math.min(block, padded - first)
    const lane = first * taps * groups + ((o - first) & ~15) + laneOf(o & 15)
    for (let c = 0; c < channels; c++)
      for (let tap = 0; tap < taps; tap++, from++)
        if (signs[from]! > 0) indices[lane + (tap * groups + (c >> 2)) * width]! |= 1 << (c & 3)
  }
  return indices
}

/**
 * Scale of each basis, then offset, each for all padded outputs: y = sum over bases of scale * (S - sum u / 2), plus offset, where
 * S is the sum of the codes u = q + 8 whose weight is +1 (see assembly/one-bit.ts). `sigmas` and `signs` by basis, `factor`
 * multiplies all of it.
 */
export function coefficients(
  signs: readonly Int8Array[],
  sigmas: readonly Float32Array[],
  alpha: number,
  bias: Float32Array,
  factor = 1,
): Float32Array {
  const outputs = bias.length
  const padded = paddedOutputs(outputs)
  const result = new Float32Array(padded * (signs.length + 1))
  const offsets = Float64Array.from(bias)
  for (const [basis, plane] of signs.entries()) {
    const products = plane.length / outputs
    for (let o = 0; o < outputs; o++) {
      let set = 0
      for (let i = o * products; i < (o + 1) * products; i++) if (plane[i]! > 0) set++
      const unit = sigmas[basis]![o]! * Math.fround(alpha)
      result[basis * padded + o] = 2 * unit * factor
      offsets[o]! += unit * (8 * products - 16 * set)
    }
  }
  for (let o = 0; o < outputs; o++) result[signs.length * padded + o] = offsets[o]! * factor
  return result
}

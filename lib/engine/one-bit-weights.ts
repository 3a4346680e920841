/**
 * The weights of a binarized layer as its kernel reads them (assembly/one-bit.ts): an index of four bits a byte for every
 * four input channels, and what turns sums of lookups into outputs.
 */

/** Output channels go in blocks of so many. */
const block = 32

/** Output channels with those that fill the last block. */
export function paddedOutputs(outputs: number): number {
  return Math.ceil(outputs / block) * block
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
  const indices = new Uint8Array(indexBytes(shape))
  for (let o = 0, from = 0; o < outputs; o++) {
    const first = Math.floor(o / block) * block
    const lane = first * taps * groups + ((o - first) & ~15) + laneOf(o & 15)
    for (let c = 0; c < channels; c++)
      for (let tap = 0; tap < taps; tap++, from++)
        if (signs[from]! > 0) indices[lane + (tap * groups + (c >> 2)) * block]! |= 1 << (c & 3)
  }
  return indices
}

/**
 * What turns the sums S of a basis into outputs (assembly/one-bit.ts), by basis, each for all padded outputs: its scale, the offset
 * where the sum of codes is even, and where it is odd. `sigmas` by basis; `factor` multiplies all of it.
 */
export function coefficients(
  sigmas: readonly Float32Array[],
  alpha: number,
  bias: Float32Array,
  factor = 1,
): Float32Array {
  const padded = paddedOutputs(bias.length)
  const result = new Float32Array(3 * padded * sigmas.length)
  for (const [basis, sigma] of sigmas.entries()) {
    const [scales, even, odd] = [0, 1, 2].map((part) =>
      result.subarray((3 * basis + part) * padded, (3 * basis + part + 1) * padded),
    ) as [Float32Array, Float32Array, Float32Array]
    for (const [o, scale] of sigma.entries()) {
      const half = scale * Math.fround(alpha) * factor
      const offset = basis === 0 ? bias[o]! * factor : 0
      scales[o] = 2 * half
      even[o] = offset
      odd[o] = offset - half
    }
  }
  return result
}

/** The weights of a binarized layer as its shader reads them (shaders.ts): one bit each. */

/** Fours of outputs, which an invocation sums up together; the last may have fewer. */
export function foursOf(outputs: number): number {
  return Math.ceil(outputs / 4)
}

/** Words of 32 bits for so many channels. */
export function wordsOf(channels: number): number {
  return Math.ceil(channels / 32)
}

/**
 * Signs (+1, -1) of weights of `shape` (OIHW or [out, in]) as [kernel row][kernel column][32 channels][output], the bits of a word as in
 * a bit plane: the least significant is the first channel, 1 is +1. Bits behind the last channel and output are 0.
 */
export function signWords(signs: Int8Array, shape: readonly number[]): Uint32Array {
  const [outputs = 1, channels = 1, ...kernel] = shape
  const taps = kernel.reduce((n, d) => n * d, 1)
  const words = wordsOf(channels)
  const padded = 4 * foursOf(outputs)
  const result = new Uint32Array(taps * words * padded)
  for (let o = 0, from = 0; o < outputs; o++)
    for (let c = 0; c < channels; c++)
      for (let tap = 0; tap < taps; tap++)
        if (signs[from++]! > 0) result[(tap * words + (c >> 5)) * padded + o]! |= 1 << (c & 31)
  return result
}

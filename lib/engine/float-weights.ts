/** The weights of a layer that computes in floats, as its kernel reads them (assembly/float.ts). */

/** Weights of `shape` (OIHW or [out, in]) as [block of 8 outputs][kernel row][kernel column][channel][8], zeros behind the last output. */
export function blockedWeights(weights: Float32Array, shape: readonly number[]): Float32Array {
  const [outputs = 1, channels = 1, ...kernel] = shape
  const taps = kernel.reduce((n, d) => n * d, 1)
  const blocked = new Float32Array(Math.ceil(outputs / 8) * 8 * channels * taps)
  for (let o = 0, from = 0; o < outputs; o++) {
    const first = (o >> 3) * 8 * channels * taps + (o & 7)
    for (let c = 0; c < channels; c++)
      for (let tap = 0; tap < taps; tap++) blocked[first + (tap * channels + c) * 8] = weights[from++]!
  }
  return blocked
}

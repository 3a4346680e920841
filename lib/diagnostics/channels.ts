/**
 * What float weights w [O, n] are like per output channel, and what sign bases would make of them as they are: the scales
 * mean|w| and mean|r| of lib/quant/scales, without training. Two passes over each row, which stays in the processor's cache.
 */
import { sqnrCeiling } from '../math/agreement'
import { quantiles } from '../math/quantiles'
import { rowLength } from '../quant/scales'
import type { ChannelFacts, Spread } from '../record/run'

/** Facts of weights w whose first axis has O output channels; null for no weights, and where one is not finite. */
export function channelFacts(w: Float32Array, O: number): ChannelFacts | null {
  const n = rowLength(w, O)
  if (n === 0) return null
  const [sigma1, sigma2, positive] = [new Float32Array(O), new Float32Array(O), new Float32Array(O)]
  let [flat, energy, noise1, noise2] = [0, 0, 0, 0]
  for (let o = 0; o < O; o++) {
    const [from, to] = [o * n, (o + 1) * n]
    let [sum, squares, negatives, min, max] = [0, 0, 0, Infinity, -Infinity]
    for (let i = from; i < to; i++) {
      const v = w[i]!
      sum += Math.abs(v)
      squares += v * v
      negatives += Number(v < 0)
      min = Math.min(min, v)
      max = Math.max(max, v)
    }
    const s1 = Math.fround(sum / n)
    let [residuals, left] = [0, 0]
    for (let i = from; i < to; i++) {
      // |w - s1*sign(w)| without a branch on the sign, which no processor can predict
      const r = Math.fround(Math.abs(w[i]!) - s1)
      residuals += Math.abs(r)
      left += r * r
    }
    const s2 = Math.fround(residuals / n)
    sigma1[o] = s1
    sigma2[o] = s2
    positive[o] = 1 - negatives / n
    flat += Number(min === max)
    energy += squares
    noise1 += left
    // sum (|r| - s2)^2: the second basis takes the sign of r
    noise2 += left - 2 * s2 * residuals + n * s2 * s2
  }
  if (!Number.isFinite(energy)) return null
  const sqnr = (noise: number) =>
    energy > 0 ? Math.min(sqnrCeiling, 10 * Math.log10(energy / Math.max(0, noise))) : null
  return {
    channels: O,
    flat,
    positive: spreadOf(positive),
    sigma1: spreadOf(sigma1),
    sigma2: spreadOf(sigma2),
    oneBasisSqnr: sqnr(noise1),
    twoBasesSqnr: sqnr(noise2),
  }
}

function spreadOf(values: Float32Array): Spread {
  const [min, median, max] = quantiles(values, [0, 0.5, 1]) as [number, number, number]
  return { min, median, max }
}

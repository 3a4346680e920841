/**
 * Moments of float weights w [O, n], what they are like per output channel, and what sign bases would make of them as they
 * are: the scales mean|w| and mean|r| of lib/quant/scales, without training. All of it in two passes over each row, because
 * memory and the latency of sums, not arithmetic, are what the statistics of a large checkpoint wait for.
 */

import { moments } from '../math/moments'
import { quantiles } from '../math/quantiles'
import { sqnrCeiling } from '../math/sqnr-ceiling'
import { rowLength } from '../quant/scales'
import type { ChannelFacts, Moments, Spread } from '../record/run'

export type WeightMoments = {
  moments: Moments
  /** null for no weights, and where one is not finite. */
  channels: ChannelFacts | null
}

/** Moments and channel facts of weights w whose first axis has O output channels; float64 sums. */
export function weightMoments(w: Float32Array, O: number): WeightMoments {
  const n = rowLength(w, O)
  const rows = Array.from({ length: O }, (_, o) => w.subarray(o * n, (o + 1) * n))
  const sums = rows.map(sumsOf)
  const total = (of: (row: Sums) => number) => sums.reduce((sum, row) => sum + of(row), 0)
  const count = w.length
  const mean = total((row) => row.sum) / count
  if (!Number.isFinite(mean)) return { moments: moments(w), channels: null }
  const powers = rows.map((row, o) => powersOf(row, mean, Math.fround(sums[o]!.magnitudes / n)))
  const sumOf = (of: (row: Powers) => number) => powers.reduce((sum, row) => sum + of(row), 0)
  const variance = sumOf((row) => row.squares) / count
  const [min, max] = [Math.min(...sums.map((row) => row.min)), Math.max(...sums.map((row) => row.max))]
  const energy = count * (variance + mean * mean)
  const sqnr = (noise: number) =>
    energy > 0 ? Math.min(sqnrCeiling, 10 * Math.log10(energy / Math.max(0, noise))) : null
  const sigma2 = Float32Array.from(powers, (row) => row.residuals / n)
  return {
    moments: {
      ...{ count, mean, std: Math.sqrt(variance), min, max, meanAbs: total((row) => row.magnitudes) / count },
      kurtosis: min < max ? sumOf((row) => row.fourths) / count / variance ** 2 : null,
      nonFinite: 0,
    },
    channels: {
      channels: O,
      flat: sums.filter((row) => row.min === row.max).length,
      positive: spreadOf(Float32Array.from(sums, (row) => 1 - row.negatives / n)),
      sigma1: spreadOf(Float32Array.from(sums, (row) => row.magnitudes / n)),
      sigma2: spreadOf(sigma2),
      oneBasisSqnr: sqnr(sumOf((row) => row.left)),
      // sum (|r| - sigma2)^2: the second basis takes the sign of r
      twoBasesSqnr: sqnr(
        powers.reduce((sum, { left, residuals }, o) => {
          const s2 = sigma2[o]!
          return sum + left - 2 * s2 * residuals + n * s2 * s2
        }, 0),
      ),
    },
  }
}

type Sums = { sum: number; magnitudes: number; negatives: number; min: number; max: number }

function sumsOf(row: Float32Array): Sums {
  let sum = 0
  let magnitudes = 0
  let negatives = 0
  let min = Infinity
  let max = -Infinity
  for (let i = 0; i < row.length; i++) {
    const v = row[i]!
    sum += v
    magnitudes += Math.abs(v)
    negatives += Number(v < 0)
    min = Math.min(min, v)
    max = Math.max(max, v)
  }
  return { sum, magnitudes, negatives, min, max }
}

/** Powers of w - mean, and of |r|, r = w - sigma1*sign(w), whose square sum is `left`. */
type Powers = { squares: number; fourths: number; residuals: number; left: number }

function powersOf(row: Float32Array, mean: number, sigma1: number): Powers {
  let squares = 0
  let fourths = 0
  let residuals = 0
  let left = 0
  for (let i = 0; i < row.length; i++) {
    const v = row[i]!
    const square = (v - mean) * (v - mean)
    squares += square
    fourths += square * square
    // without a branch on the sign, which no processor can predict
    const r = Math.fround(Math.abs(v) - sigma1)
    residuals += Math.abs(r)
    left += r * r
  }
  return { squares, fourths, residuals, left }
}

function spreadOf(values: Float32Array): Spread {
  const [min, median, max] = quantiles(values, [0, 0.5, 1]) as [number, number, number]
  return { min, median, max }
}

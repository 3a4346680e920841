import { describe, expect, it } from 'vitest'
import { weightMoments } from '../../../lib/diagnostics/channels'
import { agreement } from '../../../lib/math/agreement'
import { moments } from '../../../lib/math/moments'
import { normal } from '../../../lib/math/rng'
import { postTrainingBinarize } from '../../../lib/quant/binarizer'

const channelFacts = (w: Float32Array, O: number) => weightMoments(w, O).channels

describe('weightMoments', () => {
  it('of two channels by hand', () => {
    // |w| 1, 3 and 2, 2: sigma1 2 and 2, residuals 1, 1 and 0, 0.
    const facts = channelFacts(Float32Array.from([1, -3, 2, 2]), 2)!
    expect(facts).toMatchObject({
      channels: 2,
      flat: 1,
      positive: { min: 0.5, median: 0.75, max: 1 },
      sigma1: { min: 2, median: 2, max: 2 },
      sigma2: { min: 0, median: 0.5, max: 1 },
      twoBasesSqnr: 150,
    })
    expect(facts.oneBasisSqnr).toBeCloseTo(10 * Math.log10(18 / 2), 12)
  })
  it('has the moments of all weights together', () => {
    const w = normal(4, 0, new Float32Array(6000))
    const { moments: found } = weightMoments(w, 12)
    const { kurtosis, std, mean, meanAbs, ...exact } = moments(w)
    expect(found).toMatchObject(exact)
    // float64 sums in another order
    expect(found.kurtosis).toBeCloseTo(kurtosis!, 12)
    expect(found.std).toBeCloseTo(std, 12)
    expect(found.mean).toBeCloseTo(mean, 12)
    expect(found.meanAbs).toBeCloseTo(meanAbs, 12)
  })
  it('has the errors that binarizing the weights gives', () => {
    const w = { shape: [8, 500], data: normal(3, 0, new Float32Array(4000)) }
    const facts = channelFacts(w.data, 8)!
    for (const bases of [1, 2] as const) {
      const { effective, scales } = postTrainingBinarize(w, 'lmb', bases)
      // float64 sums of float32 products, taken apart by channel here and not there
      expect(bases === 1 ? facts.oneBasisSqnr : facts.twoBasesSqnr).toBeCloseTo(
        agreement(w.data, effective.data).sqnr!,
        5,
      )
      const used = bases === 1 ? scales.sigma1 : scales.sigma2!
      expect(bases === 1 ? facts.sigma1.max : facts.sigma2.max).toBe(Math.max(...used))
    }
  })
  it('counts a zero as +1, finds dead channels, and has no error where there is no signal', () => {
    expect(channelFacts(new Float32Array(6), 2)).toMatchObject({
      flat: 2,
      positive: { min: 1, max: 1 },
      oneBasisSqnr: null,
      twoBasesSqnr: null,
    })
  })
  it('is null for weights that are not finite and for none', () => {
    expect(channelFacts(Float32Array.from([1, Number.NaN]), 1)).toBe(null)
    expect(channelFacts(new Float32Array(0), 2)).toBe(null)
  })
})

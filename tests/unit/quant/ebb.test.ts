import { describe, expect, it } from 'vitest'
import { ebbPenalty, ebbTau } from '../../../lib/quant/ebb'
import { f32, golden, worst } from './golden'

describe('ebbPenalty', () => {
  it('is tau times the mean over layers of the mean over channels', () => {
    // Means 2 and 0.5, two layers, tau 0.25; every channel of a layer has the same share.
    const { loss, gradients } = ebbPenalty([f32([1, 3]), f32([0.5, 0.25, 0.75, 0.5])], 0.25)
    expect(loss).toBe((0.25 * 2.5) / 2)
    expect(gradients).toEqual([f32([0.0625, 0.0625]), f32([0.03125, 0.03125, 0.03125, 0.03125])])
  })
  it('does not grow with the width or the number of layers', () => {
    const layer = (channels: number) => new Float32Array(channels).fill(0.5)
    const one = ebbPenalty([layer(1)]).loss
    expect(one).toBeCloseTo(ebbTau * 0.5, 12)
    expect(ebbPenalty([layer(64), layer(3), layer(1)]).loss).toBeCloseTo(one, 12)
  })
  it('is nothing without layers', () => {
    expect(ebbPenalty([])).toEqual({ loss: 0, gradients: [] })
  })
  it.each(golden.ebb)('agrees with PyTorch: $name', (c) => {
    const { loss, gradients } = ebbPenalty(c.sigma2s.map(f32), c.tau)
    // Means of at most 16 float32 numbers below 1.
    expect(Math.abs(loss - c.loss)).toBeLessThan(1e-7)
    gradients.forEach((gradient, i) => {
      expect(worst(gradient, c.gradients[i]!)).toBeLessThan(1e-8)
    })
  })
})

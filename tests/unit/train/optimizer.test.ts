import { expect, test } from 'vitest'
import { learningRate } from '../../../lib/train/optimizer'

const config = {
  learningRate: 1,
  scaleRate: 1,
  warmupSteps: 10,
  finalShare: 0.2,
  weightDecay: 0,
  clip: 1,
  ema: 0.9,
}

test('one cycle: linear warm-up, then cosine to the final share at the last step', () => {
  const rate = (step: number) => learningRate({ ...config, cycles: 1 }, step, 111)
  expect(rate(0)).toBeCloseTo(0.1, 12)
  expect(rate(9)).toBe(1)
  expect(rate(10)).toBe(1)
  expect(rate(60)).toBeCloseTo(0.6, 12)
  expect(rate(110)).toBeCloseTo(0.2, 12)
})

test('a second cycle starts at the full rate without warm-up and ends where the first ended', () => {
  const rate = (step: number) => learningRate({ ...config, cycles: 2 }, step, 200)
  expect(rate(99)).toBeCloseTo(0.2, 12)
  expect(rate(100)).toBe(1)
  expect(rate(199)).toBeCloseTo(0.2, 12)
  for (let step = 11; step < 100; step++) expect(rate(step)).toBeLessThanOrEqual(rate(step - 1))
})

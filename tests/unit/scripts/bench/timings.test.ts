import { describe, expect, it } from 'vitest'
import { geometricMean, quietRun, spreadOf, timingOf } from '@/scripts/bench/timings'

describe('timings', () => {
  it('are told by median and minimum', () => {
    expect(timingOf([5, 1, 3])).toEqual({ median: 3, min: 1 })
    expect(timingOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1 })
  })

  it('of nothing are refused', () => {
    expect(() => timingOf([])).toThrow('nothing was measured')
  })

  it('spread by the share of the median that lies furthest above its minimum', () => {
    expect(
      spreadOf([
        { median: 11, min: 10 },
        { median: 3, min: 2 },
      ]),
    ).toBeCloseTo(0.5, 12)
  })
})

it('the geometric mean of ratios does not care which side is divided by which', () => {
  expect(geometricMean([2, 8])).toBeCloseTo(4, 12)
  expect(geometricMean([1 / 2, 1 / 8])).toBeCloseTo(1 / 4, 12)
})

describe('a measurement', () => {
  /** Runs with these medians over a minimum of 1. */
  const measured = (...medians: number[]) => {
    const left = [...medians]
    return quietRun(
      async () => left.shift()!,
      (median) => [{ median, min: 1 }],
      3,
    )
  }

  it('is made once when it was quiet', async () => {
    expect(await measured(1.1, 1)).toMatchObject({ run: 1.1, runs: 1 })
  })

  it('is made again until it is quiet', async () => {
    expect(await measured(1.3, 1.1, 1)).toMatchObject({ run: 1.1, runs: 2 })
  })

  it('counts where it was least noisy when it never is quiet', async () => {
    const { run, runs, spread } = await measured(1.3, 1.2, 1.4)
    expect([run, runs]).toEqual([1.2, 3])
    expect(spread).toBeCloseTo(0.2, 12)
  })
})

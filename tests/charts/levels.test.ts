import { expect, it } from 'vitest'
import { densityOf, levelsOf, levelsPerChannel, shareOutside, valueDomain } from '../../app/_charts/levels'

it('two bases give four levels in the order of their shares, one basis gives two', () => {
  expect(levelsOf(0.5, 0.25)).toEqual([
    { name: '−σ1−σ2', value: -0.75 },
    { name: '−σ1+σ2', value: -0.25 },
    { name: 'σ1−σ2', value: 0.25 },
    { name: 'σ1+σ2', value: 0.75 },
  ])
  expect(levelsOf(0.5, null).map((level) => level.value)).toEqual([-0.5, 0.5])
  expect(levelsPerChannel([0.5, 1], [0.25, 0.5])[1]!.map((level) => level.value)).toEqual([
    -1.5, -0.5, 0.5, 1.5,
  ])
  expect(levelsPerChannel(null, null)).toEqual([])
})

it('a density has area 1 whatever the bins, and none without values', () => {
  const points = densityOf({ lo: -2, hi: 2, counts: [1, 3, 4, 2] })
  expect(points.map((p) => p.x)).toEqual([-1.5, -0.5, 0.5, 1.5])
  // Bins are 1 wide: the area is the sum. Exact up to one float64 rounding per term.
  expect(points.reduce((sum, p) => sum + p.y, 0)).toBeCloseTo(1, 12)
  expect(densityOf({ lo: 0, hi: 1, counts: [0, 0] })).toEqual([])
})

it('the value axis is symmetric, holds every level and leaves out only the tails', () => {
  const histogram = { lo: -4, hi: 4, counts: [1, 0, 0, 5000, 5000, 0, 0, 0] }
  expect(valueDomain([histogram])).toEqual([-1, 1])
  const [low, high] = valueDomain([histogram], [-2.5, 0.5])
  expect(high).toBeGreaterThan(2.5)
  expect(low).toBe(-high)
  expect(shareOutside(histogram, [-1, 1])).toBe(1 / 10001)
  expect(shareOutside(histogram, [-4, 4])).toBe(0)
})

it('an axis without any finite weight is still an axis', () => {
  expect(valueDomain([{ lo: 0, hi: 1, counts: [0, 0] }])).toEqual([-1, 1])
})

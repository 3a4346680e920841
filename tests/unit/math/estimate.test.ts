import { describe, expect, it } from 'vitest'
import { estimate } from '../../../lib/math/estimate'

describe('estimate', () => {
  it('of 1, 2, 3, 6 is 3 with the standard error sqrt(14/3)/2', () => {
    expect(estimate([1, 2, 3, 6])).toEqual({
      mean: 3,
      standardError: expect.closeTo(Math.sqrt(14 / 3) / 2, 12),
      n: 4,
    })
  })
  it('of one value has no spread', () => {
    expect(estimate([7])).toEqual({ mean: 7, standardError: 0, n: 1 })
  })
  it('is null for nothing, and where a value is not finite', () => {
    expect(estimate([])).toBe(null)
    expect(estimate([1, Number.NaN])).toBe(null)
    expect(estimate([1, Infinity])).toBe(null)
  })
})

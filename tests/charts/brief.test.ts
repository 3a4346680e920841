import { expect, it } from 'vitest'
import { brief } from '../../app/_views/brief'
import { normal } from '../../lib/math/rng'

it('keeps six digits of fractions of any size and leaves everything else alone', () => {
  const values = [0.1234567, -1234.5678, 123456.7, 1234567.8, 9.9999996, 1.5e-7, 2.7182818e-20, 5e-324, 0.5]
  expect(brief(values)).toEqual(values.map((v) => Number(v.toPrecision(6))))
  const others = {
    whole: 1234567,
    name: '0.1234567',
    none: null,
    not: Number.NaN,
    all: [Number.POSITIVE_INFINITY],
  }
  expect(brief(others)).toEqual(others)
})

it('leaves no digits beyond six, whatever the size of a number', () => {
  const values = [...normal(7, 0, new Float32Array(10_000))].map((v, i) => v * 10 ** ((i % 24) - 18))
  for (const v of values) {
    const rounded = brief(v)
    if (!Number.isInteger(v)) expect(Number(rounded.toPrecision(6))).toBe(rounded)
    expect(Math.abs(rounded - v)).toBeLessThanOrEqual(5.1e-6 * Math.abs(v))
  }
})

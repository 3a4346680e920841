import { describe, expect, it } from 'vitest'
import { codeThresholds } from '@/lib/engine/gpu/code-thresholds'
import { lsq } from '@/lib/quant/lsq'

const floatOf = (place: number) => {
  const size = new Float32Array(Int32Array.of(Math.abs(place)).buffer)[0]!
  return place < 0 ? -size : size
}
const codeOf = (x: number, alpha: number) =>
  Math.round(lsq(Float32Array.of(x), alpha, 4)[0]! / Math.fround(alpha))

describe('thresholds of codes', () => {
  it('with a step of 1 are the halves that round up to an even code, and the floats behind the others', () => {
    const halves = Float32Array.from(codeThresholds(1), floatOf)
    expect([...halves].filter((_, i) => i % 2 === 1)).toEqual([-6.5, -4.5, -2.5, -0.5, 1.5, 3.5, 5.5])
    // the smallest float above an odd half: the next place, which is nearer to zero below it
    const above = [-7.5, -5.5, -3.5, -1.5, 0.5, 2.5, 4.5, 6.5].map((half) => {
      const bits = new Int32Array(Float32Array.of(Math.abs(half)).buffer)[0]!
      return half < 0 ? -bits + 1 : bits + 1
    })
    expect([...codeThresholds(1)].filter((_, i) => i % 2 === 0)).toEqual(above)
  })

  for (const alpha of [0.1, 1 / 3, 1e-30, 3e-43, 1e37]) {
    it(`with a step of ${alpha} part floats that lie next to each other`, () => {
      const thresholds = [...codeThresholds(alpha)]
      expect(thresholds.map((place) => codeOf(floatOf(place), alpha))).toEqual(
        Array.from({ length: 15 }, (_, i) => i - 7),
      )
      expect(thresholds.map((place) => codeOf(floatOf(place - 1), alpha))).toEqual(
        Array.from({ length: 15 }, (_, i) => i - 8),
      )
    })
  }

  it('are those of the step without its sign', () => {
    expect(codeThresholds(-0.7)).toEqual(codeThresholds(0.7))
  })

  it('are refused for a step of 0 or none', () => {
    expect(() => codeThresholds(0)).toThrow(RangeError)
    expect(() => codeThresholds(Number.NaN)).toThrow(RangeError)
  })
})

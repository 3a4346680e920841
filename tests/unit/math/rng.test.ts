import { describe, expect, it } from 'vitest'
import { integers, normal, permutation, philox, uniform } from '../../../lib/math/rng'

function block(c: [number, number, number, number], k: [number, number]): number[] {
  const out = new Uint32Array(4)
  philox(c, k, out)
  return [...out]
}

describe('philox', () => {
  // Known-answer vectors that Random123 publishes for philox4x32 with 10 rounds.
  it('gives the published words for the zero counter and key', () => {
    expect(block([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8])
  })
  it('gives the published words for all bits set', () => {
    const f = 0xffffffff
    expect(block([f, f, f, f], [f, f])).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd])
  })
  it('gives the published words for the digits of pi', () => {
    expect(block([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ])
  })
})

describe('normal', () => {
  it('is a function of seed, stream and index alone, so a short array begins a long one', () => {
    const long = normal(7, 3, new Float32Array(1001))
    for (const n of [1, 2, 3, 4, 5, 999]) expect(normal(7, 3, new Float32Array(n))).toEqual(long.slice(0, n))
  })
  it('differs by seed, by stream, and in the high words of both', () => {
    const draws = [
      [7, 3],
      [8, 3],
      [7, 4],
      [7 + 2 ** 32, 3],
      [7, 3 + 2 ** 32],
      [-7, 3],
    ].map(([seed, stream]) => normal(seed!, stream!, new Float32Array(4)).join())
    expect(new Set(draws).size).toBe(draws.length)
  })
  it('has the moments of a standard normal', () => {
    const n = 200_000
    const x = normal(1, 0, new Float32Array(n))
    const moment = (p: number) => x.reduce((s, v) => s + v ** p, 0) / n
    // Five standard errors: sqrt(var(x^p) / n) with var 1, 2, 15, 96 for p = 1..4.
    expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / n))
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n))
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / n))
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n))
  })
  it('leaves neighbours, streams and seeds uncorrelated', () => {
    const n = 100_000
    const a = normal(1, 0, new Float32Array(n))
    const others = [normal(1, 1, new Float32Array(n)), normal(2, 0, new Float32Array(n))]
    const dot = (x: Float32Array, y: Float32Array) => x.reduce((s, v, i) => s + v * (y[i] ?? 0), 0)
    for (const lag of [1, 2, 3, 4]) others.push(a.slice(lag))
    // Five standard errors of a mean of products of independent normals.
    for (const b of others) expect(Math.abs(dot(a, b)) / n).toBeLessThan(5 / Math.sqrt(n))
  })
  it('refuses a seed that is not an integer', () => {
    expect(() => normal(0.5, 0, new Float32Array(1))).toThrow('seed 0.5 is not an integer')
    expect(() => normal(0, Number.NaN, new Float32Array(1))).toThrow(RangeError)
  })
})

describe('uniform', () => {
  it('lies in [0, 1) and fills it evenly', () => {
    const n = 100_000
    const bins = new Float64Array(10)
    const draws = uniform(5, 0, new Float32Array(n))
    for (const u of draws) bins[Math.floor(u * 10)]! += 1
    expect(draws.every((u) => u >= 0 && u < 1)).toBe(true)
    // Five standard deviations of a binomial count with p = 0.1.
    for (const count of bins) expect(Math.abs(count - n / 10)).toBeLessThan(5 * Math.sqrt(n * 0.09))
  })
})

describe('integers', () => {
  it('cover [0, below) evenly and never reach below', () => {
    const n = 70_000
    const counts = new Float64Array(7)
    for (const v of integers(5, 0, 7, new Int32Array(n))) counts[v]! += 1
    expect(counts.reduce((s, c) => s + c, 0)).toBe(n)
    for (const c of counts) expect(Math.abs(c - n / 7)).toBeLessThan(5 * Math.sqrt((n * 6) / 49))
  })
  it('are all zero below 1, and refuse a bound of 0', () => {
    expect([...integers(5, 0, 1, new Int32Array(3))]).toEqual([0, 0, 0])
    expect(() => integers(5, 0, 0, new Int32Array(3))).toThrow('integers below 0')
  })
})

describe('permutation', () => {
  it('holds every index once', () => {
    for (const n of [0, 1, 2, 5, 1000])
      expect([...permutation(3, 1, n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
  })
  it('is the same again for the same seed and epoch and another for the next epoch', () => {
    expect(permutation(3, 1, 50)).toEqual(permutation(3, 1, 50))
    expect(permutation(3, 1, 50)).not.toEqual(permutation(3, 2, 50))
  })
  it('draws all orders of three about equally often', () => {
    const counts = new Map<string, number>()
    const n = 6000
    for (let epoch = 0; epoch < n; epoch++) {
      const order = permutation(3, epoch, 3).join()
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    for (const c of counts.values()) expect(Math.abs(c - n / 6)).toBeLessThan(5 * Math.sqrt((n * 5) / 36))
  })
})

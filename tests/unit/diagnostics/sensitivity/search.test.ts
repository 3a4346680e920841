import { describe, expect, it } from 'vitest'
import { greedyChoices, type Option, paretoFront } from '../../../../lib/diagnostics/sensitivity/search'
import { uniform } from '../../../../lib/math/rng'

const options = (...pairs: [cost: number, harm: number][]): Option[] =>
  pairs.map(([cost, harm], i) => ({ bases: ([1, 2, 0] as const)[i]!, cost, harm }))

describe('greedyChoices', () => {
  it('takes the upgrade that saves most harm per cost first', () => {
    const parts = [options([1, 10], [2, 4], [10, 0]), options([1, 3], [2, 2], [10, 0])]
    // 6 for 1, 1 for 1, then 4 for 8 and 2 for 8
    expect(greedyChoices(parts)).toEqual([
      { chosen: [0, 0], cost: 2, harm: 13 },
      { chosen: [1, 0], cost: 3, harm: 7 },
      { chosen: [1, 1], cost: 4, harm: 6 },
      { chosen: [2, 1], cost: 12, harm: 2 },
      { chosen: [2, 2], cost: 20, harm: 0 },
    ])
  })
  it('passes by what does not fit, and takes what does', () => {
    const parts = [options([1, 10], [50, 0]), options([1, 3], [2, 2])]
    expect(greedyChoices(parts, 10).at(-1)).toEqual({ chosen: [0, 1], cost: 3, harm: 12 })
  })
  it('never takes an option that costs more and harms as much, nor one above the line between its neighbours', () => {
    const parts = [options([1, 4], [2, 4], [9, 0])]
    expect(greedyChoices(parts).map(({ chosen }) => chosen)).toEqual([[0], [2]])
    const aboveTheLine = [options([1, 9], [5, 8], [9, 0])]
    expect(greedyChoices(aboveTheLine).map(({ chosen }) => chosen)).toEqual([[0], [2]])
  })
  it('is empty where even the cheapest is too much', () => {
    expect(greedyChoices([options([5, 1])], 4)).toEqual([])
  })
  it('gives the least harm of all choices at its own costs, on random options', () => {
    for (let seed = 0; seed < 20; seed++) {
      const values = uniform(seed, 0, new Float32Array(30))
      const parts = Array.from({ length: 5 }, (_, p) =>
        options(
          ...[0, 1, 2].map((o): [number, number] => [values[6 * p + 2 * o]!, values[6 * p + 2 * o + 1]!]),
        ),
      )
      const all = everyChoice(parts)
      for (const { cost, harm } of greedyChoices(parts)) {
        const least = Math.min(...all.filter((other) => other.cost <= cost + 1e-9).map((other) => other.harm))
        expect(harm).toBeCloseTo(least, 9)
      }
    }
  })
})

/** Cost and harm of all 3^n choices. */
function everyChoice(parts: readonly Option[][]): { cost: number; harm: number }[] {
  return parts.reduce(
    (sums, own) =>
      sums.flatMap((sum) => own.map((o) => ({ cost: sum.cost + o.cost, harm: sum.harm + o.harm }))),
    [{ cost: 0, harm: 0 }],
  )
}

describe('paretoFront', () => {
  it('leaves out what another beats in cost and error, and what could not be measured', () => {
    const points = [
      { cost: 1, error: 5 },
      { cost: 2, error: 6 },
      { cost: 2, error: 3 },
      { cost: 9, error: null },
      { cost: 3, error: 3 },
    ]
    expect(paretoFront(points)).toEqual([0, 2])
  })
})

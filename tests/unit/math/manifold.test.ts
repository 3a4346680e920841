import { describe, expect, it } from 'vitest'
import { manifoldCoverage, squaredRadii } from '../../../lib/math/manifold'
import { golden } from './evaluation-golden'

const one = { neighbours: 1, coverageNeighbours: 1 }
const points = (...values: number[]) => Float32Array.from(values)

describe('squaredRadii', () => {
  it('takes the k-th nearest other point', () => {
    const line = points(0, 0, 1, 0, 3, 0, 7, 0)
    expect([...squaredRadii(line, 2, 1)]).toEqual([1, 1, 4, 16])
    expect([...squaredRadii(line, 2, 2)]).toEqual([9, 4, 9, 36])
    expect([...squaredRadii(line, 2, 3)]).toEqual([49, 36, 16, 49])
  })
  it('needs more points than k', () => {
    expect(() => squaredRadii(points(0, 0, 1, 1), 2, 2)).toThrow(RangeError)
  })
})

describe('manifoldCoverage', () => {
  // radii with k = 1: real 1, 1, 2; generated 0.5, 0.5, 6
  const real = points(0, 0, 1, 0, 3, 0)
  const generated = points(0.5, 0, 0.5, 0.5, 0.5, 6.5)
  it('is worked out by hand in the plane', () => {
    // (0.5, 0) and (0.5, 0.5) lie within 1 of (0, 0), (0.5, 6.5) within no ball: precision 2/3.
    // (0, 0) and (1, 0) lie within 0.5 of (0.5, 0), on its surface; (3, 0) is 6.96 from (0.5, 6.5), outside: recall 2/3.
    // The ball of (3, 0) reaches 2, the nearest generated point is 2.5 away: coverage 2/3.
    expect(manifoldCoverage(real, generated, 2, one)).toEqual({
      precision: 2 / 3,
      recall: 2 / 3,
      coverage: 2 / 3,
    })
  })
  it('counts the surface of a ball for precision and recall, not for coverage', () => {
    // every distance between and within the sets is 1
    const found = manifoldCoverage(points(0, 1), points(1, 2), 1, one)
    expect(found).toEqual({ precision: 1, recall: 1, coverage: 0.5 })
  })
  it('is 1 throughout for equal sets and 0 for sets far apart', () => {
    expect(manifoldCoverage(real, real, 2, one)).toEqual({ precision: 1, recall: 1, coverage: 1 })
    const far = generated.map((v) => v + 100)
    expect(manifoldCoverage(real, far, 2, one)).toEqual({ precision: 0, recall: 0, coverage: 0 })
  })
  it('sees collapse on one real point in recall and coverage, not in precision', () => {
    const collapsed = points(0, 0, 0, 0, 0, 0)
    const { precision, recall, coverage } = manifoldCoverage(real, collapsed, 2, one)
    expect(precision).toBe(1)
    expect(recall).toBe(1 / 3)
    expect(coverage).toBe(1 / 3)
  })
  it('agrees with numpy', () => {
    const { D, real, fake } = golden.points
    const k = { neighbours: 3, coverageNeighbours: 5 }
    const found = manifoldCoverage(Float32Array.from(real), Float32Array.from(fake), D, k)
    expect(found).toEqual(golden.manifold)
  })
})

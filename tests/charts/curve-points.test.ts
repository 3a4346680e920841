import { describe, expect, it } from 'vitest'
import { curvesIn, leftOutNote, pointsIn, wholeRange } from '../../app/_views/curve-points'

const points = Array.from({ length: 1000 }, (_, i) => ({ x: i, y: i === 503 ? 9 : Math.sin(i) }))

describe('pointsIn', () => {
  it('keeps every point where there are few enough', () => {
    expect(pointsIn(points, [500, 509], 10)).toEqual({
      points: points.slice(500, 510),
      total: 1000,
      within: 10,
      range: [500, 509],
      whole: [0, 999],
    })
  })

  it('of more keeps the extremes, and what is left out of all comes back with a narrower range', () => {
    const all = pointsIn(points, null, 100)
    expect(all.points.length).toBeLessThanOrEqual(100)
    expect(all.points).toContainEqual({ x: 503, y: 9 })
    expect(all.points).not.toContainEqual(points[505])
    expect(pointsIn(points, [480, 520], 100).points).toContainEqual(points[505])
  })
})

describe('curvesIn', () => {
  it('has what is at hand of a range whose points are not there yet, and says so', () => {
    const loaded = [pointsIn(points, null, 1000)]
    expect(curvesIn(loaded, null)).toEqual({ curves: loaded, note: '' })
    const { curves, note } = curvesIn(loaded, [500, 509])
    expect(curves[0]!.points).toEqual(points.slice(500, 510))
    expect(note).toBe('The points of these steps are being loaded.')
    expect(wholeRange(curves)).toEqual([0, 999])
  })
})

describe('leftOutNote', () => {
  const noted = (range: [number, number] | null, most: number) =>
    leftOutNote([pointsIn(points, range, most), pointsIn(points, range, most)], range)

  it('is silent where everything is shown', () => {
    expect(noted(null, 1000)).toBe('')
  })

  it('counts what is shown of all curves together', () => {
    expect(noted([100, 149], 1000)).toBe('Steps 100 to 149: 100 of 2,000 points shown.')
    expect(noted(null, 10)).toMatch(/^\d+ of 2,000 points shown, extremes kept\.$/)
    expect(noted([100, 600], 10)).toMatch(/^Steps 100 to 600: \d+ of 2,000 points shown, extremes kept\.$/)
  })
})

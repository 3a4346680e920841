import { expect, it } from 'vitest'
import { rowsAround } from '../../app/_ui/use-rows-in-view'

/** Rows of 10 px in a window of 100 px that was scrolled so far below the first row. */
const around = (top: number, count = 1000) => rowsAround(top, top + 100, 10, count)

it.each([-5000, -80, 0, 5, 239, 240, 4321, 9900, 9999, 25_000])(
  'at %d px every row in the window is drawn, and never more than a screen and two margins',
  (top) => {
    const { from, to } = around(top)
    const inWindow = Array.from({ length: 1000 }, (_, i) => i).filter(
      (i) => 10 * (i + 1) > top && 10 * i < top + 100,
    )
    for (const row of inWindow) {
      expect(row).toBeGreaterThanOrEqual(from)
      expect(row).toBeLessThan(to)
    }
    expect(to).toBeGreaterThan(from)
    expect(to - from).toBeLessThanOrEqual(10 + 4 * 12)
  },
)

it('rows change in steps, not with every pixel', () => {
  expect(around(250)).toEqual(around(255))
  expect(around(250)).not.toEqual(around(600))
})

it('a short table has no rows it does not have', () => {
  expect(around(0, 7)).toEqual({ from: 0, to: 7 })
  expect(around(50_000, 7)).toEqual({ from: 0, to: 7 })
})

import { expect, it } from 'vitest'
import { pixelAfterKey, pixelValues, pixelWindow, windowPixels } from '../../app/_charts/pixel-window'

const size = { width: 10, height: 8 }
/** Every pixel says where it is: column, row. */
const picture = Uint8Array.from({ length: 10 * 8 * 2 }, (_, i) =>
  i % 2 === 0 ? Math.floor(i / 2) % 10 : Math.floor(i / 20),
)

it('the window is around the pixel, shifted at the edges, and never larger than the picture', () => {
  expect(pixelWindow(size, [5, 4])).toEqual({ left: 2, top: 1, width: 7, height: 7 })
  expect(pixelWindow(size, [0, 7])).toEqual({ left: 0, top: 1, width: 7, height: 7 })
  expect(pixelWindow(size, [9, 0])).toEqual({ left: 3, top: 0, width: 7, height: 7 })
  expect(pixelWindow({ width: 4, height: 4 }, [3, 3])).toEqual({ left: 0, top: 0, width: 4, height: 4 })
})

it('its bytes are those of the picture there', () => {
  const window = pixelWindow(size, [9, 0])
  const bytes = windowPixels(picture, size, 2, window)
  expect(bytes).toHaveLength(7 * 7 * 2)
  expect([...bytes.subarray(0, 4)]).toEqual([3, 0, 4, 0])
  expect([...bytes.subarray(-2)]).toEqual([9, 6])
})

it('a pixel has a value from -1 to 1 for each channel', () => {
  expect(pixelValues(Uint8Array.of(9, 9, 9, 0, 255, 51), { width: 2, height: 1 }, 3, [1, 0])).toEqual([
    -1,
    1,
    expect.closeTo(-0.6),
  ])
})

it('arrows move it inside the picture', () => {
  expect(pixelAfterKey(size, [9, 7], 'ArrowRight')).toEqual([9, 7])
  expect(pixelAfterKey(size, [9, 7], 'ArrowUp')).toEqual([9, 6])
  expect(pixelAfterKey(size, [0, 0], 'Enter')).toBeNull()
})

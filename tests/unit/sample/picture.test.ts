import { describe, expect, it } from 'vitest'
import { type Picture, paintDifference, paintPicture, pictureOf } from '../../../app/_sample/picture'

const grey = (...values: number[]): Picture => ({
  width: values.length,
  height: 1,
  channels: 1,
  values: Float32Array.from(values),
})

describe('pictureOf', () => {
  it('takes unshuffled channels back to pixels', () => {
    // Four channels of one position are the pixels of a 2 x 2 image, row by row.
    const picture = pictureOf(Float32Array.of(1, 2, 3, 4), [1, 4, 1, 1], 2)
    expect(picture).toEqual({ width: 2, height: 2, channels: 1, values: Float32Array.of(1, 2, 3, 4) })
  })
})

describe('paintPicture', () => {
  it('maps [-1, 1] to black and white and clamps what lies outside', () => {
    const rgba = new Uint8ClampedArray(16)
    paintPicture(grey(-1, 0, 1, 7), rgba)
    expect([...rgba]).toEqual([0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255, 255, 255, 255, 255])
  })

  it('reads colour images plane by plane', () => {
    const rgba = new Uint8ClampedArray(4)
    paintPicture({ width: 1, height: 1, channels: 3, values: Float32Array.of(1, -1, 0) }, rgba)
    expect([...rgba]).toEqual([255, 0, 128, 255])
  })
})

describe('paintDifference', () => {
  const colour = (teacher: number, student: number) => {
    const rgba = new Uint8ClampedArray(4)
    paintDifference(grey(teacher), grey(student), 'light', rgba)
    return [...rgba] as [number, number, number, number]
  }

  it('paints no difference in the colour of the ground', () => {
    expect(colour(0.3, 0.3)).toEqual([0xf1, 0xf0, 0xed, 255])
  })

  it('paints a brighter student orange and a darker one blue', () => {
    const [brightRed, , brightBlue] = colour(0, 0.6)
    expect(brightRed).toBeGreaterThan(brightBlue)
    const [darkRed, , darkBlue] = colour(0, -0.6)
    expect(darkBlue).toBeGreaterThan(darkRed)
  })

  it('sees no difference where both are beyond white', () => {
    expect(colour(3, 9)).toEqual(colour(1, 1))
  })

  it('leaves a pixel without a value transparent', () => {
    expect(colour(0, Number.NaN)[3]).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import { filmFrames, stepAt } from '../../../app/_sample/film'
import { gridBoxes } from '../../../app/_sample/grid-boxes'

const uniform = (steps: number) => Array.from({ length: steps }, (_, i) => (steps - 1 - i) * (1000 / steps))

describe('filmFrames', () => {
  it('fills the width with frames of equal pitch when there are more timesteps than places', () => {
    const frames = filmFrames(uniform(50), 640, 56, 8)
    expect(frames).toHaveLength(10)
    expect(frames[0]!.x).toBe(0)
    expect(frames.at(-1)!.x).toBeCloseTo(640 - 56)
    const pitches = frames.slice(1).map((frame, i) => frame.x - frames[i]!.x)
    for (const pitch of pitches) expect(pitch).toBeCloseTo(pitches[0]!)
  })

  it('shows in each place the timestep nearest to its middle', () => {
    const timesteps = uniform(50)
    for (const { x, index } of filmFrames(timesteps, 640, 56, 8).slice(0, -1)) {
      const t = (1 - (x + 28) / 640) * 1000
      for (const other of timesteps)
        expect(Math.abs(timesteps[index]! - t)).toBeLessThanOrEqual(Math.abs(other - t))
    }
  })

  it('ends with the last step, whatever its t', () => {
    expect(filmFrames(uniform(50), 640, 56, 8).at(-1)!.index).toBe(49)
    expect(filmFrames([900, 500, 300], 640, 56, 8).at(-1)!.index).toBe(2)
    expect(filmFrames(uniform(50), 60, 56, 8)).toEqual([{ x: 4, index: 49 }])
  })

  it('puts few timesteps each at its own t, without covering a neighbour or leaving the axis', () => {
    const frames = filmFrames([900, 500, 490, 0], 640, 56, 8)
    expect(frames.map((frame) => frame.index)).toEqual([0, 1, 2, 3])
    expect(frames[0]!.x).toBeCloseTo(0.1 * 640 - 28)
    expect(frames[1]!.x).toBeCloseTo(0.5 * 640 - 28)
    expect(frames[2]!.x).toBeCloseTo(frames[1]!.x + 64)
    expect(frames[3]!.x).toBe(640 - 56)
  })

  it('has no frame before the timesteps are known', () => {
    expect(filmFrames([], 640, 56, 8)).toEqual([])
  })
})

describe('stepAt', () => {
  it('is the step nearest to a point, clamped at the ends', () => {
    const timesteps = [900, 500, 100]
    expect(stepAt(0, timesteps, 1000)).toBe(0)
    expect(stepAt(290, timesteps, 1000)).toBe(0)
    expect(stepAt(310, timesteps, 1000)).toBe(1)
    expect(stepAt(5000, timesteps, 1000)).toBe(2)
  })
})

describe('gridBoxes', () => {
  it('lays 16 images of 28 px out four by four, one pixel apart', () => {
    const { boxes, columns, width, height } = gridBoxes(16, 28)
    expect([columns, width, height]).toEqual([4, 115, 115])
    expect(boxes[5]).toEqual({ x: 29, y: 29, width: 28, height: 28 })
  })

  it('makes no row that stays empty', () => {
    const { columns, height } = gridBoxes(6, 10)
    expect([columns, height]).toEqual([3, 21])
  })
})

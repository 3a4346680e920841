import { describe, expect, it } from 'vitest'
import { normal } from '../../../lib/math/rng'
import { initStep, weightLsq, weightLsqGrad } from '../../../lib/quant/weight-lsq'
import { f32, golden, worst } from './golden'

describe('weightLsq on rows worked by hand', () => {
  // In steps of 0.5: 1, -1.5, 200. In steps of 2: 0.5, 2.5, -150.
  const w = f32([0.5, -0.75, 100, 1, 5, -300])
  const step = f32([0.5, 2])
  it('rounds halves to even and clamps to -128..127, each channel with its own step', () => {
    expect([...weightLsq(w, step)].map((v) => v + 0)).toEqual([0.5, -1, 63.5, 0, 4, -256])
  })
  it('passes gradients inside the clamp and gives each step its row alone', () => {
    const { dw, dstep } = weightLsqGrad(f32([1, 2, 3, 4, 5, 6]), w, step)
    expect([...dw]).toEqual([1, 2, 0, 4, 5, 0])
    // Codes 1, -2, 127 and 0, 2, -128: dy times code minus v inside, times the end code outside.
    expect(
      worst(
        dstep,
        [2 * -0.5 + 3 * 127, 4 * -0.5 + 5 * -0.5 + 6 * -128].map((g) => g / Math.sqrt(3 * 127)),
      ),
    ).toBeLessThan(1e-5)
  })
  it('refuses a step that is not positive, and weights that do not split into rows', () => {
    expect(() => weightLsq(w, f32([0.5, 0]))).toThrow('is not a positive float32 number')
    expect(() => weightLsq(w, f32([1, 1, 1, 1]))).toThrow('6 weights do not split into 4 output channels')
  })
})

describe.each(golden.weightLsq)('against PyTorch: $name', (c) => {
  const [w, dy, step] = [f32(c.w), f32(c.dy), f32(c.step)]
  it('gives the same values', () => {
    expect(worst(weightLsq(w, step), c.y)).toBe(0)
  })
  it('gives the same gradients', () => {
    const { dw, dstep } = weightLsqGrad(dy, w, step)
    // Autograd takes dy*step/step: two roundings of values below 4.
    expect(worst(dw, c.dw)).toBeLessThan(5e-7)
    // PyTorch sums up to 36 terms of size up to 300 in float32, and divides by sqrt(n*127) above 30.
    expect(worst(dstep, c.dstep)).toBeLessThan(1e-5)
  })
})

describe('initStep', () => {
  it('lets the largest weight of a row have the largest code', () => {
    const step = initStep(f32([1, -12.7, 3, 0.5, 0.25, 0]), 2)
    expect(worst(step, [0.1, 0.5 / 127])).toBeLessThan(1e-8)
  })
  it('is 1 where no step fits', () => {
    expect([...initStep(f32([0, -0, Number.NaN, 1, Infinity, 1]), 3)]).toEqual([1, 1, 1])
  })
  it('keeps Gaussian weights within half a step', () => {
    const w = normal(5, 0, new Float32Array(4 * 72))
    const step = initStep(w, 4)
    weightLsq(w, step).forEach((q, i) => {
      // half a step, and the rounding of code times step
      expect(Math.abs(q - w[i]!)).toBeLessThan(step[Math.floor(i / 72)]! * 0.50001)
    })
  })
})

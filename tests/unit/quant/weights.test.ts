import { describe, expect, it } from 'vitest'
import { normal, uniform } from '../../../lib/math/rng'
import { lmb, lmbGrad } from '../../../lib/quant/lmb'
import { initScales, meanAbs, residual } from '../../../lib/quant/scales'
import { sign, signGrad } from '../../../lib/quant/sign'
import { signOf, steSlope } from '../../../lib/quant/ste'
import { xnor, xnorGrad } from '../../../lib/quant/xnor'
import { f32, golden, worst } from './golden'

// One float32 rounding of a value up to about 8: products and sums of two floats.
const rounding = 5e-7
// Sums over a row of at most 64 terms of size about 3, summed in float32 by PyTorch and in float64 here.
const rowSum = 1e-5

describe('sign and its straight-through estimator', () => {
  it('is +1 at both zeros', () => {
    expect([0, -0, 1e-45, -1e-45, 3, -3].map((v) => signOf(v))).toEqual([1, 1, 1, -1, 1, -1])
  })
  it('has slope 1 on [-1, 1], ends included, and 0 outside', () => {
    const above = 1 + 2 ** -23
    expect([-above, -1, 0, 1, above, Number.NaN].map(steSlope)).toEqual([0, 1, 1, 1, 0, 0])
  })
})

describe('scales', () => {
  it('start at mean|w| and at the mean of what one basis leaves over, per row', () => {
    const w = f32([1, -3, 0, 4, 0.5, -0.5, 0.5, 0.5])
    // Row 0: mean 2; residuals 1-2, -3+2, 0-2, 4-2. Row 1: nothing is left over.
    expect([...residual(w, f32([2, 0.5]))]).toEqual([-1, -1, -2, 2, 0, 0, 0, 0])
    expect(initScales(w, 2, 2)).toEqual({ sigma1: f32([2, 0.5]), sigma2: f32([1.5, 0]) })
    expect(initScales(w, 2, 1)).toEqual({ sigma1: f32([2, 0.5]) })
  })
  it('refuse weights that do not split into the output channels', () => {
    expect(() => meanAbs(f32([1, 2, 3]), 2)).toThrow('3 weights do not split into 2 output channels')
  })
})

describe('the binarizers on a row worked by hand', () => {
  const w = f32([0.5, -2, 0, 1])
  const dy = f32([1, 2, 3, 4])
  it('sign gives +-sigma1; a weight outside the window gets no gradient', () => {
    expect([...sign(w, f32([0.5]))]).toEqual([0.5, -0.5, 0.5, 0.5])
    expect(signGrad(dy, w, f32([0.5]))).toEqual({ dw: f32([0.5, 0, 1.5, 2]), dsigma1: f32([6]) })
  })
  it('xnor takes the scale from the weights and the gradient through the mean', () => {
    expect([...xnor(w, 1)]).toEqual([0.875, -0.875, 0.875, 0.875])
    // sum dy*sign(w) = 6, /4 = 1.5 with the sign of w (0 at 0), plus dy*0.875 inside the window.
    expect([...xnorGrad(dy, w, 1).dw]).toEqual([0.875 + 1.5, -1.5, 2.625, 3.5 + 1.5])
  })
  it('lmb has four levels, and a residual of zero counts as positive', () => {
    // r = 0, -1.5, -0.5, 0.5
    expect([...lmb(w, f32([0.5]), f32([0.25]))]).toEqual([0.75, -0.75, 0.25, 0.75])
  })
  it('lmb passes gradients by the chain rule through the residual', () => {
    const { dw, dsigma1, dsigma2 } = lmbGrad(dy, w, f32([0.5]), f32([0.25]))
    // Inside both windows 0.5 + 0.25*(1 - 0.5) = 0.625; w = -2 is outside both.
    expect([...dw]).toEqual([0.625, 0, 3 * 0.625, 4 * 0.625])
    expect([...dsigma1]).toEqual([0.75 * 1 - 2 + 0.75 * 3 + 0.75 * 4])
    expect([...dsigma2]).toEqual([1 - 2 - 3 + 4])
  })
  it('lmb takes the window on the float32 residual', () => {
    // 1.1 - 0.1 is 1 in float32, inside the window; of the same two numbers in float64 it is 1 + 2e-8.
    const { dsigma1 } = lmbGrad(f32([1]), f32([1.1]), f32([0.1]), f32([0.25]))
    expect(dsigma1[0]).toBe(0.75)
  })
  it('a scale of one channel does not touch another', () => {
    const two = f32([...w, ...w])
    const out = lmb(two, f32([0.5, 3]), f32([0.25, 1]))
    expect(out.slice(0, 4)).toEqual(lmb(w, f32([0.5]), f32([0.25])))
    expect(out.slice(4)).toEqual(lmb(w, f32([3]), f32([1])))
  })
})

describe.each(golden.weights)('against PyTorch: $name', (c) => {
  const w = f32(c.w)
  const dy = f32(c.dy)
  const s1 = f32(c.sigma1)
  const s2 = f32(c.sigma2)
  it('initScales', () => {
    const init = initScales(w, c.channels, 2)
    expect(worst(init.sigma1, c.init.sigma1)).toBeLessThan(rounding)
    expect(worst(init.sigma2 ?? [], c.init.sigma2)).toBeLessThan(rounding)
  })
  it('sign and signGrad', () => {
    expect([...sign(w, s1)]).toEqual(c.sign.y)
    const g = signGrad(dy, w, s1)
    expect(worst(g.dw, c.sign.dw)).toBeLessThan(rounding)
    expect(worst(g.dsigma1, c.sign.dsigma1)).toBeLessThan(rowSum)
  })
  it('xnor and xnorGrad', () => {
    expect(worst(xnor(w, c.channels), c.xnor.y)).toBeLessThan(rounding)
    expect(worst(xnorGrad(dy, w, c.channels).dw, c.xnor.dw)).toBeLessThan(2 * rounding)
  })
  it('lmb and lmbGrad', () => {
    expect(worst(lmb(w, s1, s2), c.lmb.y)).toBe(0)
    const g = lmbGrad(dy, w, s1, s2)
    expect(worst(g.dw, c.lmb.dw)).toBeLessThan(2 * rounding)
    expect(worst(g.dsigma1, c.lmb.dsigma1)).toBeLessThan(rowSum)
    expect(worst(g.dsigma2, c.lmb.dsigma2)).toBeLessThan(rowSum)
  })
})

describe('properties', () => {
  const w = normal(1, 0, new Float32Array(512))
  const s1 = uniform(1, 1, new Float32Array(8))
  it('lmb with sigma2 = 0 equals sign, forward and backward', () => {
    const zero = new Float32Array(8)
    const dy = normal(1, 2, new Float32Array(512))
    expect(lmb(w, s1, zero)).toEqual(sign(w, s1))
    const { dw, dsigma1 } = lmbGrad(dy, w, s1, zero)
    expect({ dw, dsigma1 }).toEqual(signGrad(dy, w, s1))
  })
  it('xnor equals sign at its starting scale', () => {
    expect(xnor(w, 8)).toEqual(sign(w, initScales(w, 8, 1).sigma1))
  })
  it('scaling weights scales the binarized weights', () => {
    const doubled = w.map((v) => 2 * v)
    const { sigma1, sigma2 } = initScales(w, 8, 2)
    const scaled = initScales(doubled, 8, 2)
    const expected = lmb(w, sigma1, sigma2!).map((v) => 2 * v)
    expect(lmb(doubled, scaled.sigma1, scaled.sigma2!)).toEqual(expected)
  })
})

describe('unit Gaussian weights', () => {
  const n = 1_000_000
  const w = normal(2404, 0, new Float32Array(n))
  const { sigma1, sigma2 } = initScales(w, 1, 2)
  const mse = (y: Float32Array) => y.reduce((s, v, i) => s + (v - w[i]!) ** 2, 0) / n
  const cosine = (y: Float32Array) => {
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((s, v, i) => s + v * b[i]!, 0)
    return dot(y, w) / Math.sqrt(dot(y, y) * dot(w, w))
  }
  // Known in closed form; 3e-3 is above four standard errors of each at a million draws, and the
  // closest wrong reading (sigma2 from a scale other than mean|r|) is further off.
  it('have sigma1 = sqrt(2/pi) = 0.7979 and sigma2 = 0.4825', () => {
    expect(Math.abs(sigma1[0]! - Math.sqrt(2 / Math.PI))).toBeLessThan(3e-3)
    expect(Math.abs(sigma2![0]! - 0.4825)).toBeLessThan(3e-3)
  })
  it('are rebuilt by one basis with MSE 0.3634 = 1 - 2/pi and cosine 0.7979', () => {
    expect(Math.abs(mse(sign(w, sigma1)) - (1 - 2 / Math.PI))).toBeLessThan(3e-3)
    expect(Math.abs(cosine(sign(w, sigma1)) - 0.7979)).toBeLessThan(3e-3)
  })
  it('are rebuilt by two bases with MSE 0.1306 and cosine 0.9324', () => {
    expect(Math.abs(mse(lmb(w, sigma1, sigma2!)) - 0.1306)).toBeLessThan(3e-3)
    expect(Math.abs(cosine(lmb(w, sigma1, sigma2!)) - 0.9324)).toBeLessThan(3e-3)
  })
})

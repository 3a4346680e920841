import { resolve } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { beforeAll, describe, expect, it } from 'vitest'
import { codeRange, initAlpha, lsq, lsqGrad, updateAlpha } from '../../../lib/quant/lsq'
import { lsqOnTape } from '../../../lib/quant/lsq-on-tape'
import { f32, golden, worst } from './golden'

describe('lsq', () => {
  it('has codes -8..7 at 4 bits and -128..127 at 8', () => {
    expect(codeRange(4)).toEqual({ Qn: -8, Qp: 7 })
    expect(codeRange(8)).toEqual({ Qn: -128, Qp: 127 })
  })
  it('rounds halves to even and clamps to the codes', () => {
    const x = f32([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49, 7.5, 100, -8.5, -100])
    // `+ 0` because -0 and 0 are one code.
    expect([...lsq(x, 1, 4)].map((v) => v + 0)).toEqual([0, 2, 2, 0, -2, -2, 0, 7, 7, -8, -8])
  })
  it('keeps NaN, so that a broken layer shows', () => {
    expect([...lsq(f32([Number.NaN, Infinity, -Infinity]), 1, 4)]).toEqual([Number.NaN, 7, -8])
  })
  it('does not depend on the rest of the batch', () => {
    const x = f32([0.3, -0.7, 40])
    expect(lsq(x, 0.25, 4).slice(0, 2)).toEqual(lsq(x.slice(0, 2), 0.25, 4))
  })
  it('passes gradients inside the clamp, its ends included', () => {
    const one = new Float32Array(6).fill(1)
    const { dx } = lsqGrad(one, f32([-8.01, -8, 0, 7, 7.01, 7.4]), 1, 4)
    expect([...dx]).toEqual([0, 1, 1, 1, 0, 0])
  })
  it('gives alpha the rounding error inside and the end code outside, times the gradient scale', () => {
    const { dalpha } = lsqGrad(f32([1, 1, 1, 1]), f32([1.25, -1.5, 20, -20]), 1, 4)
    // 1 - 1.25, -2 + 1.5, 7, -8; four elements, Qp 7.
    expect(dalpha).toBeCloseTo((-0.25 - 0.5 + 7 - 8) / Math.sqrt(4 * 7), 12)
  })
  it('refuses a step of zero or without end', () => {
    for (const alpha of [0, 1e-60, Number.NaN, Infinity])
      expect(() => lsq(f32([1]), alpha, 4)).toThrow('is zero or not a finite float32 number')
  })
  it('takes a negative step by the same formula', () => {
    // x/alpha = -9, -1, 2: clamped to -8, then times -1
    expect([...lsq(f32([9, 1, -2]), -1, 4)]).toEqual([8, 1, -2])
  })
})

describe('alpha', () => {
  it('starts at 2 mean|x| / sqrt(Qp)', () => {
    expect(initAlpha(f32([1, -3, 2, -2]), 4)).toBeCloseTo(4 / Math.sqrt(7), 6)
  })
  it('starts where PyTorch starts it', () => {
    for (const c of golden.activations.filter(({ initAlpha }) => initAlpha > 0))
      expect(Math.abs(initAlpha(f32(c.x), c.bits) / c.initAlpha - 1)).toBeLessThan(1e-6)
  })
  it('starts at 1 where the first batch is zero', () => {
    expect(initAlpha(new Float32Array(3), 4)).toBe(1)
  })
  it('stays positive whatever an optimizer proposes', () => {
    expect(updateAlpha(0.5, 0.4)).toBe(0.4)
    expect(updateAlpha(0.5, 0.1)).toBe(0.25)
    expect(updateAlpha(0.5, -3)).toBe(0.25)
  })
})

describe.each(golden.activations)('against PyTorch: $name', (c) => {
  const x = f32(c.x)
  it('gives the same values', () => {
    expect(worst(lsq(x, c.alpha, c.bits), c.y)).toBe(0)
  })
  it('gives the same gradients', () => {
    const { dx, dalpha } = lsqGrad(f32(c.dy), x, c.alpha, c.bits)
    // Autograd takes dy*alpha/alpha: two roundings of values below 4.
    expect(worst(dx, c.dx)).toBeLessThan(5e-7)
    // PyTorch sums up to 200 terms of size up to 128 in float32.
    expect(Math.abs(dalpha - c.dalpha)).toBeLessThan(1e-5 * Math.max(1, Math.abs(c.dalpha)))
  })
})

describe.each(['cpu', 'wasm'])('lsqOnTape on the %s backend', (backend) => {
  beforeAll(async () => {
    setWasmPaths(`${resolve('node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`)
    expect(await tf.setBackend(backend)).toBe(true)
  })
  it('equals the host functions in value and gradient, and leaks no tensor', () => {
    const before = tf.memory().numTensors
    for (const c of golden.activations) {
      const x = f32(c.x)
      const dy = f32(c.dy)
      tf.tidy(() => {
        const shaped = tf.tensor(x, [1, x.length, 1])
        const { value, grads } = tf.valueAndGrads((x, alpha) => lsqOnTape(x!, alpha as tf.Scalar, c.bits))(
          [shaped, tf.scalar(c.alpha)],
          tf.tensor(dy, [1, x.length, 1]),
        )
        expect(value.shape).toEqual([1, x.length, 1])
        expect(value.dataSync()).toEqual(lsq(x, c.alpha, c.bits))
        const host = lsqGrad(dy, x, c.alpha, c.bits)
        expect(grads[0]!.dataSync()).toEqual(host.dx)
        expect(grads[1]!.dataSync()[0]).toBe(Math.fround(host.dalpha))
      })
    }
    expect(tf.memory().numTensors).toBe(before)
  })
})

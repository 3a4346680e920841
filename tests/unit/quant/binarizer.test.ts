import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { beforeAll, describe, expect, it } from 'vitest'
import { normal } from '../../../lib/math/rng'
import {
  basisScales,
  binarizer,
  effectiveWeight,
  levelShares,
  postTrainingBinarize,
  type Scales,
  signPlanes,
} from '../../../lib/quant/binarizer'
import { oneBasis } from '../../../lib/quant/ebb'
import { lmb } from '../../../lib/quant/lmb'
import { sign } from '../../../lib/quant/sign'
import { xnor } from '../../../lib/quant/xnor'
import { fullPrecisionLayer, type LayerPrecision, type Manifest } from '../../../lib/record/precision'
import { InputError } from '../../../lib/tensor/error'
import type { Tensor } from '../../../lib/tensor/tensor'
import { f32 } from './golden'

const w: Tensor = { shape: [2, 3, 1, 1], data: f32([0.5, -2, 0, 1, -0.25, 0.75]) }
const sigma1 = f32([0.5, 1])
const sigma2 = f32([0.25, 0.125])
const two: LayerPrecision = { method: 'lmb', bases: 2, activationBits: 4 }
const one: LayerPrecision = { method: 'sign', bases: 1, activationBits: 4 }

function fault(f: () => unknown): string {
  try {
    f()
  } catch (e) {
    if (e instanceof InputError) return e.message
    throw e
  }
  throw new Error('nothing was thrown')
}

describe('effectiveWeight', () => {
  it('is the latent weight itself in full precision', () => {
    expect(effectiveWeight(fullPrecisionLayer, w, {})).toBe(w)
  })
  it('follows the method and the bases', () => {
    const scales = { sigma1, sigma2 }
    expect(effectiveWeight(two, w, scales)).toEqual({ shape: w.shape, data: lmb(w.data, sigma1, sigma2) })
    expect(effectiveWeight(one, w, scales).data).toEqual(sign(w.data, sigma1))
    expect(effectiveWeight({ ...two, bases: 1 }, w, scales).data).toEqual(sign(w.data, sigma1))
  })
  it('takes the scale of xnor from the weights, whatever is stored', () => {
    const precision: LayerPrecision = { method: 'xnor', bases: 1, activationBits: 4 }
    expect(effectiveWeight(precision, w, { sigma1 }).data).toEqual(xnor(w.data, 2))
  })
})

describe('ebb and lsq', () => {
  it('ebb computes as lmb with two bases and as sign with one', () => {
    const scales = { sigma1, sigma2 }
    const stage1: LayerPrecision = { method: 'ebb', bases: 2, activationBits: 4 }
    expect(effectiveWeight(stage1, w, scales)).toEqual(effectiveWeight(two, w, scales))
    expect(effectiveWeight(oneBasis(stage1, 100), w, scales)).toEqual(effectiveWeight(one, w, scales))
  })
  const kept: LayerPrecision = { method: 'lsq', bases: 0, activationBits: 8 }
  it('lsq gives codes times the step of their channel, and has no bases', () => {
    // Row 0 in steps of 0.2: 2.5 to even, -10, 0. Row 1 in steps of 0.005: 200 clamped, -50, 150 clamped.
    const step = f32([0.2, 0.005])
    const codes = [2, -10, 0, 127, -50, 127]
    const { data, shape } = effectiveWeight(kept, w, { step })
    expect(shape).toEqual(w.shape)
    expect([...data]).toEqual(codes.map((code, i) => Math.fround(step[i < 3 ? 0 : 1]! * code)))
    expect(basisScales(kept, w, { step })).toBe(null)
  })
  it('need their scales and steps, which must be usable', () => {
    const reject = (scales: Scales) =>
      fault(() => binarizer({ conv_in: kept }, new Map([['conv_in', { alpha: 1, ...scales }]])))
    expect(reject({})).toMatch(/^student: conv_in.step: the scale is missing/)
    expect(reject({ step: f32([1, 0]) })).toContain('conv_in.step: a step is not positive')
    expect(reject({ step: f32([1, Number.NaN]) })).toContain('conv_in.step: a scale is not finite')
    expect(fault(() => effectiveWeight(kept, w, { step: f32([1]) }))).toContain('1 scales for 2 output')
    const ebb: Manifest = { conv: { method: 'ebb', bases: 2, activationBits: 32 } }
    expect(fault(() => binarizer(ebb, new Map([['conv', { sigma1 }]])))).toContain('conv.sigma2: the scale')
    expect(fault(() => binarizer(ebb, new Map()))).toContain('conv.sigma1: the scale is missing')
    expect(fault(() => binarizer({ c: { ...kept, bases: 1 } }, new Map()))).toContain(
      'method lsq with 1 bases',
    )
  })
})

describe('signPlanes and levelShares', () => {
  it('count how many weights stand at each level', () => {
    // First row w = 0.5, -2, 0, r = 0, -1.5, -0.5; second row w = 1, -0.25, 0.75, r = 0, 0.75, -0.25.
    const planes = signPlanes(w.data, { sigma1, sigma2 })
    expect(planes.map((plane) => [...plane])).toEqual([
      [1, -1, 1, 1, -1, 1],
      [1, -1, -1, 1, 1, -1],
    ])
    expect(levelShares(planes)).toEqual([1 / 6, 1 / 6, 2 / 6, 2 / 6])
    expect(levelShares(signPlanes(w.data, { sigma1, sigma2: null }))).toEqual([2 / 6, 4 / 6])
  })
  it('rebuild the effective weights with the scales', () => {
    const weights = { shape: [4, 9], data: normal(3, 0, new Float32Array(36)) }
    const { scales, signs, effective } = postTrainingBinarize(weights, 'lmb', 2)
    const rebuilt = weights.data.map((_, i) => {
      const o = Math.floor(i / 9)
      return scales.sigma1[o]! * signs[0]![i]! + scales.sigma2![o]! * signs[1]![i]!
    })
    expect(effective).toEqual({ shape: [4, 9], data: rebuilt })
  })
  it('have no shares for no weights', () => {
    expect(levelShares([new Int8Array(0)])).toBe(null)
  })
})

describe('postTrainingBinarize', () => {
  it('gives sign, xnor and one-basis lmb the same weights', () => {
    const sign = postTrainingBinarize(w, 'sign', 1)
    expect(postTrainingBinarize(w, 'xnor', 1)).toEqual(sign)
    expect(postTrainingBinarize(w, 'lmb', 1)).toEqual(sign)
    expect(sign.scales.sigma2).toBe(null)
  })
  it('agrees with effectiveWeight at its own scales', () => {
    const { scales, effective } = postTrainingBinarize(w, 'lmb', 2)
    const stored: Scales = { sigma1: scales.sigma1, sigma2: scales.sigma2! }
    expect(effectiveWeight(two, w, stored)).toEqual(effective)
    expect(basisScales(two, w, stored)).toEqual(scales)
  })
  it('refuses two bases for sign', () => {
    expect(fault(() => postTrainingBinarize(w, 'sign', 2))).toBe(
      '--bases: method sign with 2 bases does not exist. fp and lsq have 0 bases, sign and xnor have 1, lmb and ebb have 1 or 2.',
    )
  })
})

describe('binarizer', () => {
  beforeAll(() => tf.setBackend('cpu'))
  const manifest: Manifest = { conv: two, conv_in: fullPrecisionLayer }
  const scales = new Map<string, Scales>([['conv', { sigma1, sigma2, alpha: 0.5 }]])

  it('binarizes the weights of a layer and quantizes its input', () => {
    const before = tf.memory().numTensors
    const q = binarizer(manifest, scales)
    expect(q.weight('conv', w).data).toEqual(lmb(w.data, sigma1, sigma2))
    const x = tf.tensor([0.2, 0.3, 5, -5], [2, 2])
    const y = q.input('conv', x)
    expect(y.arraySync()).toEqual([
      [0, 0.5],
      [3.5, -4],
    ])
    expect(tf.memory().numTensors).toBe(before + 2)
    tf.dispose([x, y])
  })
  it('leaves a full-precision layer alone', () => {
    const q = binarizer(manifest, scales)
    const x = tf.tensor([0.2])
    expect(q.input('conv_in', x)).toBe(x)
    expect(q.weight('conv_in', w)).toBe(w)
    x.dispose()
  })
  it('leaves inputs alone at 32 bits', () => {
    const q = binarizer({ conv: { ...two, activationBits: 32 } }, new Map([['conv', { sigma1, sigma2 }]]))
    const x = tf.tensor([0.2])
    expect(q.input('conv', x)).toBe(x)
    x.dispose()
  })
  it('needs no stored scale for xnor', () => {
    const q = binarizer({ c: { method: 'xnor', bases: 1, activationBits: 32 } }, new Map())
    expect(q.weight('c', w).data).toEqual(xnor(w.data, 2))
  })

  const withScales = (s: Scales) =>
    fault(() => binarizer(manifest, new Map([['conv', s]]), 'lmb.safetensors'))
  it('names the file and the scale that is missing', () => {
    expect(withScales({ sigma2, alpha: 1 })).toMatch(/^lmb.safetensors: conv.sigma1: the scale is missing/)
    expect(withScales({ sigma1, alpha: 1 })).toMatch(/^lmb.safetensors: conv.sigma2: the scale is missing/)
    expect(withScales({ sigma1, sigma2 })).toMatch(/^lmb.safetensors: conv.alpha: the LSQ step is missing/)
  })
  it('names a scale that is not finite and a step of zero', () => {
    expect(withScales({ sigma1: f32([1, Number.NaN]), sigma2, alpha: 1 })).toContain('not finite')
    expect(withScales({ sigma1, sigma2, alpha: 0 })).toContain('conv.alpha: the LSQ step is 0')
  })
  it('names a scale of the wrong length', () => {
    const short = new Map([['conv', { sigma1, sigma2: f32([1]), alpha: 1 }]])
    expect(fault(() => binarizer(manifest, short).weight('conv', w))).toMatch(
      /^student: conv.sigma2: 1 scales for 2 output channels/,
    )
  })
  it('refuses a layer that the manifest does not name', () => {
    expect(fault(() => binarizer(manifest, scales).weight('constructor', w))).toContain(
      'student: constructor: the manifest does not name this layer',
    )
  })
  it('refuses a manifest with bases its method does not have', () => {
    expect(fault(() => binarizer({ c: { ...one, bases: 2 } }, scales))).toMatch(
      /^student: c: method sign with 2 bases does not exist/,
    )
  })
})

import { readFileSync } from 'node:fs'

type WeightCase = {
  name: string
  channels: number
  w: number[]
  dy: number[]
  sigma1: number[]
  sigma2: number[]
  init: { sigma1: number[]; sigma2: number[] }
  sign: { y: number[]; dw: number[]; dsigma1: number[] }
  xnor: { y: number[]; dw: number[] }
  lmb: { y: number[]; dw: number[]; dsigma1: number[]; dsigma2: number[] }
}

type ActivationCase = {
  name: string
  bits: 4 | 8
  x: number[]
  dy: number[]
  alpha: number
  initAlpha: number
  y: number[]
  dx: number[]
  dalpha: number
}

type WeightLsqCase = {
  name: string
  w: number[]
  dy: number[]
  step: number[]
  y: number[]
  dw: number[]
  dstep: number[]
}

type EbbCase = { name: string; tau: number; sigma2s: number[][]; loss: number; gradients: number[][] }

type PlaneCase = { shape: number[]; plane: number[]; signs: number[] }

type Golden = {
  weights: WeightCase[]
  activations: ActivationCase[]
  weightLsq: WeightLsqCase[]
  ebb: EbbCase[]
  planes: PlaneCase[]
}

/** Values and autograd gradients from PyTorch; tests/golden/quant.py writes them and says how. */
export const golden: Golden = JSON.parse(
  readFileSync(new URL('../../golden/quant.json', import.meta.url), 'utf8'),
)

export const f32 = (values: number[]): Float32Array => Float32Array.from(values)

/** Largest |actual - expected|. Infinite when the lengths differ or a value is not finite. */
export function worst(actual: ArrayLike<number>, expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity
  return expected.reduce((m, v, i) => {
    const d = Math.abs((actual[i] ?? Number.NaN) - v)
    return Number.isFinite(d) ? Math.max(m, d) : Infinity
  }, 0)
}

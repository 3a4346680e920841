/** Every operation of the U-Net on wasm, values and gradients, against a slow float64 reference. */
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { normal } from '../../../lib/math/rng'
import { attention } from '../../../lib/unet/forward'
import {
  addPerImage,
  averagePool2x,
  concatChannels,
  conv2d,
  fusedPart,
  groupNorm,
  linear,
  meanSquaredError,
  residualSum,
  scaleAndShift,
  silu,
  upsample2x,
} from '../../../lib/unet/ops'
import { attend, conv, norm, numericGradients, rowsTimes, type Values } from './reference'
import { distance } from './upstream'

beforeAll(startBackend)

/** float32 sums of up to a few hundred terms, taken in another order. */
const tolerance = 2e-6

type Op = (...inputs: tf.Tensor[]) => tf.Tensor

function random(shape: number[], stream: number): Float32Array {
  return normal(3, stream, new Float32Array(shape.reduce((n, d) => n * d, 1)))
}

/** Value of op and gradients of sum(value * weighting) on wasm; copies, the backend may hand out views of its memory. */
function run(op: Op, shapes: number[][], weighting: Float32Array): Float32Array[] {
  const results: Float32Array[] = []
  tf.tidy(() => {
    const inputs = shapes.map((shape, i) => tf.tensor(random(shape, i + 1), shape))
    const value = op(...inputs)
    const dy = tf.tensor(weighting.slice(0, value.size), value.shape)
    for (const t of [value, ...tf.grads(op)(inputs, dy)]) results.push(Float32Array.from(t.dataSync()))
  })
  return results
}

function expectAlike(ours: Op, reference: (inputs: Values[]) => Values, shapes: number[][]): void {
  const inputs = shapes.map((shape, i) => Float64Array.from(random(shape, i + 1)))
  const weighting = random([1000], 99)
  const theirs = [reference(inputs), ...numericGradients(reference, inputs, weighting)]
  const mine = run(ours, shapes, weighting)
  expect(mine.length).toBe(theirs.length)
  for (const [i, values] of mine.entries())
    expect(distance(theirs[i]!, values), i === 0 ? 'value' : `gradient by input ${i - 1}`).toBeLessThan(
      tolerance,
    )
}

const four = (t: tf.Tensor | undefined) => t as tf.Tensor4D

describe('conv2d', () => {
  for (const [name, k, stride, padding] of [
    ['3x3', 3, 1, [1, 1]],
    ['3x3 with stride 2, padded right and bottom', 3, 2, [0, 1]],
    ['3x3 with stride 2, padded all around', 3, 2, [1, 1]],
    ['1x1', 1, 1, [0, 0]],
  ] as const) {
    it(name, () => {
      expectAlike(
        (x, f, b) => conv2d(four(x), four(f), b as tf.Tensor1D, stride, padding),
        (inputs) => conv(inputs, [2, 6, 3], [k, 4], stride, padding),
        [[2, 6, 6, 3], [k, k, 3, 4], [4]],
      )
    })
  }
})

it('linear, on rows and on pixels', () => {
  for (const x of [
    [3, 5],
    [2, 4, 4, 5],
  ])
    expectAlike(
      (x, w, b) => linear(x!, w as tf.Tensor2D, b as tf.Tensor1D),
      (inputs) => rowsTimes(inputs, 5, 7),
      [x, [5, 7], [7]],
    )
})

describe('groupNorm', () => {
  for (const [groups, epsilon] of [
    [3, 1e-6],
    [6, 1e-5],
    [1, 0.1],
  ] as const) {
    it(`of ${groups} groups, epsilon ${epsilon}`, () => {
      expectAlike(
        (x, g, b) => groupNorm(four(x), g as tf.Tensor1D, b as tf.Tensor1D, groups, epsilon),
        (inputs) => norm(inputs, 2, 6, groups, epsilon),
        [[2, 4, 4, 6], [6], [6]],
      )
    })
  }

  it('of one channel each cancels whatever is added per channel', () => {
    // the trap: a time projection right before such a norm has no effect at all
    tf.tidy(() => {
      const x = tf.tensor(random([1, 4, 4, 6], 1), [1, 4, 4, 6]) as tf.Tensor4D
      const v = tf.tensor(random([1, 6], 2), [1, 6]) as tf.Tensor2D
      const [gamma, beta] = [tf.ones([6]) as tf.Tensor1D, tf.zeros([6]) as tf.Tensor1D]
      const values = (groups: number, shift: boolean) =>
        Float32Array.from(groupNorm(shift ? addPerImage(x, v) : x, gamma, beta, groups, 1e-6).dataSync())
      expect(distance(values(6, false), values(6, true))).toBeLessThan(1e-5)
      expect(distance(values(3, false), values(3, true))).toBeGreaterThan(0.1)
    })
  })
})

it('silu is x * sigmoid(x)', () => {
  expectAlike(
    (x) => silu(x!),
    ([x]) => x!.map((v) => v / (1 + Math.exp(-v))),
    [[2, 3, 3, 4]],
  )
})

it('addPerImage adds (B,C) at every pixel', () => {
  expectAlike(
    (x, v) => addPerImage(four(x), v as tf.Tensor2D),
    ([x, v]) => x!.map((value, i) => value + v![Math.floor(i / 45) * 5 + (i % 5)]!),
    [
      [2, 3, 3, 5],
      [2, 5],
    ],
  )
})

it('concatChannels puts the second after the first', () => {
  expectAlike(
    (x, y) => concatChannels(four(x), four(y)),
    ([x, y]) =>
      Float64Array.from({ length: 18 * 7 }, (_, i) => {
        const [pixel, channel] = [Math.floor(i / 7), i % 7]
        return channel < 5 ? x![pixel * 5 + channel]! : y![pixel * 2 + channel - 5]!
      }),
    [
      [2, 3, 3, 5],
      [2, 3, 3, 2],
    ],
  )
})

it('upsample2x repeats every pixel twice along both axes', () => {
  expectAlike(
    (x) => upsample2x(four(x)),
    ([x]) =>
      Float64Array.from({ length: 2 * 6 * 8 * 5 }, (_, at) => {
        const [channel, j, i, n] = [
          at % 5,
          Math.floor(at / 5) % 8,
          Math.floor(at / 40) % 6,
          Math.floor(at / 240),
        ]
        return x![((n * 3 + (i >> 1)) * 4 + (j >> 1)) * 5 + channel]!
      }),
    [[2, 3, 4, 5]],
  )
})

it('averagePool2x takes the mean of every two by two pixels', () => {
  expectAlike(
    (x) => averagePool2x(four(x)),
    ([x]) =>
      Float64Array.from({ length: 2 * 2 * 3 * 5 }, (_, at) => {
        const [channel, j, i, n] = [
          at % 5,
          Math.floor(at / 5) % 3,
          Math.floor(at / 15) % 2,
          Math.floor(at / 30),
        ]
        const pixel = (di: number, dj: number) => x![((n * 4 + 2 * i + di) * 6 + 2 * j + dj) * 5 + channel]!
        return (pixel(0, 0) + pixel(0, 1) + pixel(1, 0) + pixel(1, 1)) / 4
      }),
    [[2, 4, 6, 5]],
  )
})

it('scaleAndShift multiplies by one plus the first half of a vector per image, and adds the second', () => {
  expectAlike(
    (x, v) => scaleAndShift(four(x), v as tf.Tensor2D),
    ([x, v]) =>
      x!.map((value, at) => {
        const [channel, n] = [at % 5, Math.floor(at / 60)]
        return value * (1 + v![n * 10 + channel]!) + v![n * 10 + 5 + channel]!
      }),
    [
      [2, 3, 4, 5],
      [2, 10],
    ],
  )
})

describe('fusedPart takes queries, keys or values out of fused channels', () => {
  // two heads of two channels; written out by hand
  const places = {
    'by head': [
      [0, 1, 6, 7],
      [2, 3, 8, 9],
      [4, 5, 10, 11],
    ],
    'by kind': [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ],
  }
  for (const order of ['by head', 'by kind'] as const) {
    it(order, () => {
      for (const part of [0, 1, 2] as const)
        expectAlike(
          (x) => fusedPart(four(x), part, 2, order),
          ([x]) =>
            Float64Array.from({ length: 2 * 6 * 4 }, (_, at) => {
              const from = places[order][part]![at % 4]!
              return x![Math.floor(at / 4) * 12 + from]!
            }),
          [[2, 2, 3, 12]],
        )
    })
  }
})

it('residualSum divides the sum by its scale', () => {
  for (const scale of [1, 2 ** 0.5])
    expectAlike(
      (x, h) => residualSum(four(x), four(h), scale),
      ([x, h]) => x!.map((v, i) => (v + h![i]!) / scale),
      [
        [2, 3, 3, 4],
        [2, 3, 3, 4],
      ],
    )
})

describe('attention is softmax(q k^T / sqrt(D)) v', () => {
  for (const [heads, scale] of [
    [1, 'product'],
    [2, 'product'],
    [4, 'product'],
    [2, 'operands'],
  ] as const) {
    it(`with ${heads} heads, scaled on the ${scale}`, () => {
      const shape = [2, 3, 3, 8]
      expectAlike(
        (q, k, v) => attention(four(q), four(k), four(v), heads, scale),
        (inputs) => attend(inputs, 2, 9, 8, heads),
        [shape, shape, shape],
      )
    })
  }
})

it('meanSquaredError is the mean of squares, with its gradient by the prediction', () => {
  const values = random([2, 3, 3, 4], 50)
  const target = tf.tensor(values, [2, 3, 3, 4])
  expectAlike(
    (x) => meanSquaredError(x!, target),
    ([x]) => Float64Array.of(x!.reduce((sum, v, i) => sum + (v - values[i]!) ** 2, 0) / x!.length),
    [[2, 3, 3, 4]],
  )
  target.dispose()
})

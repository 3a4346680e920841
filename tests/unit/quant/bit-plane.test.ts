import { describe, expect, it } from 'vitest'
import { normal } from '../../../lib/math/rng'
import { packPlane, planeShape, unpackPlane } from '../../../lib/quant/bit-plane'
import { signOf } from '../../../lib/quant/ste'
import { golden } from './golden'

const signs = (values: number[]) => Int8Array.from(values)

describe('a plane worked by hand', () => {
  it('has one row of whole bytes per output channel, the least significant bit first', () => {
    // Two rows of 10: + - + + - - - - | + -, and all -.
    const plane = packPlane(signs([1, -1, 1, 1, -1, -1, -1, -1, 1, -1, ...new Array(10).fill(-1)]), [2, 10])
    expect([...plane]).toEqual([0b00001101, 0b01, 0, 0])
    expect(planeShape([2, 10])).toEqual([2, 2])
  })
  it('has the input channels of one kernel position side by side', () => {
    // One output channel, two inputs, 1x2 kernel: positions of input 0 are + -, of input 1 are - +.
    const plane = packPlane(signs([1, -1, -1, 1]), [1, 2, 1, 2])
    // Position 0: + -, position 1: - +.
    expect([...plane]).toEqual([0b1001])
  })
})

it.each(golden.planes)('unpacks to what NumPy reads by the documented formula: $shape', (c) => {
  expect([...unpackPlane(c.plane, c.shape)]).toEqual(c.signs)
  expect([...packPlane(signs(c.signs), c.shape)]).toEqual(c.plane)
})

it.each([[[3, 5]], [[8, 8]], [[1, 1]], [[4, 3, 3, 3]], [[2, 7, 1, 1]], [[5, 16, 3, 3]]])(
  'weights of shape %j come back',
  (shape) => {
    const size = shape.reduce((n, d) => n * d, 1)
    const plane = Int8Array.from(normal(1, 0, new Float32Array(size)), (v) => signOf(v))
    expect(unpackPlane(packPlane(plane, shape), shape)).toEqual(plane)
  },
)

it('refuses a plane of another length, and bits behind the last weight', () => {
  expect(() => unpackPlane([0, 0, 0], [2, 9])).toThrow('3 bytes for [2,9], which takes 4')
  expect(() => unpackPlane([255, 1, 0, 2], [2, 9])).toThrow('row 1 has bits set behind its last weight')
})

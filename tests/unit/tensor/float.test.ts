import { describe, expect, test } from 'vitest'
import { fromFloat32, toFloat32 } from '../../../lib/tensor/float'
import type { DType } from '../../../lib/tensor/tensor'

const f32 = (...values: number[]) => Float32Array.from(values)
const half = (...values: number[]) => [...new Uint16Array(fromFloat32('F16', f32(...values)).buffer)]
const brain = (...values: number[]) => [...new Uint16Array(fromFloat32('BF16', f32(...values)).buffer)]

/** Value of a half by its definition, in doubles: an independent check of the bit tricks. */
function halfValue(h: number): number {
  const exponent = (h >> 10) & 31
  const fraction = (h & 1023) / 1024
  const magnitude = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15)
  const finite = exponent === 31 ? (fraction ? Number.NaN : Infinity) : magnitude
  return h & 0x8000 ? -finite : finite
}

describe('F16', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, h) => h)
  const decoded = toFloat32('F16', new Uint8Array(all.buffer))

  test('all 65,536 halves decode to the value their bits define', () => {
    for (let h = 0; h < 65536; h++)
      if (!Object.is(decoded[h], halfValue(h))) expect(decoded[h], `half ${h}`).toBeNaN()
  })

  test('all 65,536 halves come back from float32, quiet NaN payloads included', () => {
    const back = new Uint16Array(fromFloat32('F16', decoded).buffer)
    // A signalling NaN (quiet bit 0x200 clear) becomes quiet.
    expect(back).toEqual(all.map((h) => (Number.isNaN(decoded[h]) ? h | 0x200 : h)))
  })

  test('values between two halves round to the nearer one, ties to the even one', () => {
    expect(half(1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -20)).toEqual([0x3c00, 0x3c02, 0x3c01])
    expect(half(2047.5, 65519, 65520, -65520, 1e9)).toEqual([0x6800, 0x7bff, 0x7c00, 0xfc00, 0x7c00])
  })

  test('small values round to subnormal halves and to signed zero', () => {
    expect(half(2 ** -24, 2 ** -25, 2 ** -25 * 1.0001, -(2 ** -26), 1.5 * 2 ** -24, 2.5 * 2 ** -24)).toEqual([
      1, 0, 1, 0x8000, 2, 2,
    ])
    expect(half(2 ** -14 - 2 ** -26)).toEqual([0x400])
  })
})

test('BF16 rounds to nearest even, overflows to infinity and keeps NaN', () => {
  expect(brain(1, -2, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38, Infinity)).toEqual([
    0x3f80, 0xc000, 0x3f80, 0x3f82, 0x7f80, 0x7f80,
  ])
  expect(toFloat32('BF16', fromFloat32('BF16', f32(Number.NaN)))[0]).toBeNaN()
  expect([...toFloat32('BF16', Uint8Array.of(0x80, 0x3f, 0x00, 0xc0))]).toEqual([1, -2])
})

test('bytes at an odd address decode like aligned ones', () => {
  const values = f32(1, -2, 3.5, 0)
  const dtypes: DType[] = ['F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8']
  for (const dtype of dtypes) {
    const whole = dtype.startsWith('I') ? f32(1, -2, 3, 0) : values
    const stored = fromFloat32(dtype, whole)
    const shifted = new Uint8Array(stored.length + 1)
    shifted.set(stored, 1)
    expect(toFloat32(dtype, shifted.subarray(1)), dtype).toEqual(whole)
  }
})

test('F32 keeps the payload of a signalling NaN', () => {
  const bytes = Uint8Array.of(0x01, 0x00, 0x80, 0x7f)
  expect([...new Uint8Array(toFloat32('F32', bytes).buffer)]).toEqual([...bytes])
})

test('the result shares memory with the bytes only where they are F32 in a buffer of their own', () => {
  const own = new Uint8Array(8)
  expect(toFloat32('F32', own).buffer).toBe(own.buffer)
  const bytes = new Uint8Array(12).subarray(4)
  const values = toFloat32('F32', bytes)
  bytes.fill(255)
  expect([...values]).toEqual([0, 0])
})

test('I64 above 2^53 rounds once, straight to the nearest float32', () => {
  // 2^60 + 2^36 is halfway between two float32; one more unit must round up, which a detour over double would lose.
  const bytes = new Uint8Array(
    BigInt64Array.of(2n ** 60n + 2n ** 36n + 1n, 2n ** 60n + 2n ** 36n, -(2n ** 63n)).buffer,
  )
  expect([...toFloat32('I64', bytes)]).toEqual([2 ** 60 + 2 ** 37, 2 ** 60, -(2 ** 63)])
})

test('BOOL reads any non-zero byte as 1', () => {
  expect([...toFloat32('BOOL', Uint8Array.of(0, 1, 255))]).toEqual([0, 1, 1])
})

test('a value an integer type cannot hold is an error, not a wrap', () => {
  expect([...fromFloat32('U8', f32(0, 255))]).toEqual([0, 255])
  for (const [dtype, value] of [
    ['U8', 256],
    ['U8', -1],
    ['I8', 128],
    ['I16', 0.5],
    ['I32', 2 ** 31],
    ['I64', 2 ** 63],
    ['BOOL', 2],
    ['I64', Number.NaN],
  ] as const)
    expect(() => fromFloat32(dtype, f32(value)), `${value} as ${dtype}`).toThrow(RangeError)
})

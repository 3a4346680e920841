import { describe, expect, test } from 'vitest'
import { openSafetensors, writeSafetensors } from '../../../lib/tensor/safetensors'
import { bytesSource, type DType, type Tensor } from '../../../lib/tensor/tensor'
import { concat, little, refusal, sparseSource } from './fixture'

const raw = (header: string | Uint8Array, data: Uint8Array | number[] = [], length?: number | bigint) => {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header
  return bytesSource('x.safetensors', concat(little(length ?? text.length, 8), text, data))
}
const entry = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`
const refused = async (header: string | Uint8Array, data: number[] = [], length?: number | bigint) =>
  (await refusal(openSafetensors(raw(header, data, length)))).message
const tensor = (shape: number[], ...values: number[]): Tensor => ({ shape, data: Float32Array.from(values) })

describe('reading safetensors', () => {
  test('legal oddities are read: {}, scalars, zero sizes, white space around, names out of data order', async () => {
    expect((await openSafetensors(raw('{}'))).tensors.size).toBe(0)
    const header = ` \n{"b":${entry('U8', '[1]', '[1,2]')},"a":${entry('I8', '[]', '[0,1]')},"z":${entry('F32', '[2,0]', '[1,1]')}}\t `
    const opened = await openSafetensors(raw(header, [255, 7]))
    expect([...opened.tensors.keys()]).toEqual(['b', 'a', 'z'])
    expect(await opened.read('a')).toEqual(tensor([], -1))
    expect(await opened.read('b')).toEqual(tensor([1], 7))
    expect(await opened.read('z')).toEqual(tensor([2, 0]))
  })

  test('fields it does not know are passed over, as the reference reader does', async () => {
    const header = `{"a":{"dtype":"U8","note":[{"x":null}],"shape":[1],"data_offsets":[0,1]}}`
    expect(await (await openSafetensors(raw(header, [3]))).read('a')).toEqual(tensor([1], 3))
  })

  test.each([
    [
      'fewer than 8 bytes',
      () => refusal(openSafetensors(bytesSource('x', Uint8Array.of(1, 2, 3)))),
      /at least 8 bytes/,
    ],
    ['a length of 2^53 + 1', () => refusal(openSafetensors(raw('{}', [], 2n ** 53n + 1n))), /header claims/],
    [
      'a length whose low word alone is small',
      () => refusal(openSafetensors(raw('{}', [], 2n ** 32n + 2n))),
      /header claims/,
    ],
    [
      'a length of 2^64 - 1',
      () => refusal(openSafetensors(raw('{}', [], 2n ** 64n - 1n))),
      /18446744073709551615/,
    ],
    ['a length one beyond the cap', () => refusal(openSafetensors(raw('{}', [], 100_000_001))), /100000000/],
  ])('refuses %s', async (_what, attempt, reason) => {
    expect((await attempt()).message).toMatch(reason)
  })

  test.each<[string, string, number[], RegExp]>([
    ['a byte order mark', '\uFEFF{}', [], /cannot be read/],
    ['an array for a header', '[]', [], /cannot be read/],
    ['text after the header', '{} {}', [], /the end is expected/],
    ['a hole', `{"a":${entry('U8', '[1]', '[1,2]')}}`, [0, 0], /a: .*hole/],
    [
      'an overlap',
      `{"a":${entry('U8', '[2]', '[0,2]')},"b":${entry('U8', '[2]', '[1,3]')}}`,
      [0, 0, 0],
      /b: .*overlaps/,
    ],
    ['an end before the start', `{"a":${entry('U8', '[1]', '[1,0]')}}`, [0], /not a start and an end/],
    ['three offsets', `{"a":${entry('U8', '[1]', '[0,1,1]')}}`, [0], /not a start and an end/],
    ['a negative offset', `{"a":${entry('U8', '[1]', '[-1,0]')}}`, [0], /-1 is not an unsigned integer/],
    ['a fractional offset', `{"a":${entry('U8', '[1]', '[0,1.0]')}}`, [0], /1\.0 is not an unsigned integer/],
    ['a shape with a boolean', `{"a":${entry('U8', '[true]', '[0,1]')}}`, [0], /unsigned integer/],
    ['a shape of two negative sizes', `{"a":${entry('U8', '[-1,-1]', '[0,1]')}}`, [0], /unsigned integer/],
    ['a shape that overflows', `{"a":${entry('F32', '[4294967296,4294967296]', '[0,0]')}}`, [], /overflows/],
    ['bytes that are missing', `{"a":${entry('U8', '[4]', '[0,4]')}}`, [1, 2], /truncated/],
    ['an unknown dtype', `{"a":${entry('F8_E4M3', '[1]', '[0,1]')}}`, [0], /F8_E4M3 is not supported/],
    ['a dtype named like a method', `{"a":${entry('constructor', '[1]', '[0,1]')}}`, [0], /not supported/],
    ['an entry without a shape', '{"a":{"dtype":"U8","data_offsets":[0,0]}}', [], /no dtype, shape/],
    [
      'a dtype given twice',
      '{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
      [],
      /comes twice/,
    ],
    ['metadata that is not text', '{"__metadata__":{"a":1}}', [], /cannot be read/],
    [
      'a name that comes twice on the same bytes',
      `{"a":${entry('U8', '[0]', '[0,0]')},"a":${entry('U8', '[0]', '[0,0]')}}`,
      [],
      /"a" comes twice/,
    ],
  ])('refuses %s', async (_what, header, data, reason) => {
    expect(await refused(header, data)).toMatch(reason)
  })

  test('refuses a header that is not UTF-8', async () => {
    expect(await refused(Uint8Array.of(0x7b, 0xff, 0x7d))).toMatch(/UTF-8/)
  })

  test('an unknown name is an InputError, also if it is one of Object.prototype', async () => {
    const opened = await openSafetensors(raw('{}'))
    for (const name of ['nope', 'constructor', '__proto__']) await refusal(opened.read(name))
  })

  test('control characters of a name do not reach the message', async () => {
    const message = await refused(`{"a\\u001b[2J\\u202e":${entry('XX', '[1]', '[0,1]')}}`)
    for (const c of ['\u001b', '\u202e']) expect(message).not.toContain(c)
  })

  test('offsets above 2^31 and 2^32 are read exactly and by slice', async () => {
    const at = 2 ** 33 + 1
    const header = new TextEncoder().encode(
      `{"big":${entry('U8', `[${at}]`, `[0,${at}]`)},"w":${entry('F32', '[2]', `[${at},${at + 8}]`)}}`,
    )
    const start = 8 + header.length
    const source = sparseSource('big.safetensors', start + at + 8, [
      { at: 0, bytes: concat(little(header.length, 8), header) },
      { at: start + at, bytes: new Uint8Array(Float32Array.of(1.5, -2).buffer) },
    ])
    const opened = await openSafetensors(source)
    expect(await opened.read('w')).toEqual(tensor([2], 1.5, -2))
  })

  test('opening reads the header and nothing else', async () => {
    const file = writeSafetensors(new Map([['w', { tensor: tensor([2], 1, 2), dtype: 'F32' as const }]]))
    const headerEnd = file.length - 8
    const opened = await openSafetensors(
      sparseSource('x', file.length, [{ at: 0, bytes: file.subarray(0, headerEnd) }]),
    )
    expect(opened.tensors.get('w')).toEqual({ dtype: 'F32', shape: [2] })
    await expect(opened.read('w')).rejects.toThrow('must not be read')
  })
})

describe('writing safetensors', () => {
  const tensors = new Map<string, { tensor: Tensor; dtype: DType }>([
    ['__proto__', { tensor: tensor([2, 2], 1, -2, 0.5, 3), dtype: 'F16' }],
    ['odd', { tensor: tensor([3], 1, 0, 1), dtype: 'BOOL' }],
    ['"ü\u0007"', { tensor: tensor([], 7), dtype: 'I64' }],
    ['after odd', { tensor: tensor([1, 2], Math.fround(0.1), -Infinity), dtype: 'F32' }],
    ['plane', { tensor: tensor([4], 0, 255, 128, 1), dtype: 'U8' }],
    ['none', { tensor: tensor([0, 3]), dtype: 'F64' }],
  ])
  const metadata = new Map([
    ['__proto__', 'x'],
    ['manifest', '{"a":"\\n"}'],
  ])

  test('what is written is read back: names, order, dtypes, values, metadata', async () => {
    const opened = await openSafetensors(bytesSource('x', writeSafetensors(tensors, metadata)))
    expect([...opened.tensors.keys()]).toEqual([...tensors.keys()])
    expect([...opened.metadata]).toEqual([...metadata])
    for (const [name, { tensor, dtype }] of tensors) {
      expect(opened.tensors.get(name)).toEqual({ dtype, shape: tensor.shape })
      expect(await opened.read(name)).toEqual(tensor)
    }
  })

  test('the header is padded with spaces to a multiple of 8 and equal input gives equal bytes', () => {
    const bytes = writeSafetensors(tensors, metadata)
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
    expect(length % 8).toBe(0)
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + length)).trimEnd()).toMatch(
      /^\{"__metadata__".*\}$/,
    )
    expect(writeSafetensors(tensors, metadata)).toEqual(bytes)
  })

  test('what a reader would refuse is not written', () => {
    const one = { tensor: tensor([1], 1), dtype: 'F32' as const }
    expect(() => writeSafetensors(new Map([['__metadata__', one]]))).toThrow(RangeError)
    expect(() => writeSafetensors(new Map([['\ud800', one]]))).toThrow(RangeError)
    expect(() => writeSafetensors(new Map([['a', { ...one, tensor: tensor([2], 1) }]]))).toThrow(RangeError)
  })
})

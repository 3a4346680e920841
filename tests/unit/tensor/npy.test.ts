import { describe, expect, test } from 'vitest'
import { openNpy, writeNpy } from '../../../lib/tensor/npy'
import { openTensors } from '../../../lib/tensor/open'
import { bytesSource, type DType, type Tensor } from '../../../lib/tensor/tensor'
import { concat, little, refusal } from './fixture'

const tensor = (shape: number[], ...values: number[]): Tensor => ({ shape, data: Float32Array.from(values) })

function npy(header: string, data: Uint8Array | number[], version = 1): Uint8Array {
  const length = new TextEncoder().encode(header).length
  return concat([0x93], 'NUMPY', [version, 0], little(length, version === 1 ? 2 : 4), header, data)
}
const header = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`
const read = async (bytes: Uint8Array) => (await openNpy(bytesSource('x.npy', bytes))).read('x')
const refused = async (bytes: Uint8Array) => (await refusal(openNpy(bytesSource('x.npy', bytes)))).message
const f4 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)

describe('npy', () => {
  test('what is written is read back, for every type NumPy has', async () => {
    const dtypes: DType[] = ['F64', 'F32', 'F16', 'I64', 'I32', 'I16', 'I8', 'U8', 'BOOL']
    for (const dtype of dtypes)
      for (const t of [tensor([2, 3], 0, 1, 1, 0, 1, 0), tensor([], 1), tensor([2], 1, 0), tensor([0, 2])]) {
        const opened = await openTensors(bytesSource('dir/x_T.npy', writeNpy(t, dtype)))
        expect([...opened.tensors]).toEqual([['x_T', { dtype, shape: t.shape }]])
        expect(await opened.read('x_T')).toEqual(t)
      }
  })

  test('the bytes are those numpy.save writes', () => {
    const bytes = writeNpy(tensor([3], 1, 2, 3))
    const text = new TextDecoder('latin1').decode(bytes.subarray(0, 128))
    expect(text).toBe(
      `\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }`
        .padEnd(127)
        .concat('\n'),
    )
    expect(bytes.length).toBe(128 + 12)
  })

  test('versions 2 and 3, keys in any order and other spacing are read', async () => {
    const odd = `{ 'shape':(2,1),'descr' : "<f4", 'fortran_order':False}`.replaceAll('"', "'")
    for (const version of [2, 3])
      expect(await read(npy(odd, f4(1, 2), version))).toEqual(tensor([2, 1], 1, 2))
  })

  test('Fortran order is read right', async () => {
    expect(await read(npy(header('<f4', '(2, 3)', 'True'), f4(1, 4, 2, 5, 3, 6)))).toEqual(
      tensor([2, 3], 1, 2, 3, 4, 5, 6),
    )
  })

  test('big-endian is read right', async () => {
    expect(await read(npy(header('>i2', '(2,)'), [0, 1, 1, 0]))).toEqual(tensor([2], 1, 256))
    expect(await read(npy(header('>f8', '()'), [0x3f, 0xf8, 0, 0, 0, 0, 0, 0]))).toEqual(tensor([], 1.5))
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['an object array', npy(header('|O', '(1,)'), [1]), /Python objects/],
    ['complex numbers', npy(header('<c8', '(1,)'), new Uint8Array(8)), /type <c8/],
    ['an unsigned type', npy(header('<u4', '(1,)'), new Uint8Array(4)), /type <u4/],
    ['records', npy(`{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }`, f4(1)), /records/],
    [
      'code in the header',
      npy(`{'descr': '<f4', 'fortran_order': False, 'shape': (exit(),), }`, f4(1)),
      /not a .npy header/,
    ],
    [
      'an unknown key',
      npy(`{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': True}`, f4(1)),
      /not a .npy header/,
    ],
    [
      'a key given twice',
      npy(`{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}`, f4(1)),
      /not a .npy header/,
    ],
    ['a key that is missing', npy(`{'descr': '<f4', 'shape': (1,)}`, f4(1)), /not a .npy header/],
    ['a header of 4 GB', concat([0x93], 'NUMPY', [2, 0], little(0xffffffff, 4)), /header claims 4294967295/],
    ['version 9', npy(header('<f4', '(1,)'), f4(1), 9), /version 9/],
    ['missing bytes', npy(header('<f4', '(2,)'), f4(1)), /takes 8 bytes, 4 follow/],
    ['bytes left over', npy(header('<f4', '(1,)'), f4(1, 2)), /takes 4 bytes, 8 follow/],
    ['a shape that overflows', npy(header('<f4', '(4294967296, 4294967296)'), []), /takes/],
    ['a negative size', npy(header('<f4', '(-1,)'), f4(1)), /not a .npy header/],
    ['a cut header', npy(header('<f4', '(1,)'), f4(1)).subarray(0, 40), /header claims/],
  ])('refuses %s', async (_what, bytes, reason) => {
    expect(await refused(bytes)).toMatch(reason)
  })

  test('BF16 has no NumPy type', () => {
    expect(() => writeNpy(tensor([1], 1), 'BF16')).toThrow(RangeError)
  })
})

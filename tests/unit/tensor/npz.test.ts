/** .npz archives: what numpy.savez and numpy.savez_compressed write, and what pretends to be that. */
import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { crc32 } from '../../../lib/tensor/crc32'
import { writeNpy } from '../../../lib/tensor/npy'
import { openTensors } from '../../../lib/tensor/open'
import { bytesSource } from '../../../lib/tensor/tensor'
import { type Member, zipOf } from './archive'
import { concat, little, refusal } from './fixture'

const array = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) })
const stored = (name: string, npy: Uint8Array): Member => ({ name, data: npy })
const open = (bytes: Uint8Array) => openTensors(bytesSource('a.npz', bytes))

/** An archive of one deflated member that declares `size` bytes unpacked. */
function deflated(
  name: string,
  content: Uint8Array,
  size = content.length,
  packed = pack(content),
): Uint8Array {
  const crc = crc32(content)
  const nameBytes = new TextEncoder().encode(name)
  const facts = concat(
    little(0, 2),
    little(8, 2),
    little(0, 4),
    little(crc, 4),
    little(packed.length, 4),
    little(size, 4),
  )
  const local = concat(
    'PK\x03\x04',
    little(20, 2),
    facts,
    little(nameBytes.length, 2),
    little(0, 2),
    nameBytes,
    packed,
  )
  const central = concat(
    'PK\x01\x02',
    little(20, 2),
    little(20, 2),
    facts,
    little(nameBytes.length, 2),
    little(0, 16),
    nameBytes,
  )
  const end = concat(
    'PK\x05\x06',
    little(0, 4),
    little(1, 2),
    little(1, 2),
    little(central.length, 4),
    little(local.length, 4),
    little(0, 2),
  )
  return concat(local, central, end)
}
const pack = (content: Uint8Array) => new Uint8Array(deflateRawSync(content))

describe('npz', () => {
  test('stored arrays are read by their names', async () => {
    const file = await open(
      zipOf([stored('x.npy', writeNpy(array(1, 2))), stored('layer/w.npy', writeNpy(array(3), 'F64'))]),
    )
    expect([file.container, ...file.tensors]).toEqual([
      'npz',
      ['x', { dtype: 'F32', shape: [2] }],
      ['layer/w', { dtype: 'F64', shape: [1] }],
    ])
    expect([...(await file.read('layer/w')).data]).toEqual([3])
    expect((await refusal(file.read('y'))).code).toBe('missing_tensor')
  })

  test('deflated arrays are read, across many pieces', async () => {
    const noise = Array.from({ length: 50_000 }, (_, i) => Math.sin(i * i))
    const file = await open(deflated('x.npy', writeNpy(array(...noise))))
    expect((await file.read('x')).data).toEqual(Float32Array.from(noise))
  })

  test.each<[string, Uint8Array, RegExp, string]>([
    ['objects', zipOf([stored('x.npy', objects())]), /a\.npz\/x\.npy: .*Python objects/, 'unsupported'],
    ['a member that is no array', zipOf([stored('x.npy', concat('x'.repeat(40)))]), /version/, 'damaged'],
    [
      'a bomb: a thousand times its size',
      deflated('x.npy', new Uint8Array(8), 100_000_000, new Uint8Array(100_000)),
      /declares 100000000 bytes/,
      'too_large',
    ],
    [
      'a ratio deflate cannot have',
      deflated('x.npy', new Uint8Array(8), 50_000),
      /declares 50000 bytes/,
      'too_large',
    ],
    [
      'a method no one reads',
      zipOf([{ ...stored('x.npy', writeNpy(array(1))), method: 12 }]),
      /method 12/,
      'unsupported',
    ],
  ])('%s is refused when it is opened', async (_what, bytes, reason, code) => {
    const refused = await refusal(open(bytes))
    expect(refused.message).toMatch(reason)
    expect(refused.code).toBe(code)
  })

  test('a member that unpacks to more or less than it declares, or to other bytes, is refused when read', async () => {
    const npy = writeNpy(array(1, 2, 3, 4))
    const more = concat(npy, new Uint8Array(1000))
    const read = async (bytes: Uint8Array) => (await open(bytes)).read('x')
    const wrong = npy.slice()
    wrong[npy.length - 1] = 0
    for (const [content, reason] of [
      [pack(more), /does not unpack to the 144 bytes/],
      [pack(npy.subarray(0, -4)), /does not unpack to the 144 bytes/],
      [pack(wrong), /CRC/],
      [pack(npy).subarray(0, -2), /does not unpack/],
    ] as const)
      expect((await refusal(read(deflated('x.npy', npy, npy.length, content)))).message).toMatch(reason)
  })

  test('a deflated record in a torch archive is refused', async () => {
    expect((await refusal(open(deflated('m/data.pkl', concat('x'.repeat(50)))))).message).toMatch(
      /compressed \(method 8\)/,
    )
  })
})

function objects(): Uint8Array {
  const text = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
  return concat([0x93], 'NUMPY', [1, 0], little(text.length, 2), text)
}

/** Checkpoints in several safetensors files. */
import { describe, expect, test } from 'vitest'
import { InputError } from '../../../lib/tensor/error'
import { openTensors } from '../../../lib/tensor/open'
import { writeSafetensors } from '../../../lib/tensor/safetensors'
import { bytesSource } from '../../../lib/tensor/tensor'
import { refusal } from './fixture'

const shard = (values: Record<string, number>) =>
  writeSafetensors(
    new Map(
      Object.entries(values).map(([name, value]) => [
        name,
        { tensor: { shape: [1], data: Float32Array.of(value) }, dtype: 'F32' as const },
      ]),
    ),
  )
const files = new Map([
  ['m-1.safetensors', shard({ a: 1, b: 2 })],
  ['m-2.safetensors', shard({ c: 3 })],
  ['m-3.safetensors', shard({ a: 9 })],
])
const map = { a: 'm-1.safetensors', b: 'm-1.safetensors', c: 'm-2.safetensors' }

async function openSibling(name: string) {
  const bytes = files.get(name)
  if (bytes) return bytesSource(name, bytes)
  throw new InputError({
    file: name,
    problem: 'there is no such file',
    remedy: 'Check the path.',
    code: 'not_found',
  })
}
const open = (index: unknown) =>
  openTensors(
    bytesSource(
      'm.safetensors.index.json',
      new TextEncoder().encode(typeof index === 'string' ? index : JSON.stringify(index)),
    ),
    openSibling,
  )
const refused = async (index: unknown) => (await refusal(open(index))).message

describe('an index and its shards', () => {
  test('are one file of all tensors', async () => {
    const file = await open({ metadata: { total_size: 12 }, weight_map: map })
    expect(file.container).toBe('safetensors-sharded')
    expect([...file.tensors.keys()]).toEqual(['a', 'b', 'c'])
    expect([...(await file.read('c')).data]).toEqual([3])
  })

  test('are joined to one safetensors file, alike in whatever order the index names them', async () => {
    const joined = async (weight_map: Record<string, string>) => {
      const { header, parts } = (await open({ weight_map })).joined!
      return Buffer.concat([
        header,
        ...parts.map(({ name, start, end }) => files.get(name)!.subarray(start, end)),
      ])
    }
    const bytes = await joined(map)
    expect(await joined({ c: map.c, b: map.b, a: map.a })).toEqual(bytes)
    const file = await openTensors(bytesSource('m.safetensors', bytes))
    expect([...file.tensors.keys()]).toEqual(['a', 'b', 'c'])
    for (const [name, value] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const)
      expect([...(await file.read(name)).data]).toEqual([value])
  })

  test('that do not fit together are refused', async () => {
    expect(await refused({ weight_map: { ...map, d: 'm-2.safetensors' } })).toMatch(/: d: .*does not hold it/)
    expect(await refused({ weight_map: { a: 'm-1.safetensors', c: 'm-2.safetensors' } })).toMatch(
      /: b: .*index does not say/,
    )
    expect(await refused({ weight_map: { ...map, x: 'm-3.safetensors' } })).toMatch(
      /: a: it is in m-1.*and in m-3/,
    )
    expect(await refused({ weight_map: { ...map, d: 'm-9.safetensors' } })).toMatch(/m-9.*no such file/)
    expect(await refused('{"weight_map": {"a": "m-1.safetensors", "a": "m-2.safetensors"}}')).toMatch(
      /comes twice/,
    )
    expect(await refused({ weight_map: {} })).toMatch(/lists no tensors/)
  })

  test.each([
    '../m-1.safetensors',
    '/etc/passwd',
    'a/b.safetensors',
    'a\\b.safetensors',
    '.safetensors',
    'm.bin',
    '',
  ])('a shard called "%s" is refused before it is looked for', async (name) => {
    expect(await refused({ weight_map: { a: name } })).toMatch(/not the plain name of a safetensors file/)
  })

  test('an index alone says what is missing', async () => {
    const source = bytesSource('m.json', new TextEncoder().encode(JSON.stringify({ weight_map: map })))
    const error = await refusal(openTensors(source))
    expect([error.code, error.remedy]).toEqual([
      'not_found',
      expect.stringContaining('Give the shards along with it'),
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { equalBins, type Logged, readEvents } from '../../../lib/record/tensorboard'
import { crc32c, maskedCrc, tfRecords } from '../../../lib/record/tf-record'
import { bytes, double, doubles, event, float, join, record, varint, whole } from './event-file'

const text = (words: string) => new TextEncoder().encode(words)
const source = (data: Uint8Array) => ({
  name: 'events',
  size: data.length,
  read: async (start: number, end: number) => data.slice(start, end),
})

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
const read = (...events: Uint8Array[]): Promise<Logged[]> =>
  all(readEvents(source(join(...events.map(record)))))

it('crc32c gives the check values of RFC 3720, section B.4', () => {
  expect(crc32c(text('123456789'))).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
})

it('a checksum is masked as rotation by 15 and addition of 0xa282ead8', () => {
  const crc = 0xe3069283n
  const rotated = ((crc >> 15n) | (crc << 17n)) & 0xffffffffn
  expect(maskedCrc(text('123456789'))).toBe(Number((rotated + 0xa282ead8n) & 0xffffffffn))
})

it('scalars are read from simple_value and from tensors, in all ways their value is written', async () => {
  const plugin = bytes(9, bytes(1, bytes(1, 'scalars')))
  const content = (dtype: number, data: Uint8Array) => bytes(8, join(whole(1, dtype), bytes(4, data)))
  expect(
    await read(
      join(double(1, 1.7e9), bytes(3, 'brain.Event:2')),
      event(1, bytes(1, 'loss'), float(2, 0.5)),
      event(2, bytes(1, 'loss'), plugin, bytes(8, join(whole(1, 1), float(5, 0.25)))),
      event(3, bytes(1, 'loss'), plugin, content(1, new Uint8Array(new Float32Array([0.125]).buffer))),
      event(4, bytes(1, 'loss'), plugin, content(2, new Uint8Array(new Float64Array([0.1]).buffer))),
      event(5, bytes(1, 'loss'), plugin, bytes(8, join(whole(1, 2), doubles(6, [0.2])))),
    ),
  ).toEqual(
    [0.5, 0.25, 0.125, 0.1, 0.2].map((value, i) => ({ kind: 'scalar', tag: 'loss', step: i + 1, value })),
  )
})

it('values that are not finite and summaries of other plugins are passed over', async () => {
  const plugin = bytes(9, bytes(1, bytes(1, 'text')))
  expect(
    await read(
      event(1, bytes(1, 'loss'), float(2, Number.NaN)),
      event(1, bytes(1, 'note'), plugin, bytes(8, join(whole(1, 7), bytes(8, 'hello')))),
      event(1, bytes(1, ''), float(2, 1)),
      event(1, bytes(1, 'nothing')),
    ),
  ).toEqual([])
})

it('a step is a signed number of 64 bits', async () => {
  expect((await read(event(-1n, bytes(1, 'a'), float(2, 1))))[0]!.step).toBe(-1)
  expect((await read(event(2 ** 40, bytes(1, 'a'), float(2, 1))))[0]!.step).toBe(2 ** 40)
})

it('a histogram keeps its counts, its range and its moments, whatever its outermost buckets reach to', async () => {
  const proto = (limits: number[], counts: number[]) =>
    join(
      double(1, -1),
      double(2, 3),
      double(3, 8),
      double(4, 8),
      double(5, 24),
      doubles(6, limits),
      doubles(7, counts),
    )
  const [logged] = await read(
    event(7, bytes(1, 'conv1/weight'), bytes(5, proto([0, 1, Number.MAX_VALUE], [4, 0, 4]))),
  )
  expect(logged).toMatchObject({
    kind: 'histogram',
    tag: 'conv1/weight',
    step: 7,
    histogram: { lo: -1, hi: 3 },
  })
  const { histogram, moments } = logged as Extract<Logged, { kind: 'histogram' }>
  expect(moments).toEqual({ mean: 1, std: Math.sqrt(2) })
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
  expect(histogram.counts).toHaveLength(64)
  expect(sum(histogram.counts.slice(0, 16))).toBe(4)
  expect(sum(histogram.counts.slice(16, 32))).toBe(0)
  expect(sum(histogram.counts.slice(32))).toBe(4)
})

it("TensorFlow 2's histograms are rows of left edge, right edge and count", async () => {
  const plugin = bytes(9, bytes(1, bytes(1, 'histograms')))
  const rows = new Uint8Array(new Float64Array([0, 1, 2, 1, 2, 6]).buffer)
  const [logged] = await read(event(1, bytes(1, 'w'), plugin, bytes(8, join(whole(1, 2), bytes(4, rows)))))
  const { histogram } = logged as Extract<Logged, { kind: 'histogram' }>
  expect([histogram.lo, histogram.hi, histogram.counts[0], histogram.counts[63]]).toEqual([
    0,
    2,
    2 / 32,
    6 / 32,
  ])
})

describe('equalBins', () => {
  it('puts equal values where they lie, without a width', () => {
    expect(equalBins([2, 2], [5])).toEqual({ lo: 2, hi: 2, counts: [5, ...Array(63).fill(0)] })
    expect(equalBins([0, 1, 1, 2], [0, 3, 0])!.counts[32]).toBe(3)
  })
  it.each([
    ['descending edges', [0, 2, 1], [1, 1]],
    ['infinite edges', [0, Number.POSITIVE_INFINITY], [1]],
    ['NaN', [0, Number.NaN, 1], [1, 1]],
    ['negative counts', [0, 1], [-1]],
    ['nothing counted', [0, 1], [0]],
    ['nothing', [], []],
  ])('gives null for %s', (_what, edges, counts) => {
    expect(equalBins(edges, counts)).toBeNull()
  })
})

it('images are the PNGs that were written, in both ways', async () => {
  const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47])
  const plugin = bytes(9, bytes(1, bytes(1, 'images')))
  const logged = await read(
    event(1, bytes(1, 'grid'), bytes(4, join(whole(1, 2), whole(2, 2), whole(3, 3), bytes(4, png)))),
    event(
      2,
      bytes(1, 'grid'),
      plugin,
      bytes(8, join(whole(1, 7), bytes(8, '2'), bytes(8, '2'), bytes(8, png), bytes(8, png))),
    ),
  )
  expect(logged).toHaveLength(3)
  for (const image of logged) expect(image).toMatchObject({ kind: 'image', tag: 'grid', png })
})

const one = record(event(1, bytes(1, 'loss'), float(2, 1)))

it('a last record that is still being written is left out', async () => {
  for (let cut = 1; cut < one.length; cut++) {
    const found = await all(readEvents(source(join(one, one.slice(0, one.length - cut)))))
    expect(found).toHaveLength(1)
  }
})

it('a record longer than a block is read whole, and those around it', async () => {
  const long = new Uint8Array(3 * 2 ** 20).fill(7)
  const parts = [one, record(long), one].map((part) => Buffer.from(part))
  const found = await all(tfRecords(source(new Uint8Array(Buffer.concat(parts)))))
  expect(found.map(({ length }) => length)).toEqual([one.length - 16, long.length, one.length - 16])
})

it('every flipped bit is noticed: a checksum covers length and data', async () => {
  for (let bit = 0; bit < one.length * 8; bit++) {
    const damaged = one.slice()
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    await expect(all(readEvents(source(damaged)))).rejects.toThrow('checksum')
  }
})

it.each<[string, Uint8Array, string]>([
  ['text', text('a text file is no event file'), 'checksum'],
  ['a length of 2^64 - 1', lying(0xffff_ffff_ffff_ffffn), 'are allowed'],
  ['a length of 65 MB', lying(65n * 2n ** 20n), 'are allowed'],
  ['a field longer than its message', record(join(varint(0x2a), varint(1000))), 'longer than its message'],
  ['a length of 2^63 inside', record(join(varint(0x2a), varint(2n ** 63n))), 'longer than its message'],
  ['a number without end', record(new Uint8Array(20).fill(0xff)), 'ten bytes'],
  ['a number cut short', record(Uint8Array.from([0x10, 0x80])), 'cut short'],
  ['a group', record(varint(0x13)), 'wire type 3'],
])('%s is refused, naming the file', async (_what, data, words) => {
  await expect(all(readEvents(source(data)))).rejects.toThrow(words)
  await expect(all(readEvents(source(data)))).rejects.toThrow(/^events/)
})

/** A record that claims a length, with a true checksum of it. */
function lying(length: bigint): Uint8Array {
  const head = record(new Uint8Array(0)).slice(0, 8)
  new DataView(head.buffer).setBigUint64(0, length, true)
  const crc = new Uint8Array(4)
  new DataView(crc.buffer).setUint32(0, maskedCrc(head), true)
  return join(head, crc, new Uint8Array(100))
}

/** The stream of torch.save before 1.6; the fixture is PyTorch's, what lies is made from parts. */
import { describe, expect, test } from 'vitest'
import { openTensors } from '../../../lib/tensor/open'
import { bytesSource } from '../../../lib/tensor/tensor'
import { op } from './archive'
import { concat, fixtureBytes, little, refusal } from './fixture'

const pickle = (...ops: number[][]) => Uint8Array.from([...op.proto, ...ops.flat(), ...op.stop])
const magic = pickle(op.long(0x1950a86a20f9469cfc6cn, 10))
const version = pickle(op.int(1001))
const system = (littleEndian = true) =>
  pickle([...op.emptyDict, ...op.text('little_endian'), littleEndian ? 0x88 : 0x89, ...op.setItem])
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)

/** Two values of a storage, or of the part of it that `part` describes as (start, length). */
const tensor = (numel: number, part?: [number, number], offset = 0) => [
  ...op.global('torch._utils', '_rebuild_tensor_v2'),
  ...op.mark,
  ...op.mark,
  ...op.text('storage'),
  ...op.global('torch', 'FloatStorage'),
  ...op.text('k'),
  ...op.text('cpu'),
  ...op.int(numel),
  ...(part ? [...op.mark, ...op.text('v'), ...op.int(part[0]), ...op.int(part[1]), ...op.tuple] : op.none),
  ...op.tuple,
  ...op.persistentId,
  ...op.int(offset),
  ...[...op.mark, ...op.int(2), ...op.tuple],
  ...[...op.mark, ...op.int(1), ...op.tuple],
  ...op.false,
  ...[...op.global('collections', 'OrderedDict'), ...op.emptyTuple, ...op.reduce],
  ...op.tuple,
  ...op.reduce,
]
const root = (ops: number[]) => pickle([...op.emptyDict, ...op.text('w'), ...ops, ...op.setItem])
const keys = (...names: string[]) =>
  pickle([...op.emptyList, ...names.flatMap((name) => [...op.text(name), ...op.append])])
const four = concat(little(4, 8), floats(1, 2, 3, 4))
const stream = (object: number[], more: Uint8Array = concat(keys('k'), four), facts = system()) =>
  concat(magic, version, facts, root(object), more)
const open = (bytes: Uint8Array) => openTensors(bytesSource('old.pth', bytes))

describe('legacy streams', () => {
  test('a view of a storage is read, and one of a part of a storage', async () => {
    const read = async (bytes: Uint8Array) => [...(await (await open(bytes)).read('w')).data]
    expect((await open(stream(tensor(4)))).container).toBe('torch-legacy')
    expect(await read(stream(tensor(4)))).toEqual([1, 2])
    expect(await read(stream(tensor(4, undefined, 2)))).toEqual([3, 4])
    expect(await read(stream(tensor(4, [1, 3], 1)))).toEqual([3, 4])
  })

  test('opening reads pickles and counts only, and a tensor only its own slice', async () => {
    const values = 100_000
    const bytes = stream(tensor(values), concat(keys('k'), little(values, 8), new Uint8Array(values * 4)))
    const reads: [number, number][] = []
    const source = bytesSource('old.pth', bytes)
    const opened = await openTensors({
      ...source,
      read: (start, end) => {
        reads.push([start, end])
        return source.read(start, end)
      },
    })
    expect(Math.max(...reads.map(([start, end]) => end - start))).toBeLessThanOrEqual(256 * 1024)
    expect(reads.at(-1)![1] - reads.at(-1)![0]).toBe(8)
    reads.length = 0
    await opened.read('w')
    expect(reads.map(([start, end]) => end - start)).toEqual([8])
  })

  test('pickles longer than the first piece are read on', async () => {
    const long = [...op.text('x'.repeat(300_000)), 0x30] // POP
    const bytes = concat(magic, version, system(), root([...long, ...tensor(4)]), keys('k'), four)
    expect([...(await (await open(bytes)).read('w')).data]).toEqual([1, 2])
  })

  test.each<[string, Uint8Array, RegExp, string]>([
    ['a cut storage', stream(tensor(4)).subarray(0, -3), /storages take \d+ bytes/, 'truncated'],
    ['a cut pickle', concat(magic, version, system().subarray(0, 8)), /ends too early/, 'truncated'],
    ['bytes at the end', concat(stream(tensor(4)), 'x'), /1 bytes follow/, 'damaged'],
    [
      'another count',
      stream(tensor(4), concat(keys('k'), little(5, 8), floats(1, 2, 3, 4))),
      /has 5 elements/,
      'damaged',
    ],
    ['a key that is missing', stream(tensor(4), keys()), /storage k is missing/, 'damaged'],
    ['a key twice', stream(tensor(4), concat(keys('k', 'k'), four, four)), /keys is damaged/, 'damaged'],
    ['a key nobody describes', stream(tensor(4), concat(keys('k', 'z'), four)), /keys is damaged/, 'damaged'],
    ['a view past the end', stream(tensor(4, undefined, 3)), /reaches element 5/, 'damaged'],
    ['a part past the end', stream(tensor(4, [2, 3])), /not a storage/, 'damaged'],
    ['a storage of 2^53 bytes', stream(tensor(0x7fffffff)), /storages take/, 'truncated'],
    ['big-endian', stream(tensor(4), concat(keys('k'), four), system(false)), /big-endian/, 'unsupported'],
    ['another version', concat(magic, pickle(op.int(1002)), system()), /version 1002/, 'unsupported'],
    [
      'a call',
      stream([...op.global('os', 'system'), ...op.mark, ...op.text('x'), ...op.tuple, ...op.reduce]),
      /object: refused, it uses os\.system/,
      'code',
    ],
  ])('%s is refused', async (_what, bytes, reason, code) => {
    const refused = await refusal(open(bytes))
    expect(refused.message).toMatch(reason)
    expect(refused.code).toBe(code)
  })

  test('the tar files before that are refused by name', async () => {
    const tar = new Uint8Array(1024)
    tar.set(new TextEncoder().encode('storages'))
    tar.set(new TextEncoder().encode('ustar'), 257)
    expect((await refusal(open(tar))).message).toMatch(/tar format of the first PyTorch versions/)
  })

  test('every cut and every flipped bit of a file by PyTorch is judged', async () => {
    const all = fixtureBytes('legacy_nonzip.pth')
    for (let end = 0; end < all.length; end += 7) await refusal(open(all.subarray(0, end)))
    for (let at = 0; at < all.length; at++) {
      const damaged = all.slice()
      damaged[at] = damaged[at]! ^ (1 << (at % 8))
      const outcome = await open(damaged).catch((error: unknown) => error)
      if (outcome instanceof Error) expect(outcome.name, `byte ${at}: ${outcome.message}`).toBe('InputError')
    }
  })
})

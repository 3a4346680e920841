/** Streams of pickles from before PyTorch 1.6: cut, with lying counts, with attacks inside. */
import { concat, flipped, type Part } from './build/bytes'
import { call, dict, integer, op, pickle, text, tuple } from './build/pickle'
import { type LegacyStream, legacy, plain, stateDict, type View } from './build/torch'
import { type Case, read, refused, t } from './case'

const part = (key: string, values: number, offset: number) =>
  tuple(text(key), integer(offset), integer(values))
const whole: Partial<View> = { viewMetadata: op.NONE }
const root = stateDict([
  ['a', plain('0', [2], whole)],
  ['b', plain('1', [3], whole)],
])
const storages = [
  [2, Float32Array.of(1, 2)],
  [3, Float32Array.of(3, 4, 5)],
] as const
const values = [t('a', [2], [1, 2]), t('b', [3], [3, 4, 5])]
const stream: LegacyStream = { root, storages }

const bad = (file: string, says: string, change: Partial<LegacyStream>) =>
  refused(`legacy-${file}.pth`, says, () => legacy({ ...stream, ...change }))
const cut = (file: string, says: string, end: (length: number) => number) =>
  refused(`legacy-cut-${file}.pth`, says, () => {
    const bytes = legacy(stream)
    return bytes.subarray(0, end(bytes.length))
  })
const counts = (file: string, says: string, ...list: (number | bigint)[]) =>
  bad(`count-${file}`, says, { storages: storages.map(([, data], i) => [list[i]!, data] as const) })
const attack = (where: string, change: (payload: Uint8Array) => Partial<LegacyStream>) =>
  bad(`attack-in-${where}`, 'os.system', change(call('os', 'system', text('echo corpus'))))
const rooted = (file: string, says: string, view: Partial<View>) =>
  bad(file, says, {
    root: stateDict([['a', plain('0', [2], { ...whole, ...view })]]),
    storages: storages.slice(0, 1),
  })

export const legacyStreams: Case[] = [
  read('legacy.pth', values, () => legacy(stream)),
  read('legacy-storages-in-another-order.pth', values, () =>
    legacy({ root, keys: ['1', '0'], storages: [storages[1], storages[0]] }),
  ),
  read('legacy-part-of-a-storage.pth', [t('a', [2], [3, 4])], () =>
    legacy({
      root: stateDict([['a', plain('0', [2], { numel: 4, viewMetadata: part('1', 2, 2) })]]),
      storages: [[4, Float32Array.of(1, 2, 3, 4)]],
    }),
  ),
  read('legacy-at-odd-places.pth', [t('a', [2], [1, 2])], () =>
    legacy({
      root: concat(op.PROTO(2), text('.'.repeat(3)), op.POP, stateDict([['a', plain('0', [2], whole)]])),
      storages: [[2, Float32Array.of(1, 2)]],
    }),
  ),
  read('legacy-training.pth', [t('0/a', [2], [1, 2])], () =>
    legacy({
      root: pickle(
        op.EMPTY_LIST,
        op.MARK,
        dict([[text('a'), plain('0', [2], whole)]]),
        integer(7),
        op.NONE,
        op.APPENDS,
      ),
      storages: storages.slice(0, 1),
    }),
  ),
  cut('in-the-magic', 'bare Python pickle', () => 8),
  cut('after-the-magic', 'ends too early', () => 15),
  cut('in-the-version', 'ends too early', () => 18),
  cut('in-the-system-facts', 'ends too early', () => 60),
  cut('in-the-object', 'ends too early', () => 250),
  cut('before-the-storages', 'truncated', (length) => length - 36),
  cut('in-a-count', 'truncated', (length) => length - 16),
  cut('in-a-storage', 'truncated', (length) => length - 6),
  cut('by-one-byte', 'truncated', (length) => length - 1),
  bad('bytes-behind', 'bytes follow', { behind: [0] }),
  bad('zip-behind', 'bytes follow', { behind: 'PK\x05\x06' }),
  counts('one-more', 'has 3 elements, 2', 3, 3),
  counts('one-less', 'has 1 elements, 2', 1, 3),
  counts('2-to-62', 'has 4611686018427387904 elements', 2n ** 62n, 3),
  counts('minus-1', 'has -1 elements', -1, 3),
  bad('protocol-version', 'version 1000', { protocol: pickle(integer(1000)) }),
  bad('protocol-version-is-text', 'version', { protocol: pickle(text('1001')) }),
  bad('big-endian', 'big-endian', { system: pickle(dict([[text('little_endian'), op.NEWFALSE]])) }),
  bad('keys-missing', 'storage', { keys: ['0'], storages: storages.slice(0, 1) }),
  bad('keys-more', 'keys is damaged', { keys: ['0', '1', '2'] }),
  bad('keys-twice', 'keys is damaged', { keys: ['0', '0'] }),
  bad('keys-unknown', 'keys is damaged', { keys: ['0', '__proto__'] }),
  bad('no-storages', 'storage', { keys: [], storages: [] }),
  rooted('view-behind-the-end', 'reaches element', { offset: 1 }),
  rooted('view-negative', 'damaged', { offset: -1 }),
  rooted('view-stride-0-of-2-to-40', 'out of proportion', { shape: [2 ** 20, 2 ** 20], strides: [0, 0] }),
  rooted('storage-of-2-to-50', 'truncated', { numel: 2n ** 50n }),
  rooted('part-behind-the-end', 'not a storage', { viewMetadata: part('1', 2, 1) }),
  rooted('part-negative', 'not a storage', { viewMetadata: part('1', 2, -1) }),
  rooted('part-is-text', 'not a storage', { viewMetadata: text('1') }),
  bad('storage-of-two-types', 'in two ways', {
    root: stateDict([
      ['a', plain('0', [2], whole)],
      ['b', plain('0', [1], { ...whole, storage: 'DoubleStorage' })],
    ]),
    storages: storages.slice(0, 1),
  }),
  attack('object', (payload) => ({ root: pickle(payload) })),
  attack('magic', (payload) => ({
    magic: concat(pickle(op.LONG1(0x1950a86a20f9469cfc6cn, 10))),
    protocol: pickle(payload),
  })),
  attack('system-facts', (payload) => ({ system: pickle(dict([[text('little_endian'), payload]])) })),
  attack('state', (payload) => ({
    root: pickle(dict([[text('a'), plain('0', [2], whole)]]), payload, op.BUILD),
  })),
  refused('legacy-attack-in-keys.pth', 'os.system', () => {
    const bytes = legacy({ root, storages: [] })
    const keys: Part = pickle(call('os', 'system', text('echo corpus')))
    return concat(bytes.subarray(0, bytes.length - pickle(op.EMPTY_LIST, op.MARK, op.APPENDS).length), keys)
  }),
  refused('legacy-magic-damaged.pth', 'bare Python pickle', () => flipped(legacy(stream), 5)),
]

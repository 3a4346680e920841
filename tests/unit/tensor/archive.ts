import { crc32 } from '../../../lib/tensor/crc32'
import { concat, little } from './fixture'

/** What a test wants in an archive; every field but name and data is there to lie with. */
export type Member = {
  name: string
  data: Uint8Array
  localName?: string
  crc?: number
  method?: number
  flags?: number
  unixMode?: number
  /** Size in the central directory; the local header keeps the true one. */
  declared?: number
  header?: number
}

/** A zip archive of stored members, without zip64 records, with an optional lie per member. */
export function zipOf(members: Member[], comment = ''): Uint8Array {
  const locals: Uint8Array[] = []
  const central: Uint8Array[] = []
  let at = 0
  for (const m of members) {
    const crc = m.crc ?? crc32(m.data)
    const name = new TextEncoder().encode(m.name)
    const localName = new TextEncoder().encode(m.localName ?? m.name)
    const size = m.declared ?? m.data.length
    const flags = [...little(m.flags ?? 0, 2), ...little(m.method ?? 0, 2), 0, 0, 0, 0, ...little(crc, 4)]
    const local = concat(
      'PK\x03\x04',
      little(20, 2),
      flags,
      little(m.data.length, 4),
      little(m.data.length, 4),
      little(localName.length, 2),
      little(0, 2),
      localName,
      m.data,
    )
    central.push(
      concat(
        'PK\x01\x02',
        little(0x0314, 2),
        little(20, 2),
        flags,
        little(size, 4),
        little(size, 4),
        little(name.length, 2),
        little(0, 8),
        little((m.unixMode ?? 0) * 65536, 4),
        little(m.header ?? at, 4),
        name,
      ),
    )
    locals.push(local)
    at += local.length
  }
  const directory = concat(...central)
  const end = concat(
    'PK\x05\x06',
    little(0, 4),
    little(members.length, 2),
    little(members.length, 2),
    little(directory.length, 4),
    little(at, 4),
    little(comment.length, 2),
    comment,
  )
  return concat(...locals, directory, end)
}

/** Pickle opcodes of protocol 2, named as in Python's pickletools. */
export const op = {
  proto: [0x80, 2],
  mark: [0x28],
  stop: [0x2e],
  emptyDict: [0x7d],
  emptyList: [0x5d],
  emptyTuple: [0x29],
  tuple: [0x74],
  reduce: [0x52],
  build: [0x62],
  setItems: [0x75],
  setItem: [0x73],
  append: [0x61],
  none: [0x4e],
  false: [0x89],
  persistentId: [0x51],
  put: (i: number) => [0x71, i],
  get: (i: number) => [0x68, i],
  int: (n: number) => [0x4a, ...little(n, 4)],
  long: (n: bigint, bytes = 16) => [0x8a, bytes, ...little(n, bytes)],
  text: (s: string) => [...concat([0x58], little(new TextEncoder().encode(s).length, 4), s)],
  global: (module: string, name: string) => [...concat('c', `${module}\n${name}\n`)],
}

/** Opcodes for a tensor of float32 that views storage `key`. */
export function tensorOps(view: {
  key: string
  numel: number
  offset?: number
  shape: (number | bigint)[]
  strides: (number | bigint)[]
  storage?: string
}): number[] {
  const integers = (list: (number | bigint)[]) => [
    ...op.mark,
    ...list.flatMap((n) => (typeof n === 'bigint' ? op.long(n) : op.int(n))),
    ...op.tuple,
  ]
  return [
    ...op.global('torch._utils', '_rebuild_tensor_v2'),
    ...op.mark,
    ...op.mark,
    ...op.text('storage'),
    ...op.global('torch', view.storage ?? 'FloatStorage'),
    ...op.text(view.key),
    ...op.text('cpu'),
    ...op.int(view.numel),
    ...op.tuple,
    ...op.persistentId,
    ...op.int(view.offset ?? 0),
    ...integers(view.shape),
    ...integers(view.strides),
    ...op.false,
    ...op.global('collections', 'OrderedDict'),
    ...op.emptyTuple,
    ...op.reduce,
    ...op.tuple,
    ...op.reduce,
  ]
}

/** data.pkl of a plain dict whose values are given as opcodes. */
export function dictPickle(items: [name: string, ops: number[]][]): Uint8Array {
  const pairs = items.flatMap(([name, ops]) => [...op.text(name), ...ops])
  return Uint8Array.from([...op.proto, ...op.emptyDict, ...op.mark, ...pairs, ...op.setItems, ...op.stop])
}

/** A torch archive of that pickle and those storages. */
export function torchZip(
  pickle: Uint8Array,
  storages: Record<string, Float32Array> = {},
  more: Member[] = [],
): Uint8Array {
  const records = Object.entries(storages).map(([key, data]) => ({
    name: `m/data/${key}`,
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  }))
  return zipOf([{ name: 'm/data.pkl', data: pickle }, ...records, ...more])
}

/** Checkpoints as torch.save lays them out (torch/serialization.py, torch/_utils.py): zip since 1.6, a stream before. */
import { concat, little, type Part, raw } from './bytes'
import { call, dict, integer, op, pickle, text, tuple } from './pickle'
import { type Lies, type Member, zipOf } from './zip'

/** A tensor as a view of a storage; every field may be a lie. */
export type View = {
  key: string
  numel: number | bigint
  offset?: number | bigint
  shape: (number | bigint)[]
  strides: (number | bigint)[]
  /** 'FloatStorage' unless given. */
  storage?: string
  location?: string
  /** Of the legacy stream only: what follows numel in the persistent id. */
  viewMetadata?: Part
}

/** Opcodes of the persistent id of a storage. */
export function storageId(view: Pick<View, 'key' | 'numel' | 'storage' | 'location' | 'viewMetadata'>) {
  return concat(
    tuple(
      text('storage'),
      op.GLOBAL('torch', view.storage ?? 'FloatStorage'),
      text(view.key),
      text(view.location ?? 'cpu'),
      integer(view.numel),
      view.viewMetadata ?? '',
    ),
    op.BINPERSID,
  )
}

/** Opcodes of a tensor: the call of _rebuild_tensor_v2 that stands for it. */
export function tensor(view: View): Uint8Array {
  return call(
    'torch._utils',
    '_rebuild_tensor_v2',
    storageId(view),
    integer(view.offset ?? 0),
    tuple(...view.shape.map(integer)),
    tuple(...view.strides.map(integer)),
    op.NEWFALSE,
    call('collections', 'OrderedDict'),
  )
}

/** A row-major tensor that takes all of storage `key`. */
export function plain(key: string, shape: number[], options: Partial<View> = {}): Uint8Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((n, d) => n * d, 1))
  const numel = shape.reduce((n, d) => n * d, 1)
  return tensor({ key, numel, shape, strides, ...options })
}

/** data.pkl of a dict of names to tensors. */
export function stateDict(items: readonly (readonly [name: string, ops: Uint8Array])[]): Uint8Array {
  return pickle(dict(items.map(([name, ops]) => [text(name), ops])))
}

/** The members of a torch archive: data.pkl, the storages, the version. */
export function torchMembers(
  dataPkl: Uint8Array,
  storages: readonly (readonly [key: string, data: ArrayBufferView])[] = [],
): Member[] {
  return [
    { name: 'm/data.pkl', data: dataPkl },
    ...storages.map(([key, data]) => ({ name: `m/data/${key}`, data: raw(data) })),
    { name: 'm/version', data: concat('3\n') },
  ]
}

export function torchZip(
  dataPkl: Uint8Array,
  storages: readonly (readonly [key: string, data: ArrayBufferView])[] = [],
  lies: Lies = {},
): Uint8Array {
  return zipOf(torchMembers(dataPkl, storages), lies)
}

export type LegacyStream = {
  magic?: Uint8Array
  protocol?: Uint8Array
  system?: Uint8Array
  root: Uint8Array
  keys?: string[]
  /** Each storage behind its number of elements. */
  storages: readonly (readonly [count: number | bigint, data: ArrayBufferView])[]
  behind?: Part
}

/** The stream of pickles torch.save wrote before 1.6. */
export function legacy({ magic, protocol, system, root, keys, storages, behind }: LegacyStream): Uint8Array {
  const names = keys ?? storages.map((_, i) => String(i))
  const facts = dict([
    [text('protocol_version'), integer(1001)],
    [text('little_endian'), op.NEWTRUE],
    [text('type_sizes'), dict([[text('int'), integer(4)]])],
  ])
  return concat(
    magic ?? pickle(op.LONG1(0x1950a86a20f9469cfc6cn, 10)),
    protocol ?? pickle(integer(1001)),
    system ?? pickle(facts),
    root,
    pickle(op.EMPTY_LIST, op.MARK, ...names.map(text), op.APPENDS),
    ...storages.flatMap(([count, data]) => [little(count, 8), raw(data)]),
    behind ?? '',
  )
}

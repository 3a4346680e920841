import { describe, expect, test } from 'vitest'
import { type ByteSource, bytesSource } from '../../../lib/tensor/tensor'
import { openTorchZip } from '../../../lib/tensor/torch-zip'
import { openZip } from '../../../lib/tensor/zip'
import { dictPickle, op, tensorOps, torchZip, zipOf } from './archive'
import { concat, fixtureBytes, little, refusal, sparseSource } from './fixture'

const four = Float32Array.of(1, 2, 3, 4)
const plain = tensorOps({ key: '0', numel: 4, shape: [2, 2], strides: [2, 1] })
const openSource = async (source: ByteSource) => openTorchZip(source, await openZip(source))
const open = (bytes: Uint8Array) => openSource(bytesSource('m.pt', bytes))
const refused = async (bytes: Uint8Array) => (await refusal(open(bytes))).message
const refusedDict = (ops: number[], storages: Record<string, Float32Array> = { '0': four }) =>
  refused(torchZip(dictPickle([['w', ops]]), storages))
const pickleOf = (...ops: number[][]) =>
  torchZip(Uint8Array.from([...op.proto, ...ops.flat(), ...op.stop]), { '0': four })

describe('state dicts', () => {
  test('views of one storage are read with their offset and strides', async () => {
    const items: [string, number[]][] = [
      ['plain', plain],
      ['transposed', tensorOps({ key: '0', numel: 4, shape: [2, 2], strides: [1, 2] })],
      ['last', tensorOps({ key: '0', numel: 4, offset: 3, shape: [], strides: [] })],
      ['repeated', tensorOps({ key: '0', numel: 4, offset: 1, shape: [3, 2], strides: [0, 2] })],
      ['empty', tensorOps({ key: '0', numel: 4, offset: 4, shape: [0, 2], strides: [2, 1] })],
    ]
    const opened = await open(torchZip(dictPickle(items), { '0': four }))
    const values = async (name: string) => [...(await opened.read(name)).data]
    expect([...opened.tensors.keys()]).toEqual(items.map(([name]) => name))
    expect(await values('plain')).toEqual([1, 2, 3, 4])
    expect(await values('transposed')).toEqual([1, 3, 2, 4])
    expect(await values('last')).toEqual([4])
    expect(await values('repeated')).toEqual([2, 4, 2, 4, 2, 4])
    expect(await values('empty')).toEqual([])
  })

  test('a Parameter reads like the tensor in it', async () => {
    const parameter = [
      ...op.global('torch._utils', '_rebuild_parameter'),
      ...op.mark,
      ...plain,
      ...op.false,
      ...op.none,
    ]
    const opened = await open(
      torchZip(dictPickle([['w', [...parameter, ...op.tuple, ...op.reduce]]]), { '0': four }),
    )
    expect([...(await opened.read('w')).data]).toEqual([1, 2, 3, 4])
  })

  test('protocol 4 with frames, short text and memoize reads like protocol 2', async () => {
    const short = (s: string) => [0x8c, s.length, ...new TextEncoder().encode(s), 0x94]
    const stackGlobal = (m: string, n: string) => [...short(m), ...short(n), 0x93, 0x94]
    const one = [0x4b, 1]
    const size = [0x4b, 4, 0x85]
    const storage = [
      ...op.mark,
      ...short('storage'),
      ...stackGlobal('torch', 'FloatStorage'),
      ...short('0'),
      ...short('cpu'),
    ]
    const view = [
      ...storage,
      0x4b,
      4,
      ...op.tuple,
      ...op.persistentId,
      0x4b,
      0,
      ...size,
      ...one,
      0x85,
      ...op.false,
    ]
    const hooks = [...stackGlobal('collections', 'OrderedDict'), ...op.emptyTuple, ...op.reduce]
    const rebuilt = [
      ...stackGlobal('torch._utils', '_rebuild_tensor_v2'),
      ...op.mark,
      ...view,
      ...hooks,
      ...op.tuple,
      ...op.reduce,
    ]
    const body = [...op.emptyDict, 0x94, ...short('w'), ...rebuilt, 0x94, ...op.setItem, ...op.stop]
    const opened = await open(torchZip(concat([0x80, 4, 0x95], little(body.length, 8), body), { '0': four }))
    expect([...(await opened.read('w')).data]).toEqual([1, 2, 3, 4])
  })

  test('a tensor deep in dicts and lists is named by its path, and plain values are kept by theirs', async () => {
    const list = (...items: number[][]) => [
      ...op.emptyList,
      ...items.flatMap((item) => [...item, ...op.append]),
    ]
    const inner = [...op.emptyDict, ...op.text('a.w'), ...plain, ...op.setItem]
    const opened = await open(
      torchZip(
        dictPickle([
          ['state_dict', inner],
          ['global_step', op.int(7)],
          ['more', list(op.none, op.text('x'), list(plain))],
        ]),
        { '0': four },
      ),
    )
    expect([...opened.tensors.keys()]).toEqual(['state_dict/a.w', 'more/2/0'])
    expect([...opened.values]).toEqual([
      ['global_step', 7],
      ['more/1', 'x'],
    ])
    expect([...(await opened.read('state_dict/a.w')).data]).toEqual([1, 2, 3, 4])
  })

  test('the state of an optimizer is left out', async () => {
    const state = [...op.emptyDict, ...op.int(0), ...plain, ...op.setItem]
    const optimizer = [
      ...op.emptyDict,
      ...[...op.text('state'), ...state, ...op.setItem],
      ...[...op.text('param_groups'), ...op.emptyList, ...op.setItem],
    ]
    const pickle = dictPickle([
      ['w', plain],
      ['optimizer', optimizer],
    ])
    expect([...(await open(torchZip(pickle, { '0': four }))).tensors.keys()]).toEqual(['w'])
  })

  test('classes of Lightning and Namespaces beside the weights are passed over', async () => {
    const callback = op.global('pytorch_lightning.callbacks.model_checkpoint', 'ModelCheckpoint')
    const namespace = [
      ...op.global('argparse', 'Namespace'),
      ...op.emptyTuple,
      0x81, // NEWOBJ
      ...[...op.emptyDict, ...op.text('lr'), ...op.int(1), ...op.setItem],
      ...op.build,
    ]
    const score = [...op.emptyDict, ...op.text('best'), ...op.int(3), ...op.setItem]
    const pickle = dictPickle([
      ['w', plain],
      ['callbacks', [...op.emptyDict, ...callback, ...score, ...op.setItem]],
      ['hyper_parameters', namespace],
    ])
    const opened = await open(torchZip(pickle, { '0': four }))
    expect([...opened.tensors.keys()]).toEqual(['w'])
    expect([...opened.values]).toEqual([
      ['callbacks/pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint/best', 3],
    ])
  })

  test('names of Object.prototype are names like any other', async () => {
    const opened = await open(
      torchZip(
        dictPickle([
          ['__proto__', plain],
          ['constructor', plain],
        ]),
        { '0': four },
      ),
    )
    expect([...opened.tensors.keys()]).toEqual(['__proto__', 'constructor'])
    expect([...(await opened.read('__proto__')).data]).toEqual([1, 2, 3, 4])
    await refusal(opened.read('toString'))
  })

  test('opening reads no storage, and a tensor only its own slice', async () => {
    const file = fixtureBytes('views_strides.pt')
    const reads: [number, number][] = []
    const source = bytesSource('views_strides.pt', file)
    const opened = await openSource({
      ...source,
      read: (start, end) => {
        reads.push([start, end])
        return source.read(start, end)
      },
    })
    reads.length = 0
    await opened.read('row_view') // 8 of 48 elements
    const [read] = reads
    expect(reads).toHaveLength(1)
    expect(read![1] - read![0]).toBe(32)
  })

  test('a record above 2^32, found through zip64 records, is read by slice', async () => {
    const at = 2 ** 32 + 7
    const pickle = dictPickle([['w', tensorOps({ key: '0', numel: 4, shape: [2], strides: [2], offset: 1 })]])
    const small = zipOf([{ name: 'm/data.pkl', data: pickle }])
    const pickleEnd = 30 + 'm/data.pkl'.length + pickle.length
    const name = new TextEncoder().encode('m/data/0')
    const local = concat(
      'PK\x03\x04',
      little(45, 2),
      little(8, 2),
      little(0, 18),
      little(name.length, 2),
      little(0, 2),
      name,
    )
    const record = concat(local, new Uint8Array(four.buffer))
    const firstEntry = small.subarray(pickleEnd, small.length - 22)
    const zip64Entry = concat(
      'PK\x01\x02',
      little(45, 2),
      little(45, 2),
      little(8, 2),
      little(0, 10),
      little(16, 4),
      little(16, 4),
      little(name.length, 2),
      little(12, 2),
      little(0, 10),
      little(0xffffffff, 4),
      name,
      little(1, 2),
      little(8, 2),
      little(at, 8),
    )
    const directoryAt = at + record.length
    const directorySize = firstEntry.length + zip64Entry.length
    const end64 = concat(
      'PK\x06\x06',
      little(44, 8),
      little(45, 2),
      little(45, 2),
      little(0, 8),
      little(2, 8),
      little(2, 8),
      little(directorySize, 8),
      little(directoryAt, 8),
    )
    const locator = concat('PK\x06\x07', little(0, 4), little(directoryAt + directorySize, 8), little(1, 4))
    const end = concat(
      'PK\x05\x06',
      little(0, 4),
      little(2, 2),
      little(2, 2),
      little(directorySize, 4),
      little(0xffffffff, 4),
      little(0, 2),
    )
    const tail = concat(new Uint8Array(70_000), record, firstEntry, zip64Entry, end64, locator, end)
    const opened = await openSource(
      sparseSource('big.pt', at - 70_000 + tail.length, [
        { at: 0, bytes: small.subarray(0, pickleEnd) },
        { at: at - 70_000, bytes: tail },
      ]),
    )
    expect([...(await opened.read('w')).data]).toEqual([2, 4])
  })
})

describe('lying tensors are refused', () => {
  test.each<[string, Parameters<typeof tensorOps>[0], RegExp]>([
    ['a negative stride', { key: '0', numel: 4, shape: [2], strides: [-1] }, /damaged/],
    ['a negative offset', { key: '0', numel: 4, offset: -1, shape: [2], strides: [1] }, /damaged/],
    ['a negative size', { key: '0', numel: 4, shape: [-2], strides: [1] }, /damaged/],
    ['shape and strides of different rank', { key: '0', numel: 4, shape: [2, 2], strides: [1] }, /damaged/],
    [
      'a view past the end',
      { key: '0', numel: 4, offset: 1, shape: [2, 2], strides: [2, 1] },
      /reaches element 5/,
    ],
    [
      'a stride-0 view of 2^40 elements',
      { key: '0', numel: 4, shape: [2n ** 40n], strides: [0] },
      /out of proportion/,
    ],
    [
      '2^60 elements in a product',
      { key: '0', numel: 4, shape: [2n ** 30n, 2n ** 30n], strides: [0, 0] },
      /out of proportion/,
    ],
    ['a size above 2^53', { key: '0', numel: 4, shape: [2n ** 62n], strides: [1] }, /damaged/],
    ['a stride above 2^53', { key: '0', numel: 4, shape: [2], strides: [2n ** 62n] }, /damaged/],
    [
      'a storage larger than its record',
      { key: '0', numel: 400, shape: [2], strides: [1] },
      /400 elements of F32, the record has 16/,
    ],
    ['a key that climbs out', { key: '../data.pkl', numel: 4, shape: [2], strides: [1] }, /is missing/],
    [
      'a storage type that is none',
      { key: '0', numel: 4, shape: [2], strides: [1], storage: 'Size' },
      /not a storage/,
    ],
  ])('%s', async (_what, view, reason) => {
    const message = await refusedDict(tensorOps(view))
    expect(message).toMatch(reason)
    expect(message).toContain(': w: ')
  })

  test('two tensors of one path', async () => {
    const inner = [...op.emptyDict, ...op.text('b'), ...plain, ...op.setItem]
    const pickle = dictPickle([
      ['a/b', plain],
      ['a', inner],
    ])
    expect(await refused(torchZip(pickle, { '0': four }))).toMatch(/a\/b: two tensors have this path/)
  })

  test('a root without any tensor', async () => {
    expect(await refusedDict(op.int(3))).toMatch(/a dict with the keys w, not a state dict/)
    expect(await refused(pickleOf(op.emptyDict))).toMatch(/an empty dict/)
    expect(await refused(pickleOf(plain))).toMatch(/a tensor, not a state dict/)
  })
})

describe('pickles that are more than data are refused by name', () => {
  const call = (module: string, name: string) => [
    ...op.global(module, name),
    ...op.mark,
    ...op.text('x'),
    ...op.tuple,
    ...op.reduce,
  ]

  test.each([
    ['posix', 'system'],
    ['builtins', 'exec'],
    ['torch', 'load'],
    ['torch._utils', '_rebuild_tensor_v2.__globals__'],
    ['torch._utils _rebuild_tensor_v2', ''],
    ['collections', 'OrderedDict.update'],
    ['__proto__', 'constructor'],
    // may be named, but not called
    ['pytorch_lightning.utilities', 'run'],
    ['argparse', 'Namespace'],
    ['builtins', 'dict'],
  ])('%s.%s', async (module, name) => {
    const error = await refusal(open(pickleOf(call(module, name))))
    expect(error.message).toContain(`uses ${module}.${name}`)
    expect(error.code).toBe('code')
  })

  test('a name off the lists is refused even where it is never called', async () => {
    expect(await refused(torchZip(dictPickle([['w', op.global('os', 'system')]])))).toContain('os.system')
  })

  test('STACK_GLOBAL goes through the same list', async () => {
    expect(await refused(pickleOf(op.text('os'), op.text('system'), [0x93]))).toContain('os.system')
  })

  test.each<[string, number[], RegExp]>([
    ['INST', [0x69, ...concat('os\nsystem\n')], /opcode 0x69/],
    ['OBJ', [...op.mark, 0x6f], /opcode 0x6f/],
    ['NEWOBJ', [...op.global('torch', 'Size'), ...op.emptyTuple, 0x81], /opcode 0x81/],
    ['EXT1', [0x82, 1], /opcode 0x82/],
    ['a call of a list', [...op.emptyList, ...op.emptyTuple, ...op.reduce], /not a named function/],
    ['BUILD on a list', [...op.emptyList, ...op.emptyDict, ...op.build], /plain value/],
    ['SETITEM on a list', [...op.emptyList, ...op.none, ...op.none, ...op.setItem], /no dict/],
    ['APPEND to a dict', [...op.emptyDict, ...op.none, ...op.append], /no list/],
    ['a key without a value', [...op.emptyDict, ...op.mark, ...op.none, ...op.setItems], /no value/],
    ['a mark that is missing', [...op.tuple], /mark is missing/],
    ['a value never kept', op.get(9), /recalls value 9/],
    ['text of 4 GB', [0x58, 255, 255, 255, 255], /ends too early/],
    ['text of 2^62 bytes', [0x8d, 0, 0, 0, 0, 0, 0, 0, 0x40], /ends too early/],
    ['an integer of 2^31 bytes', [0x8b, 0, 0, 0, 0x80], /out of proportion/],
    ['protocol 6', [0x80, 6], /protocol 6/],
    ['100,000 marks', new Array(100_000).fill(0x28), /nested deeper/],
    ['a million values on the stack', new Array(1_000_000).fill(0x5d), /stack grows/],
  ])('%s', async (_what, ops, reason) => {
    expect(await refused(pickleOf(ops))).toMatch(reason)
  })

  test('endless work ends: more operations than any checkpoint takes', async () => {
    const busy = new Array(600_000).fill([0x4e, 0x30]).flat() // NONE, POP
    expect(await refused(pickleOf(busy))).toMatch(/operations/)
  })

  test('a list that holds itself and shared lists that double 60 times stay small', async () => {
    const self = [...op.emptyList, ...op.put(0), ...op.get(0), ...op.append]
    expect(await refused(pickleOf(self))).toMatch(/nested deeper than 32/)
    const level = (i: number) => [
      ...op.emptyList,
      ...op.mark,
      ...op.get(i),
      ...op.get(i),
      0x65,
      ...op.put(i + 1),
    ]
    const laughs = (levels: number) => [
      ...[...op.emptyList, ...op.put(0)],
      ...Array.from({ length: levels }, (_, i) => level(i)).flat(),
    ]
    expect(await refused(pickleOf(laughs(60)))).toMatch(/nested deeper/)
    expect(await refused(pickleOf(laughs(30)))).toMatch(/unfold to more than/)
  })

  test('bytes after the pickle', async () => {
    expect(await refused(torchZip(concat(dictPickle([['w', plain]]), 'x'), { '0': four }))).toMatch(
      /1 bytes follow the pickle/,
    )
  })
})

describe('archives', () => {
  const pickle = dictPickle([['w', plain]])
  const data = new Uint8Array(four.buffer)
  const good = [
    { name: 'm/data.pkl', data: pickle },
    { name: 'm/data/0', data },
  ]
  const [first, second] = good as [(typeof good)[0], (typeof good)[0]]

  test('a comment, folders and a little-endian mark do no harm', async () => {
    const members = [
      { name: 'm/', data: new Uint8Array() },
      ...good,
      { name: 'm/byteorder', data: concat('little') },
    ]
    const opened = await open(zipOf(members, 'made by hand'))
    expect([...(await opened.read('w')).data]).toEqual([1, 2, 3, 4])
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['compressed', zipOf([first, { ...second, method: 8 }]), /m\/data\/0: .*compressed/],
    ['encrypted', zipOf([{ ...first, flags: 1 }, second]), /encrypted/],
    ['a symbolic link', zipOf([first, { ...second, unixMode: 0o120777 }]), /symbolic link/],
    ['a damaged pickle', zipOf([{ ...first, crc: 1 }, second]), /data\.pkl: .*CRC/],
    ['two entries of one name', zipOf([first, second, second]), /comes twice/],
    ['a name that climbs out', zipOf([...good, { name: 'm/../../x', data }]), /unusable name/],
    ['an absolute name', zipOf([...good, { name: '/etc/x', data }]), /unusable name/],
    ['a backslash in a name', zipOf([...good, { name: 'm\\x', data }]), /unusable name/],
    [
      'names that differ in the two headers',
      zipOf([first, { ...second, localName: 'm/data/1' }]),
      /contradicts/,
    ],
    [
      'a size that differs in the two headers',
      zipOf([{ ...first, declared: pickle.length - 1 }, second]),
      /local header says \d+ bytes, the zip directory/,
    ],
    [
      'a size that reaches into the next entry',
      zipOf([{ ...first, declared: 4000 }, second]),
      /reaches into/,
    ],
    [
      'two entries on the same bytes',
      zipOf([first, second, { ...second, name: 'm/data/1', header: 40 + pickle.length }]),
      /reaches into/,
    ],
    ['two pickles', zipOf([...good, { ...first, name: 'n/data.pkl' }]), /2 data\.pkl/],
    ['no pickle', zipOf([second]), /0 data\.pkl.*m\/data\/0/],
    ['big-endian', zipOf([...good, { name: 'm/byteorder', data: concat('big') }]), /byte order "big"/],
    ['TorchScript', zipOf([...good, { name: 'm/constants.pkl', data }]), /TorchScript/],
    ['something in front', concat('#!/bin/sh\n', zipOf(good)), /not where the end record says/],
    ['something behind', concat(zipOf(good), 'x'), /directory at the end is missing/],
  ])('%s is refused', async (_what, bytes, reason) => {
    expect(await refused(bytes)).toMatch(reason)
  })

  test('a damaged storage is refused when it is read as a whole', async () => {
    const opened = await open(zipOf([first, { ...second, crc: 1 }]))
    expect((await refusal(opened.read('w'))).message).toMatch(/m\/data\/0: .*CRC/)
  })

  test('20,000 entries beside the tensors change nothing', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => ({ name: `m/x${i}`, data: new Uint8Array() }))
    const opened = await open(zipOf([...good, ...many]))
    expect(opened.tensors.size).toBe(1)
  })
})

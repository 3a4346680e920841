/** Tensors of torch archives that reach where they must not, and those that only look as if they did. */
import type { Part } from './build/bytes'
import { call, dict, integer, op, pickle, text, tuple } from './build/pickle'
import { plain, stateDict, storageId, tensor, torchZip, type View } from './build/torch'
import { type Case, read, refused, t } from './case'

const data = Float32Array.of(1, 2, 3, 4, 5, 6)
const storage = [['0', data]] as const
const six = { key: '0', numel: 6, shape: [6], strides: [1] }

const bad = (file: string, says: string, view: Partial<View>) =>
  refused(`tensor-${file}.pt`, says, () => torchZip(stateDict([['w', tensor({ ...six, ...view })]]), storage))
/** The tensor is these opcodes. */
const ops = (file: string, says: string, value: Part) =>
  refused(`tensor-${file}.pt`, says, () => torchZip(pickle(dict([[text('w'), value]])), storage))
const good = (file: string, shape: number[], values: number[], view: Partial<View>) =>
  read(`tensor-${file}.pt`, [t('w', shape, values)], () =>
    torchZip(stateDict([['w', tensor({ ...six, shape, ...view })]]), storage),
  )
const rebuild = (...args: Part[]) => call('torch._utils', '_rebuild_tensor_v2', ...args)
const id = storageId({ key: '0', numel: 6 })

export const lyingTensors: Case[] = [
  bad('stride-0-of-2-to-40', 'out of proportion', { shape: [2 ** 20, 2 ** 20], strides: [0, 0] }),
  bad('stride-0-of-2-to-62', 'out of proportion', { shape: [2n ** 31n, 2n ** 31n], strides: [0, 0] }),
  bad('stride-0-of-2-to-25', 'out of proportion', { shape: [2 ** 25], strides: [0] }),
  bad('expanded-storage', 'out of proportion', { shape: [2 ** 24, 6], strides: [0, 1] }),
  bad('shape-wraps-to-0', 'out of proportion', { shape: [2n ** 32n, 2n ** 32n], strides: [0, 0] }),
  bad('shape-over-2-to-53', 'damaged', { shape: [2n ** 53n], strides: [0] }),
  bad('shape-2-to-63', 'damaged', { shape: [2n ** 63n], strides: [0] }),
  bad('shape-negative', 'damaged', { shape: [-6] }),
  bad('shape-negative-pair', 'damaged', { shape: [-2, -3], strides: [3, 1] }),
  bad('stride-negative', 'damaged', { offset: 5, strides: [-1] }),
  bad('offset-negative', 'damaged', { offset: -1, shape: [2] }),
  bad('offset-2-to-63', 'damaged', { offset: 2n ** 63n }),
  bad('offset-behind-the-end', 'reaches element', { offset: 6, shape: [1] }),
  bad('offset-2-to-50', 'reaches element', { offset: 2n ** 50n, shape: [1] }),
  bad('one-behind-the-end', 'reaches element 7', { offset: 1 }),
  bad('empty-behind-the-end', 'reaches element', { offset: 7, shape: [0] }),
  bad('stride-behind-the-end', 'reaches element', { shape: [2], strides: [6] }),
  bad('stride-2-to-52', 'reaches element', { shape: [2], strides: [2n ** 52n] }),
  bad('strides-whose-sum-wraps', 'reaches element', { shape: [2, 2], strides: [2n ** 52n, 2n ** 52n] }),
  bad('rank-65', 'damaged', { shape: [6, ...Array(64).fill(1)], strides: [1, ...Array(64).fill(1)] }),
  bad('rank-5000', 'damaged', { shape: [6, ...Array(4999).fill(1)], strides: [1, ...Array(4999).fill(1)] }),
  bad('fewer-strides', 'damaged', { shape: [2, 3], strides: [1] }),
  bad('more-strides', 'damaged', { shape: [6], strides: [1, 1] }),

  bad('more-elements-than-the-record', 'the record has 24 bytes', { numel: 7, shape: [7] }),
  bad('storage-of-2-to-40', 'the record has 24 bytes', { numel: 2n ** 40n, shape: [6] }),
  bad('storage-of-2-to-63', 'not a storage', { numel: 2n ** 63n }),
  bad('storage-of-minus-1', 'not a storage', { numel: -1 }),
  bad('storage-of-fewer-elements', 'reaches element 6 of a storage that has 5', { numel: 5 }),
  bad('storage-of-wider-type', 'the record has 24 bytes', { storage: 'DoubleStorage' }),
  bad('storage-of-unknown-type', 'ComplexFloatStorage', { storage: 'ComplexFloatStorage' }),
  bad('storage-of-quantized-type', 'QInt8Storage', { storage: 'QInt8Storage' }),
  bad('storage-is-a-function', 'torch.load', { storage: 'load' }),
  bad('key-missing', 'is missing', { key: '7' }),
  bad('key-traversal', 'is missing', { key: '../../etc/passwd' }),
  bad('key-of-the-pickle', 'is missing', { key: '../data.pkl' }),
  bad('key-absolute', 'is missing', { key: '/etc/passwd' }),
  bad('key-proto', 'is missing', { key: '__proto__' }),
  bad('key-constructor', 'is missing', { key: 'constructor' }),
  bad('key-empty', 'is missing', { key: '' }),
  bad('key-with-nul', 'is missing', { key: '0\0' }),
  bad('key-of-100-kilobytes', 'is missing', { key: '\u202e'.repeat(100_000) }),

  refused('tensor-two-types-of-one-storage.pt', 'in two ways', () =>
    torchZip(
      stateDict([
        ['a', tensor(six)],
        ['b', tensor({ ...six, storage: 'HalfStorage' })],
      ]),
      storage,
    ),
  ),
  refused('tensor-1000-expanded-to-64-megabytes.pt', 'out of proportion', () =>
    torchZip(
      stateDict(
        Array.from({ length: 1000 }, (_, i) => [`w${i}`, tensor({ ...six, shape: [2 ** 24], strides: [0] })]),
      ),
      storage,
    ),
  ),
  ops('is-text', 'not a state dict', text('w')),
  ops('is-storage', 'not a state dict', id),
  ops('is-class', 'not a state dict', op.GLOBAL('torch', 'FloatStorage')),
  ops('without-arguments', 'damaged', rebuild()),
  ops('with-storage-only', 'damaged', rebuild(id)),
  ops(
    'storage-is-text',
    'not a storage',
    rebuild(text('0'), integer(0), tuple(integer(6)), tuple(integer(1))),
  ),
  ops('shape-is-list', 'damaged', rebuild(id, integer(0), op.EMPTY_LIST, op.EMPTY_TUPLE)),
  ops('shape-of-text', 'damaged', rebuild(id, integer(0), tuple(text('6')), tuple(integer(1)))),
  ops('shape-of-nan', 'damaged', rebuild(id, integer(0), tuple(op.BINFLOAT(Number.NaN)), tuple(integer(1)))),
  ops('shape-of-halves', 'damaged', rebuild(id, integer(0), tuple(op.BINFLOAT(1.5)), tuple(integer(1)))),
  ops('shape-of-booleans', 'damaged', rebuild(id, integer(0), tuple(op.NEWTRUE), tuple(integer(1)))),
  ops('offset-is-none', 'damaged', rebuild(id, op.NONE, tuple(integer(6)), tuple(integer(1)))),
  ops(
    'persistent-id-is-text',
    'not a storage',
    rebuild(text('0'), op.BINPERSID, integer(0), tuple(integer(6)), tuple(integer(1))),
  ),
  ops(
    'persistent-id-of-a-module',
    'not a storage',
    rebuild(tuple(text('module'), text('0')), op.BINPERSID, integer(0), tuple(integer(6)), tuple(integer(1))),
  ),
  ops(
    'persistent-id-with-numeric-key',
    'not a storage',
    rebuild(
      tuple(text('storage'), op.GLOBAL('torch', 'FloatStorage'), integer(0), text('cpu'), integer(6)),
      op.BINPERSID,
      integer(0),
      tuple(integer(6)),
      tuple(integer(1)),
    ),
  ),
  ops('parameter-of-nothing', 'not a state dict', call('torch._utils', '_rebuild_parameter', op.NONE)),
  ops(
    'parameter-of-parameter',
    'not a state dict',
    call('torch._utils', '_rebuild_parameter', call('torch._utils', '_rebuild_parameter', plain('0', [6]))),
  ),

  good('transposed', [3, 2], [1, 4, 2, 5, 3, 6], { strides: [1, 3] }),
  good('every-second', [3], [1, 3, 5], { strides: [2] }),
  good('offset', [2, 2], [3, 4, 5, 6], { offset: 2, strides: [2, 1] }),
  good('overlapping-windows', [4, 3], [1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 6], { strides: [1, 1] }),
  good('expanded', [3, 2], [5, 6, 5, 6, 5, 6], { offset: 4, strides: [0, 1] }),
  good('scalar', [], [4], { offset: 3, strides: [] }),
  good('empty', [0], [], {}),
  good('empty-at-the-end', [2, 0], [], { offset: 6, strides: [1, 1] }),
  good('empty-with-giant-strides', [0, 2], [], { strides: [2n ** 52n, 2n ** 52n] }),
  good('last-element-by-giant-stride', [1], [1], { strides: [2n ** 52n] }),
  good('storage-shorter-than-its-record', [2], [1, 2], { numel: 2 }),
  good('saved-on-a-gpu', [6], [...data], { location: 'cuda:0' }),
  good('saved-on-something-else', [6], [...data], { location: '../../../etc/passwd' }),
]

/** Pickles that run nothing but ask for memory, time or depth, and those that a machine trips over. */
import { concat, little, type Part } from './build/bytes'
import { call, dict, integer, op, pickle, text, tuple } from './build/pickle'
import { plain, torchZip } from './build/torch'
import { type Case, read, refused, t } from './case'

const w = plain('0', [2])
const storage = [['0', Float32Array.of(1, 2)]] as const
const values = [t('w', [2], [1, 2])]
const times = (n: number, ops: Part) => {
  const one = concat(ops)
  const out = new Uint8Array(n * one.length)
  if (one.length === 1) return out.fill(one[0]!)
  for (let i = 0; i < n; i++) out.set(one, i * one.length)
  return out
}

const bad = (file: string, says: string, ...ops: Part[]) =>
  refused(`machine-${file}.pt`, says, () => torchZip(pickle(...ops), storage))
/** Made when asked for: the bytes are many. */
const lazy = (file: string, says: string, ops: () => Part) =>
  refused(`machine-${file}.pt`, says, () => torchZip(pickle(ops()), storage))
/** The state dict after some ado. */
const good = (file: string, ...ops: Part[]) =>
  read(`machine-${file}.pt`, values, () => torchZip(pickle(...ops), storage))
/** A value beside the tensor that is passed over. */
const ok = (file: string, value: Part) =>
  good(
    file,
    dict([
      [text('x'), value],
      [text('w'), w],
    ]),
  )
const beside = (file: string, says: string, value: Part) =>
  lazy(file, says, () =>
    dict([
      [text('w'), w],
      [text('x'), value],
    ]),
  )

export const pickleMachine: Case[] = [
  bad('text-of-2-to-62', 'ends too early', op.BINUNICODE8('x', 2n ** 62n)),
  bad('text-of-2-to-64-minus-1', 'ends too early', op.BINUNICODE8('x', 2n ** 64n - 1n)),
  bad('text-of-4-gigabytes', 'ends too early', op.BINUNICODE('x', 0xffffffff)),
  bad('short-text-cut', 'ends too early', op.SHORT_BINUNICODE('x', 255)),
  bad('bytes-of-2-to-62', '0x8e', op.BINBYTES8('x', 2n ** 62n)),
  bad('bytes-of-4-gigabytes', 'ends too early', op.BINBYTES('x', 0xffffffff)),
  bad('bytearray-of-2-to-62', '0x96', op.BYTEARRAY8('x', 2n ** 62n)),
  bad('string-of-4-gigabytes', 'ends too early', op.BINSTRING('x', 0xffffffff)),
  bad('frame-of-2-to-62', 'frame', op.FRAME(2n ** 62n), op.EMPTY_DICT),
  bad('frame-one-too-long', 'frame', op.FRAME(3), op.EMPTY_DICT),
  bad('integer-of-2-gigabytes', 'out of proportion', op.LONG4(1n, 8, 0x7fffffff)),
  bad('integer-of-minus-1-bytes', 'out of proportion', op.LONG4(1n, 8, -1)),
  bad('integer-of-255-bytes', 'out of proportion', op.LONG1(2n ** 2000n, 255)),
  bad('text-not-utf-8', 'UTF-8', op.BINUNICODE([0xff, 0xfe])),
  bad('text-with-lone-surrogate', 'UTF-8', op.BINUNICODE([0xed, 0xa0, 0x80])),

  lazy('100000-lists-deep', 'stack', () => concat(times(100_001, op.EMPTY_LIST), times(100_000, op.APPEND))),
  lazy('100000-marks', 'nested deeper', () => times(100_000, op.MARK)),
  lazy('100000-values-never-used', 'stack', () => times(100_001, op.NONE)),
  lazy('endless-dup', 'stack', () => concat(op.NONE, times(200_000, op.DUP))),
  lazy('endless-push-and-pop', 'operations', () => times(600_000, concat(op.NONE, op.POP))),
  lazy('endless-memo', 'operations', () => concat(op.NONE, times(1_100_000, op.MEMOIZE))),
  lazy('30-megabytes-of-lists', 'stack', () => times(30 * 2 ** 20, op.EMPTY_LIST)),
  refused('machine-pickle-of-33-megabytes.pt', 'more than the directory', () =>
    torchZip(pickle(op.BINUNICODE(new Uint8Array(33 * 2 ** 20))), storage),
  ),
  beside('tuples-100000-deep', 'nested deeper', concat(op.NONE, times(100_000, op.TUPLE1))),
  beside('lists-50000-deep', 'nested deeper', concat(times(50_001, op.EMPTY_LIST), times(50_000, op.APPEND))),
  beside(
    'dicts-900-deep',
    'nested deeper',
    concat(times(900, concat(op.EMPTY_DICT, text('a'))), op.NONE, times(900, op.SETITEM)),
  ),
  beside(
    'billion-laughs',
    'nested deeper',
    concat(
      op.EMPTY_LIST,
      times(60, concat(op.BINPUT(0), op.POP, op.EMPTY_LIST, times(10, concat(op.BINGET(0), op.APPEND)))),
    ),
  ),
  beside('billion-laughs-in-tuples', 'nested deeper', concat(op.NONE, times(90, concat(op.DUP, op.TUPLE2)))),
  ok(
    'billion-laughs-in-text',
    concat(
      op.EMPTY_LIST,
      op.MARK,
      text('ha'.repeat(10_000)),
      op.BINPUT(0),
      times(90_000, op.BINGET(0)),
      op.APPENDS,
    ),
  ),
  beside('list-holds-itself', 'nested deeper', concat(op.EMPTY_LIST, op.BINPUT(0), op.BINGET(0), op.APPEND)),
  beside(
    'dict-holds-itself',
    'nested deeper',
    concat(op.EMPTY_DICT, op.BINPUT(0), text('me'), op.BINGET(0), op.SETITEM),
  ),
  beside(
    'dict-is-its-own-key',
    'as a key',
    concat(op.EMPTY_DICT, op.BINPUT(0), op.BINGET(0), op.NONE, op.SETITEM),
  ),
  beside(
    'tuple-holds-itself',
    'nested deeper',
    concat(
      op.EMPTY_LIST,
      op.BINPUT(0),
      op.TUPLE1,
      op.BINPUT(1),
      op.POP,
      op.BINGET(0),
      op.BINGET(1),
      op.APPEND,
    ),
  ),
  bad('root-holds-itself', 'nested deeper', op.EMPTY_DICT, op.BINPUT(0), text('w'), op.BINGET(0), op.SETITEM),
  bad(
    'state-dict-in-itself',
    'nested deeper',
    op.EMPTY_DICT,
    op.BINPUT(0),
    text('state_dict'),
    op.BINGET(0),
    op.SETITEM,
  ),
  bad(
    'ordered-dict-of-itself',
    'not made from pairs',
    op.EMPTY_LIST,
    op.BINPUT(0),
    op.BINGET(0),
    op.APPEND,
    op.POP,
    op.GLOBAL('collections', 'OrderedDict'),
    op.BINGET(0),
    op.TUPLE1,
    op.REDUCE,
  ),

  bad('stop-at-once', 'stack is empty'),
  bad('empty-memo', 'never kept', op.BINGET(0)),
  bad('empty-memo-2-to-32-minus-1', 'never kept', op.LONG_BINGET(0xffffffff)),
  bad('put-of-nothing', 'stack is empty', op.BINPUT(0)),
  bad('pop-of-nothing', 'stack is empty', op.POP),
  bad('dup-of-nothing', 'stack is empty', op.DUP),
  bad('tuple-of-nothing', 'stack is empty', op.NONE, op.TUPLE2),
  bad('tuple-without-mark', 'mark is missing', op.TUPLE),
  bad('pop-mark-without-mark', 'mark is missing', op.NONE, op.POP_MARK),
  bad('pop-over-a-mark', 'stack is empty', op.NONE, op.MARK, op.POP),
  bad('append-to-dict', 'no list', op.EMPTY_DICT, op.NONE, op.APPEND),
  bad('append-to-nothing', 'stack is empty', op.NONE, op.APPEND),
  bad('set-item-of-list', 'no dict', op.EMPTY_LIST, op.NONE, op.NONE, op.SETITEM),
  bad('key-without-value', 'no value', op.EMPTY_DICT, op.MARK, op.NONE, op.SETITEMS),
  bad('build-on-nothing', 'stack is empty', op.NONE, op.BUILD),
  bad('protocol-6', 'protocol 6', op.PROTO(6)),
  bad('protocol-255', 'protocol 255', op.PROTO(255)),
  bad('opcode-0', '0x00', [0]),
  bad('opcode-255', '0xff', [255]),
  bad('text-opcodes', '0x49', op.INT('1')),
  bad('boolean-by-text', '0x49', op.INT('01')),
  bad('set', '0x8f', op.EMPTY_SET),
  bad('frozen-set', '0x91', op.MARK, op.FROZENSET),
  refused('machine-no-stop.pt', 'ends too early', () =>
    torchZip(concat(op.PROTO(2), op.EMPTY_DICT), storage),
  ),
  refused('machine-empty-pickle.pt', 'ends too early', () => torchZip(new Uint8Array(0), storage)),
  refused('machine-cut-in-a-name.pt', 'ends too early', () =>
    torchZip(pickle(dict([[text('weight'), w]])).subarray(0, 10), storage),
  ),
  bad('root-is-none', 'holds None', op.NONE),
  bad('root-is-text', 'holds text', text('weights')),
  bad('root-is-number', 'holds a number', integer(7)),
  bad('root-is-empty-list', 'holds a list of 0', op.EMPTY_LIST),
  bad('root-is-empty-dict', 'holds an empty dict', op.EMPTY_DICT),
  bad('key-is-list', 'as a key', dict([[op.EMPTY_LIST, w]])),
  bad('key-is-bytes', 'as a key', dict([[op.SHORT_BINBYTES('w'), w]])),
  bad('key-is-none', 'as a key', dict([[op.NONE, w]])),

  good(
    'memo-at-2-to-32-minus-1',
    dict([[text('w'), concat(w, op.LONG_BINPUT(0xffffffff), op.POP, op.LONG_BINGET(0xffffffff))]]),
  ),
  good('memo-by-memoize', dict([[concat(text('w'), op.MEMOIZE), concat(w, op.MEMOIZE)]])),
  good('frame', op.FRAME(2), op.EMPTY_DICT, op.POP, dict([[text('w'), w]])),
  good('protocol-said-twice', op.PROTO(4), dict([[text('w'), w]])),
  good('values-below-the-root', op.NONE, op.NONE, dict([[text('w'), w]])),
  good('long-4', dict([[text('w'), w]]), op.LONG4(1n, 8), op.POP),
  good(
    'ordered-dict-from-pairs',
    call('collections', 'OrderedDict', concat(op.EMPTY_LIST, tuple(text('w'), w), op.APPEND)),
  ),
  good('python-2-text', dict([[op.SHORT_BINSTRING('w'), w]])),
  good('text-by-8-byte-length', dict([[op.BINUNICODE8('w'), w]])),
  good(
    'last-of-two-equal-keys',
    dict([
      [text('w'), plain('0', [1])],
      [text('w'), w],
    ]),
  ),
  good(
    'state-on-an-ordered-dict',
    call('collections', 'OrderedDict'),
    op.MARK,
    text('w'),
    w,
    op.SETITEMS,
    dict([[text('_metadata'), dict([])]]),
    op.BUILD,
  ),
  ok('integer-of-31-bytes', op.LONG1(2n ** 240n, 31)),
  ok('number-not-a-number', op.BINFLOAT(Number.NaN)),
  ok('bytes', op.SHORT_BINBYTES([0xff, 0])),
  read('machine-root-is-tuple.pt', [t('0', [2], [1, 2])], () => torchZip(pickle(tuple(w)), storage)),
  read('machine-key-is-number.pt', [t('7', [2], [1, 2])], () =>
    torchZip(pickle(dict([[integer(7), w]])), storage),
  ),
  read('machine-900-marks.pt', values, () =>
    torchZip(pickle(times(900, op.MARK), times(900, op.POP_MARK), dict([[text('w'), w]])), storage),
  ),
  refused('machine-length-in-the-high-word.pt', 'ends too early', () =>
    torchZip(pickle(concat([0x8d], little(1n + 2n ** 32n, 8), 'x')), storage),
  ),
]

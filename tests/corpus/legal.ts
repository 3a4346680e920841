/** Files that are all right, and that a careless reader gets wrong. */
import { concat, f32, raw, utf8 } from './build/bytes'
import { call, dict, integer, op, pickle, text, tuple } from './build/pickle'
import { entry, header, safetensors } from './build/safetensors'
import { plain, stateDict, tensor, torchZip } from './build/torch'
import { type Case, type ExpectedTensor, read, t } from './case'

const floatMax = 3.4028234663852886e38
const smallest = 2 ** -149

/** One tensor w of a safetensors file. */
function one(file: string, dtype: string, data: ArrayBufferView, expected: ArrayLike<number>): Case {
  const bytes = raw(data)
  const name = `legal-${file}.safetensors`
  return read(name, [t('w', [expected.length], expected, dtype)], () =>
    safetensors(header(entry('w', dtype, [expected.length], [0, bytes.length])), bytes),
  )
}

/** One tensor w of a torch archive. */
function stored(
  file: string,
  storage: string,
  dtype: string,
  data: ArrayBufferView,
  expected: number[],
): Case {
  return read(`legal-${file}.pt`, [t('w', [expected.length], expected, dtype)], () =>
    torchZip(stateDict([['w', plain('0', [expected.length], { storage })]]), [['0', data]]),
  )
}

const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
const edges = [floatMax, -floatMax, smallest, -smallest, 2 ** -126, 1 + 2 ** -23]
const halves = Uint16Array.of(0, 0x8000, 1, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x3555)
const halfValues = [
  0,
  -0,
  2 ** -24,
  1023 * 2 ** -24,
  2 ** -14,
  65504,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  0.333251953125,
]
const brains = Uint16Array.of(0, 0x8000, 1, 0x7f7f, 0x7f80, 0xff80, 0x7fc0, 0x3f81)
const brainValues = [
  0,
  -0,
  2 ** -133,
  3.3895313892515355e38,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  1.0078125,
]
const long = [
  9007199254740993n,
  -9007199254740993n,
  9223372036854775807n,
  -9223372036854775808n,
  16777217n,
  0n,
]
const longValues = [2 ** 53, -(2 ** 53), 2 ** 63, -(2 ** 63), 2 ** 24, 0]
const doubles = [0.1, 1e39, -1e39, 1e-50, Number.NaN, 16777217]

const many = (n: number): ExpectedTensor[] => Array.from({ length: n }, (_, i) => t(`layer.${i}.w`, [1], [i]))

export const legal: Case[] = [
  one('special-values', 'F32', Float32Array.from(special), special),
  one('edges-of-float32', 'F32', Float32Array.from(edges), edges),
  one('half', 'F16', halves, halfValues),
  one('bfloat16', 'BF16', brains, brainValues),
  one('doubles', 'F64', Float64Array.from(doubles), doubles.map(Math.fround)),
  one('int64-over-2-to-53', 'I64', BigInt64Array.from(long), longValues),
  one('int32', 'I32', Int32Array.of(2147483647, -2147483648, 16777217), [2 ** 31, -(2 ** 31), 2 ** 24]),
  one('int16', 'I16', Int16Array.of(32767, -32768), [32767, -32768]),
  one('int8', 'I8', Int8Array.of(127, -128), [127, -128]),
  one('uint8', 'U8', Uint8Array.of(0, 255), [0, 255]),
  one('booleans', 'BOOL', Uint8Array.of(0, 1, 2, 255), [0, 1, 1, 1]),
  one('constant', 'F32', new Float32Array(1000).fill(0.5), new Float32Array(1000).fill(0.5)),
  one('zeros', 'F32', new Float32Array(1000), new Float32Array(1000)),
  one(
    'all-not-a-number',
    'F32',
    new Float32Array(100).fill(Number.NaN),
    new Float32Array(100).fill(Number.NaN),
  ),
  stored('special-values', 'FloatStorage', 'F32', Float32Array.from(special), special),
  stored('half', 'HalfStorage', 'F16', halves, halfValues),
  stored('bfloat16', 'BFloat16Storage', 'BF16', brains, brainValues),
  stored('doubles', 'DoubleStorage', 'F64', Float64Array.from(doubles), doubles.map(Math.fround)),
  stored('int64', 'LongStorage', 'I64', BigInt64Array.from(long), longValues),
  stored('int32', 'IntStorage', 'I32', Int32Array.of(-1, 7), [-1, 7]),
  stored('int16', 'ShortStorage', 'I16', Int16Array.of(-1, 7), [-1, 7]),
  stored('int8', 'CharStorage', 'I8', Int8Array.of(-1, 7), [-1, 7]),
  stored('uint8', 'ByteStorage', 'U8', Uint8Array.of(255, 7), [255, 7]),
  stored('booleans', 'BoolStorage', 'BOOL', Uint8Array.of(1, 0), [1, 0]),

  read('legal-big-header.safetensors', [t('w', [1], [7])], () =>
    safetensors(
      `{"__metadata__":{"note":${JSON.stringify('x'.repeat(5_000_000))}},${entry('w', 'F32', [1], [0, 4])}}`.padEnd(
        6_000_000,
      ),
      f32(7),
    ),
  ),
  read('legal-10000-tensors.safetensors', many(10_000), () =>
    safetensors(
      header(...many(10_000).map(({ name }, i) => entry(name, 'F32', [1], [4 * i, 4 * i + 4]))),
      raw(Float32Array.from({ length: 10_000 }, (_, i) => i)),
    ),
  ),
  read('legal-3000-tensors-of-one-storage.pt', many(3000), () =>
    torchZip(
      stateDict(
        many(3000).map(({ name }, i) => [
          name,
          tensor({ key: '0', numel: 3000, offset: i, shape: [1], strides: [1] }),
        ]),
      ),
      [['0', Float32Array.from({ length: 3000 }, (_, i) => i)]],
    ),
  ),
  read('legal-2000-storages.pt', many(2000), () =>
    torchZip(
      stateDict(many(2000).map(({ name }, i) => [name, plain(String(i), [1])])),
      many(2000).map((_, i) => [String(i), Float32Array.of(i)]),
    ),
  ),
  read(
    'legal-tied-weights.pt',
    [t('embed', [2, 2], [1, 2, 3, 4]), t('head', [2, 2], [1, 3, 2, 4]), t('row', [2], [3, 4])],
    () =>
      torchZip(
        stateDict([
          ['embed', plain('0', [2, 2])],
          ['head', tensor({ key: '0', numel: 4, shape: [2, 2], strides: [1, 2] })],
          ['row', tensor({ key: '0', numel: 4, offset: 2, shape: [2], strides: [1] })],
        ]),
        [['0', Float32Array.of(1, 2, 3, 4)]],
      ),
  ),
  read('legal-one-tensor-recalled-from-the-memo.pt', [t('a', [2], [1, 2]), t('b', [2], [1, 2])], () =>
    torchZip(
      pickle(
        dict([
          [text('a'), concat(plain('0', [2]), op.BINPUT(9))],
          [text('b'), op.BINGET(9)],
        ]),
      ),
      [['0', Float32Array.of(1, 2)]],
    ),
  ),
  read('legal-channels-last.pt', [t('w', [1, 2, 2, 2], [1, 3, 5, 7, 2, 4, 6, 8])], () =>
    torchZip(stateDict([['w', tensor({ key: '0', numel: 8, shape: [1, 2, 2, 2], strides: [8, 1, 4, 2] })]]), [
      ['0', Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
    ]),
  ),
  read('legal-parameter.pt', [t('w', [2], [1, 2])], () =>
    torchZip(
      stateDict([
        [
          'w',
          call(
            'torch._utils',
            '_rebuild_parameter',
            plain('0', [2]),
            op.NEWTRUE,
            call('collections', 'OrderedDict'),
          ),
        ],
      ]),
      [['0', Float32Array.of(1, 2)]],
    ),
  ),
  read('legal-protocol-4.pt', [t('w', [2], [1, 2])], () => {
    const short = (word: string) => concat(op.SHORT_BINUNICODE(utf8(word)), op.MEMOIZE)
    const global = (module: string, name: string) =>
      concat(short(module), short(name), op.STACK_GLOBAL, op.MEMOIZE)
    const id = concat(
      op.MARK,
      short('storage'),
      global('torch', 'FloatStorage'),
      short('0'),
      short('cuda:0'),
      op.BININT1(2),
      op.TUPLE,
      op.MEMOIZE,
      op.BINPERSID,
    )
    const body = concat(
      op.EMPTY_DICT,
      op.MEMOIZE,
      short('w'),
      global('torch._utils', '_rebuild_tensor_v2'),
      tuple(
        id,
        op.BININT1(0),
        concat(op.BININT1(2), op.TUPLE1),
        concat(op.BININT1(1), op.TUPLE1),
        op.NEWFALSE,
        concat(global('collections', 'OrderedDict'), op.EMPTY_TUPLE, op.REDUCE),
      ),
      op.REDUCE,
      op.SETITEM,
      op.STOP,
    )
    return torchZip(concat(op.PROTO(4), op.FRAME(body.length), body), [['0', Float32Array.of(1, 2)]])
  }),
  read('legal-training-list.pth', [t('0/module.w', [2], [1, 2]), t('4/w', [2], [3, 4])], () =>
    torchZip(
      pickle(
        op.EMPTY_LIST,
        op.MARK,
        dict([[text('module.w'), plain('0', [2], { location: 'cuda:0' })]]),
        dict([
          [text('state'), dict([[integer(0), dict([[text('exp_avg'), plain('1', [2])]])]])],
          [text('param_groups'), op.EMPTY_LIST],
        ]),
        integer(12),
        integer(790_000),
        dict([[text('w'), plain('1', [2], { location: 'cuda:3' })]]),
        op.APPENDS,
      ),
      [
        ['0', Float32Array.of(1, 2)],
        ['1', Float32Array.of(3, 4)],
      ],
    ),
  ),
  read('legal-lightning.ckpt', [t('state_dict/model.w', [2], [1, 2])], () =>
    torchZip(
      pickle(
        dict([
          [text('epoch'), integer(3)],
          [text('global_step'), integer(40_000)],
          [text('pytorch-lightning_version'), text('1.4.2')],
          [text('state_dict'), dict([[text('model.w'), plain('0', [2])]])],
          [
            text('callbacks'),
            dict([
              [
                op.GLOBAL('pytorch_lightning.callbacks.model_checkpoint', 'ModelCheckpoint'),
                dict([[text('monitor'), op.NONE]]),
              ],
            ]),
          ],
        ]),
      ),
      [['0', Float32Array.of(1, 2)]],
    ),
  ),
]

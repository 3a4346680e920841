/** Offsets, shapes and dtypes that claim what the data does not hold. */
import { concat, f32, raw } from './build/bytes'
import { entry, header, safetensors } from './build/safetensors'
import { type Case, read, refused, t } from './case'

const data = f32(1, 2, 3, 4)

const bad = (file: string, says: string, ...entries: string[]) =>
  refused(`layout-${file}.safetensors`, says, () => safetensors(header(...entries), data))
const shape = (file: string, says: string, dims: unknown[], end: unknown = 16) =>
  bad(`shape-${file}`, says, entry('w', 'F32', dims, [0, end]))
const dtype = (name: string, file = name.toLowerCase()) =>
  bad(`dtype-${file}`, 'is not supported', entry('w', name, [4], [0, 16]))

const whole = safetensors(header(entry('a', 'F32', [2], [0, 8]), entry('b', 'F32', [2], [8, 16])), data)

export const safetensorsLayout: Case[] = [
  bad('overlap', 'overlaps', entry('a', 'F32', [3], [0, 12]), entry('b', 'F32', [2], [8, 16])),
  bad('same-span-twice', 'overlaps', entry('a', 'F32', [4], [0, 16]), entry('b', 'F32', [4], [0, 16])),
  bad('inside-another', 'overlaps', entry('a', 'F32', [4], [0, 16]), entry('b', 'F32', [1], [4, 8])),
  bad('empty-inside-another', 'overlaps', entry('a', 'F32', [4], [0, 16]), entry('b', 'F32', [0], [4, 4])),
  bad('hole', 'leaves a hole', entry('a', 'F32', [1], [0, 4]), entry('b', 'F32', [2], [8, 16])),
  bad('late-start', 'leaves a hole', entry('a', 'F32', [3], [4, 16])),
  bad(
    'empty-behind-the-end',
    'leaves a hole',
    entry('a', 'F32', [4], [0, 16]),
    entry('b', 'F32', [0], [24, 24]),
  ),
  bad('trailing-bytes', '4 bytes follow', entry('a', 'F32', [3], [0, 12])),
  bad('no-tensor-but-data', '16 bytes follow'),
  bad('negative-start', 'unsigned integer', entry('a', 'F32', [4], [-16, 0])),
  bad('negative-end', 'unsigned integer', entry('a', 'F32', [4], [0, -16])),
  bad('fractional', 'unsigned integer', entry('a', 'F32', [4], [0, 16.5])),
  bad('end-before-start', 'start and an end', entry('a', 'F32', [4], [16, 0])),
  bad('end-behind-file', 'truncated', entry('a', 'F32', [5], [0, 20])),
  bad('end-2-to-53', 'unsigned integer', entry('a', 'U8', ['9007199254740992'], [0, '9007199254740992'])),
  bad('end-2-to-53-minus-1', 'truncated', entry('a', 'U8', ['9007199254740991'], [0, '9007199254740991'])),
  bad('end-2-to-64', 'unsigned integer', entry('a', 'F32', [4], [0, '18446744073709551616'])),
  bad('size-too-small', 'takes 12 bytes', entry('a', 'F32', [3], [0, 16])),
  bad('size-too-large', 'takes 20 bytes', entry('a', 'F32', [5], [0, 16])),
  bad('dtype-of-other-size', 'takes 32 bytes', entry('a', 'F64', [4], [0, 16])),
  refused('layout-10000-on-one-span.safetensors', 'overlaps', () =>
    safetensors(
      header(...Array.from({ length: 10_000 }, (_, i) => entry(`w${i}`, 'F32', [4], [0, 16]))),
      data,
    ),
  ),
  ...[1, 7, 8, 9, 12, 16, 100].map((n) =>
    refused(`layout-${n}-bytes-missing.safetensors`, n <= 16 ? 'truncated' : 'header claims', () =>
      whole.subarray(0, whole.length - n),
    ),
  ),
  refused('layout-cut-in-half.safetensors', 'header claims', () => whole.subarray(0, whole.length >> 1)),
  refused('layout-twice-in-a-row.safetensors', 'bytes follow', () => concat(whole, whole)),

  shape('wraps-to-0', 'overflows', ['4294967296', '4294967296'], 0),
  shape('wraps-to-16', 'overflows', ['4611686018427387905', 4].slice(1).concat('4503599627370496', 4), 16),
  shape('wraps-2-by-2-to-64-minus-2', 'unsigned integer', [2, '18446744073709551614']),
  shape('negative-pair', 'unsigned integer', [-2, -2]),
  shape('minus-one', 'unsigned integer', [-1, 4]),
  shape('true', 'unsigned integer', ['true', 4]),
  shape('null', 'unsigned integer', ['null', 4]),
  shape('text', 'unsigned integer', ['"4"']),
  shape('nested', 'unsigned integer', ['[4]']),
  shape('1e400', 'unsigned integer', ['1e400']),
  shape('4e0', 'unsigned integer', ['4e0']),
  shape('400-digits', 'unsigned integer', ['9'.repeat(400)]),
  shape('zero-but-data', 'takes 0 bytes', [0, 4]),
  shape('overflow-then-zero', 'overflows', ['9007199254740991', '9007199254740991', 0], 0),
  shape('rank-5000', '5000 axes', [...Array(4999).fill(1), 4]),
  shape('rank-65', '65 axes', [...Array(64).fill(1), 4]),

  dtype('constructor'),
  dtype('__proto__'),
  dtype('toString'),
  dtype('f32', 'lower-case'),
  dtype('F32 ', 'with-space'),
  dtype('', 'empty'),
  dtype('float32'),
  dtype('O'),
  dtype('U16'),
  dtype('U64'),
  dtype('C64'),
  dtype('F8_E4M3'),
  dtype('F4'),
  dtype(`${'F'.repeat(100_000)}32`, '100000-letters'),

  read(
    'layout-keys-out-of-order.safetensors',
    [t('z', [1], [3]), t('a', [2], [1, 2]), t('m', [1], [4])],
    () =>
      safetensors(
        header(
          entry('z', 'F32', [1], [8, 12]),
          entry('a', 'F32', [2], [0, 8]),
          entry('m', 'F32', [1], [12, 16]),
        ),
        data,
      ),
  ),
  read(
    'layout-scalar-and-empty.safetensors',
    [t('scalar', [], [7]), t('empty', [0], []), t('empty3', [3, 0, 2], []), t('w', [1, 1], [8])],
    () =>
      safetensors(
        header(
          entry('scalar', 'F32', [], [0, 4]),
          entry('empty', 'F32', [0], [4, 4]),
          entry('empty3', 'F32', [3, 0, 2], [4, 4]),
          entry('w', 'F32', [1, 1], [4, 8]),
        ),
        f32(7, 8),
      ),
  ),
  read(
    'layout-odd-offsets.safetensors',
    [
      t('b', [1], [255], 'U8'),
      t('f', [2], [1.5, -2.5]),
      t('h', [1], [1], 'F16'),
      t('d', [1], [0.1].map(Math.fround), 'F64'),
      t('i', [1], [-3], 'I64'),
    ],
    () =>
      safetensors(
        `${header(
          entry('b', 'U8', [1], [0, 1]),
          entry('f', 'F32', [2], [1, 9]),
          entry('h', 'F16', [1], [9, 11]),
          entry('d', 'F64', [1], [11, 19]),
          entry('i', 'I64', [1], [19, 27]),
        )} `,
        concat([255], f32(1.5, -2.5), [0x00, 0x3c], raw(Float64Array.of(0.1)), raw(BigInt64Array.of(-3n))),
      ),
  ),
  read('layout-rank-64.safetensors', [t('w', [...Array(63).fill(1), 4], [1, 2, 3, 4])], () =>
    safetensors(header(entry('w', 'F32', [...Array(63).fill(1), 4], [0, 16])), data),
  ),
]

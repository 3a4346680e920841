/** Arrays of NumPy: headers that are code, headers that lie, archives that unfold. */
import { concat, f32, latin1, raw, utf8 } from './build/bytes'
import { deflate, deflateBomb } from './build/deflate'
import { type NpyHeader, npy, npyHeader } from './build/npy'
import { type Member, zipOf } from './build/zip'
import { type Case, read, refused, t } from './case'

const six = f32(1, 2, 3, 4, 5, 6)
const values = [1, 2, 3, 4, 5, 6]

const bad = (file: string, says: string, header: NpyHeader) =>
  refused(`npy-${file}.npy`, says, () => npy(npyHeader(header), six))
/** The whole header. */
const head = (file: string, says: string, text: string) =>
  refused(`npy-${file}.npy`, says, () => npy(text, six))
/** Readers name an array after its file; here every file is called `file`. */
const good = (
  file: string,
  shape: number[],
  expected: ArrayLike<number>,
  header: NpyHeader,
  data: Uint8Array = six,
  dtype = 'F32',
  version = 1,
) =>
  read(`npy-${file}.npy`, [t('file', shape, expected, dtype)], () =>
    npy(npyHeader(header), data, { version }),
  )
const array = (name: string, ...numbers: number[]): Member => ({
  name: `${name}.npy`,
  data: npy(npyHeader({ shape: `(${numbers.length},)` }), f32(...numbers)),
})
/** An array of `size` zeros in an archive, packed 1032 to 1; the archive may say that it is of another size. */
const bomb = (name: string, size: number, said = size): Member => {
  const start = npy(npyHeader({ descr: "'|u1'", shape: `(${said},)` }), '')
  const saidOf = { method: 8, size: start.length + said, crc: 0 }
  return {
    name,
    data: start,
    body: deflateBomb(start, Math.floor(size / 258)),
    local: saidOf,
    central: saidOf,
  }
}

export const numpy: Case[] = [
  bad('objects', 'Python objects', { descr: "'|O'" }),
  bad('objects-little-endian', 'Python objects', { descr: "'<O'" }),
  bad('records', 'records', { descr: "[('a', '<f4'), ('b', '<i4')]" }),
  bad('text', 'type <U5', { descr: "'<U5'" }),
  bad('bytes', 'type |S4', { descr: "'|S4'" }),
  bad('void', 'type |V4', { descr: "'|V4'" }),
  bad('dates', 'type <M8', { descr: "'<M8[s]'" }),
  bad('complex', 'type <c8', { descr: "'<c8'" }),
  bad('unsigned-words', 'type <u4', { descr: "'<u4'" }),
  bad('long-doubles', 'type <f16', { descr: "'<f16'" }),
  bad('type-of-60000-letters', 'type <f', { descr: `'<f${'4'.repeat(60_000)}'` }),
  bad('type-empty', 'which is not read', { descr: "''" }),
  bad('type-with-escapes', 'which is not read', { descr: "'<\u001b[31m\u202e'" }),
  bad('type-is-constructor', 'which is not read', { descr: "'<constructor'" }),
  bad('code-for-type', 'not a .npy header', { descr: "__import__('os').system('echo corpus')" }),
  bad('code-for-shape', 'not a .npy header', { shape: "(__import__('os').system('echo corpus'),)" }),
  bad('code-for-order', 'not a .npy header', { fortran: "eval('False')" }),
  bad('order-is-number', 'not a .npy header', { fortran: '0' }),
  bad('shape-is-list', 'not a .npy header', { shape: '[2, 3]' }),
  bad('shape-is-number', 'not a .npy header', { shape: '6' }),
  bad('shape-negative', 'not a .npy header', { shape: '(-2, -3)' }),
  bad('shape-of-floats', 'not a .npy header', { shape: '(2.0, 3)' }),
  bad('shape-of-exponents', 'not a .npy header', { shape: '(2e0, 3)' }),
  bad('shape-true', 'not a .npy header', { shape: '(True, 6)' }),
  bad('shape-of-hex', 'not a .npy header', { shape: '(0x2, 3)' }),
  bad('shape-with-hole', 'is damaged', { shape: '(2, , 3)' }),
  bad('shape-of-60000-commas', 'is damaged', { shape: `(${','.repeat(60_000)})` }),
  bad('shape-wraps-to-0', 'takes', { shape: '(4294967296, 4294967296)' }),
  bad('shape-over-2-to-53', 'is damaged', { shape: '(9007199254740993,)' }),
  bad('shape-of-400-digits', 'is damaged', { shape: `(${'9'.repeat(400)},)` }),
  bad('shape-2-to-40', 'takes', { shape: '(1048576, 1048576)' }),
  bad('shape-zero-but-data', 'takes 0 bytes', { shape: '(0, 3)' }),
  bad('rank-65', 'is damaged', { shape: `(${'1, '.repeat(64)}6)` }),
  bad('one-row-missing', 'takes 36 bytes', { shape: '(3, 3)' }),
  bad('one-row-more', 'takes 12 bytes', { shape: '(1, 3)' }),
  head('no-dict', 'not a .npy header', '42'),
  head('dict-of-json', 'not a .npy header', '{"descr": "<f4", "fortran_order": false, "shape": [2, 3]}'),
  head('key-missing', 'not a .npy header', "{'descr': '<f4', 'shape': (2, 3), }"),
  head(
    'key-twice',
    'not a .npy header',
    "{'descr': '<f8', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
  ),
  head(
    'key-unknown',
    'not a .npy header',
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1, }",
  ),
  head('code-behind-dict', 'not a .npy header', `${npyHeader()} or __import__('os').system('echo corpus')`),
  head('code-alone', 'not a .npy header', "__import__('os').system('echo corpus')"),
  head('braces', 'not a .npy header', '{'.repeat(60_000)),
  head('blanks-inside', 'not a .npy header', `{'descr'${' '.repeat(60_000)}`),
  head('quotes', 'not a .npy header', "{'descr'".repeat(8000)),
  head('nul', 'not a .npy header', `${npyHeader()}\0`),
  refused('npy-header-of-4-gigabytes.npy', 'header claims 4294967295', () =>
    npy(npyHeader(), six, { version: 2, length: 0xffffffff }),
  ),
  refused('npy-header-of-65537-bytes.npy', 'header claims 65537', () =>
    npy(npyHeader().padEnd(70_000), six, { version: 2, length: 65_537 }),
  ),
  refused('npy-header-behind-the-end.npy', 'the file has', () => npy(npyHeader(), six, { length: 65_535 })),
  refused('npy-header-empty.npy', 'not a .npy header', () => npy(npyHeader(), six, { length: 0 })),
  refused('npy-header-cut.npy', 'not a .npy header', () => npy(npyHeader(), six, { length: 30 })),
  refused('npy-version-0.npy', 'version 0', () => npy(npyHeader(), six, { version: 0 })),
  refused('npy-version-4.npy', 'version 4', () => npy(npyHeader(), six, { version: 4 })),
  refused('npy-magic-only.npy', 'too few', () => latin1('\x93NUMPY\x01\0')),
  refused('npy-cut.npy', 'follow the header', () => npy(npyHeader(), six.subarray(0, 23))),
  refused('npy-no-data.npy', 'follow the header', () => npy(npyHeader(), '')),
  refused('npy-twice.npy', 'follow the header', () => concat(npy(npyHeader(), six), npy(npyHeader(), six))),

  good('plain', [2, 3], values, {}),
  good('fortran', [2, 3], [1, 3, 5, 2, 4, 6], { fortran: 'True' }),
  good('fortran-vector', [6], values, { fortran: 'True', shape: '(6,)' }),
  good('fortran-3d', [1, 2, 3], [1, 3, 5, 2, 4, 6], { fortran: 'True', shape: '(1, 2, 3)' }),
  good('big-endian', [2], [1, -2], { descr: "'>f4'", shape: '(2,)' }, swapped(f32(1, -2), 4)),
  good(
    'big-endian-fortran-int64',
    [2, 2],
    [1, 3, 2, 4],
    { descr: "'>i8'", fortran: 'True', shape: '(2, 2)' },
    swapped(raw(BigInt64Array.of(1n, 2n, 3n, 4n)), 8),
    'I64',
  ),
  good('scalar', [], [7], { shape: '()' }, f32(7)),
  good('empty', [0, 3], [], { shape: '(0, 3)' }, f32()),
  good('version-2', [2, 3], values, {}, six, 'F32', 2),
  good('version-3', [2, 3], values, {}, six, 'F32', 3),
  good('half', [2], [1, -2], { descr: "'<f2'", shape: '(2,)' }, raw(Uint16Array.of(0x3c00, 0xc000)), 'F16'),
  good('booleans', [3], [1, 0, 1], { descr: "'|b1'", shape: '(3,)' }, Uint8Array.of(1, 0, 2), 'BOOL'),
  good('native-order', [2, 3], values, { descr: "'=f4'" }),
  read('npy-keys-in-another-order.npy', [t('file', [2, 3], values)], () =>
    npy("{'shape':(2,3),'fortran_order':False,'descr':'<f4'}", six),
  ),

  read('npz-stored.npz', [t('a', [2], [1, 2]), t('b', [1], [3])], () =>
    zipOf([array('a', 1, 2), array('b', 3)]),
  ),
  read('npz-compressed.npz', [t('a', [3], [1, 2, 2]), t('b', [500], new Float32Array(500))], () =>
    zipOf([array('a', 1, 2, 2), array('b', ...new Float32Array(500))].map((m) => ({ ...m, deflated: true }))),
  ),
  read('npz-names.npz', [t('__proto__', [1], [1]), t('a/b', [1], [2]), t('<b>', [1], [3])], () =>
    zipOf([array('__proto__', 1), array('a/b', 2), array('<b>', 3)]),
  ),
  refused('npz-with-objects.npz', 'Python objects', () =>
    zipOf([array('a', 1), { name: 'b.npy', data: npy(npyHeader({ descr: "'|O'" }), latin1('\x80\x02N.')) }]),
  ),
  refused('npz-member-is-text.npz', '', () => zipOf([{ name: 'a.npy', data: utf8('__import__("os")') }])),
  refused('npz-member-empty.npz', 'too few', () => zipOf([{ name: 'a.npy', data: utf8('') }])),
  refused('npz-member-twice.npz', 'comes twice', () => zipOf([array('a', 1), array('a', 2)])),
  refused('npz-traversal.npz', 'unusable name', () => zipOf([array('../../a', 1)])),
  refused('npz-with-a-pickle.npz', 'data.pkl', () =>
    zipOf([array('a', 1), { name: 'a.pkl', data: latin1('N.') }]),
  ),
  refused('npz-crc.npz', 'CRC-32', () => zipOf([{ ...array('a', 1, 2), central: { crc: 7 } }])),
  refused('npz-crc-compressed.npz', 'CRC-32', () =>
    zipOf([{ ...array('a', 1, 2), deflated: true, central: { crc: 7 } }]),
  ),
  refused('npz-damaged-stream.npz', 'unpack', () => {
    const member = array('a', ...Array.from({ length: 40 }, (_, i) => i))
    return zipOf([{ ...member, deflated: true, body: deflate(member.data).fill(0xff, 150, 154) }])
  }),
  refused('npz-cut-stream.npz', 'unpack', () => {
    const member = array('a', 1, 2, 3, 4)
    return zipOf([{ ...member, deflated: true, body: deflate(member.data).subarray(0, -20) }])
  }),
  refused('npz-declares-more.npz', '', () => {
    const member = array('a', 1, 2, 3, 4)
    const size = member.data.length + 4
    return zipOf([{ ...member, deflated: true, local: { size }, central: { size } }])
  }),
  refused('npz-declares-less.npz', '', () => {
    const member = array('a', 1, 2, 3, 4)
    const size = member.data.length - 4
    return zipOf([{ ...member, deflated: true, local: { size }, central: { size } }])
  }),
  refused('npz-method-93.npz', 'method 93', () =>
    zipOf([{ ...array('a', 1), local: { method: 93 }, central: { method: 93 } }]),
  ),
  refused('npz-bomb-of-1-gigabyte.npz', 'unpacked from', () => zipOf([bomb('w.npy', 2 ** 30)])),
  refused('npz-bomb-that-says-it-is-small.npz', 'unpack', () => zipOf([bomb('w.npy', 2 ** 28, 2 ** 20)])),
  refused('npz-says-it-is-a-gigabyte.npz', 'unpacked from', () => zipOf([bomb('w.npy', 2580, 2 ** 30)])),
  refused('npz-says-it-is-4-gigabytes.npz', 'unpacked from', () =>
    zipOf([bomb('w.npy', 2580, 2 ** 32 - 200)]),
  ),
  refused('npz-1000-bombs.npz', 'unpacked from', () =>
    zipOf(Array.from({ length: 1000 }, (_, i) => bomb(`w${i}.npy`, 2 ** 20))),
  ),
]

/** Bytes of each element reversed. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.map((_, i) => bytes[i - (i % size) + size - 1 - (i % size)]!)
}

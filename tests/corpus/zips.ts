/** Archives whose directory, local headers and data tell different stories. */
import { concat, f32, flipped, latin1, little, utf8 } from './build/bytes'
import { deflateBomb } from './build/deflate'
import { op, pickle } from './build/pickle'
import { plain, stateDict, torchMembers } from './build/torch'
import { type Lies, type Member, zip64Extra, zipOf } from './build/zip'
import { type Case, read, refused, t } from './case'

const dataPkl = stateDict([
  ['a', plain('0', [2])],
  ['b', plain('1', [2, 2])],
])
const values = [t('a', [2], [1, 2]), t('b', [2, 2], [3, 4, 5, 6])]
const pkl = 0
const first = 1

/** data.pkl, data/0, data/1, version: the archive most cases below damage in one place. */
const members = () =>
  torchMembers(dataPkl, [
    ['0', Float32Array.of(1, 2)],
    ['1', Float32Array.of(3, 4, 5, 6)],
  ])
const whole = (lies: Lies = {}) => zipOf(members(), lies)
const bad = (file: string, says: string, lies: Lies) => refused(`zip-${file}.pt`, says, () => whole(lies))
/** One member changed. */
const member = (file: string, says: string, index: number, change: Partial<Member>) =>
  refused(`zip-${file}.pt`, says, () =>
    zipOf(members().map((m, i) => (i === index ? { ...m, ...change } : m))),
  )
/** One member more. */
const extra = (file: string, says: string, ...more: Member[]) =>
  refused(`zip-${file}.pt`, says, () => zipOf([...members(), ...more]))
const named = (file: string, says: string, name: string) =>
  extra(`name-${file}`, says, { name, data: utf8('echo corpus') })
const good = (file: string, bytes: () => Uint8Array) => read(`zip-${file}.pt`, values, bytes)

/** Sizes and CRC follow the data, as torch writes them. */
const deferred = (m: Member, descriptor = true): Member => ({
  ...m,
  local: { flags: 0x0808, crc: 0, packed: 0, size: 0 },
  central: { flags: 0x0808 },
  after: descriptor
    ? concat('PK\x07\x08', little(0, 4), little(m.data.length, 4), little(m.data.length, 4))
    : '',
})

export const zips: Case[] = [
  ...[10, 25, 50, 75, 90, 99].map((percent) =>
    refused(`zip-cut-at-${percent}-percent.pt`, 'directory at the end is missing', () => {
      const bytes = whole()
      return bytes.subarray(0, Math.floor((bytes.length * percent) / 100))
    }),
  ),
  ...[4, 30].map((n) =>
    refused(`zip-cut-after-${n}-bytes.pt`, 'directory at the end is missing', () => whole().subarray(0, n)),
  ),
  refused('zip-one-byte-missing.pt', 'directory at the end is missing', () => whole().subarray(0, -1)),
  bad('one-byte-behind', 'directory', { behind: [0] }),
  bad('bytes-in-front', 'no known kind', { front: [1, 2, 3, 4] }),
  bad('1000-bytes-behind', 'directory', { behind: new Uint8Array(1000) }),
  bad('gap-before-directory-holds-a-member', 'directory', { gap: whole(), directoryOffset: 0 }),
  bad('comment-holds-an-end-record', 'directory is not where', {
    comment: `PK\x05\x06${'\0'.repeat(18)}`,
  }),

  member('crc-of-pickle', 'CRC-32', pkl, { central: { crc: 1 } }),
  member('crc-of-storage', 'CRC-32', first, { central: { crc: 1 } }),
  member('crc-0', 'CRC-32', first, { local: { crc: 0 }, central: { crc: 0 } }),
  refused('zip-flipped-bit-in-storage.pt', 'CRC-32', () => {
    const bytes = whole()
    return flipped(bytes, indexFromEnd(bytes, f32(3, 4)))
  }),

  named('traversal', 'unusable name', '../../etc/passwd'),
  named('traversal-inside', 'unusable name', 'm/data/../../../x'),
  named('absolute', 'unusable name', '/etc/passwd'),
  named('backslash', 'unusable name', 'm\\data\\0'),
  named('drive', 'unusable name', 'C:/windows/win.ini'),
  named('nul', 'unusable name', 'm/data/0\0.txt'),
  named('empty', 'unusable name', ''),
  named('twice', 'comes twice', 'm/data/0'),
  named('pickle-twice', 'comes twice', 'm/data.pkl'),
  refused('zip-name-not-utf-8.pt', 'UTF-8', () => {
    const bytes = zipOf([...members(), { name: 'm/xyz', data: utf8('') }])
    return Uint8Array.from(bytes, (byte, i) => (byte === 0x78 && bytes[i + 1] === 0x79 ? 0xff : byte))
  }),
  extra('symbolic-link', 'symbolic link', {
    name: 'm/link',
    data: utf8('/etc/passwd'),
    central: { unixMode: 0xa1ff },
  }),
  extra('two-pickles', '2 data.pkl', { name: 'n/data.pkl', data: pickle(op.NONE) }),
  refused('zip-pickle-without-folder.pt', 'data.pkl', () => zipOf([{ name: 'data.pkl', data: dataPkl }])),
  refused('zip-pickle-in-capitals.pt', 'data.pkl', () => zipOf([{ name: 'm/DATA.PKL', data: dataPkl }])),
  refused('zip-no-members-but-folders.pt', 'data.pkl', () => zipOf([{ name: 'm/', data: utf8('') }])),

  member('name-differs-in-local-header', 'local header', pkl, { local: { name: 'm/DATA.pkl' } }),
  member('storage-name-differs', 'local header', first, { local: { name: 'm/data/9' } }),
  member('local-name-longer', 'local header', first, { local: { name: 'm/data/00' } }),
  member('local-size-larger', 'local header says', first, { local: { packed: 80, size: 80 } }),
  member('local-size-smaller', 'local header says', first, { local: { packed: 4, size: 4 } }),
  member('local-method', 'local header', first, { local: { method: 8 } }),
  member('local-encrypted', 'local header', first, { local: { flags: 1 } }),
  member('local-extra-over-the-next', 'what follows', first, {
    local: { extra: new Uint8Array(2) },
    body: f32(1),
    central: { packed: 8 },
  }),
  member('central-size-larger', 'what follows', first, { central: { packed: 4000, size: 4000 } }),
  member('central-size-smaller', 'elements of F32', first, { central: { packed: 4, size: 4 } }),
  member('central-size-2-to-32-minus-2', 'what follows', first, {
    central: { packed: 0xfffffffe, size: 0xfffffffe },
  }),
  member('packed-and-unpacked-differ', 'declared', first, { central: { packed: 8, size: 16 } }),
  member('encrypted', 'encrypted', first, { central: { flags: 1 } }),
  member('strongly-encrypted', 'encrypted', first, { central: { flags: 0x40 } }),
  member('masked-headers', 'encrypted', first, { central: { flags: 0x2000 } }),
  member('patched', 'patch', first, { central: { flags: 0x20 } }),
  ...[1, 9, 12, 14, 93, 99].map((method) =>
    member(`method-${method}`, `method ${method}`, first, { central: { method }, local: { method } }),
  ),
  member('deflated-pickle', 'compressed', pkl, { deflated: true }),
  member('deflated-storage', 'compressed', first, { deflated: true }),
  member('deflate-bomb-of-1-gigabyte', 'unpacked from', first, {
    body: deflateBomb(f32(), 4_161_790),
    local: { method: 8, size: 2 ** 30 },
    central: { method: 8, size: 2 ** 30 },
  }),
  member('stored-but-said-to-be-deflated', 'compressed', first, { central: { method: 8 } }),
  member('header-in-front-of-file', 'what follows', first, { central: { header: 1 } }),
  member('header-of-another', 'what follows', 2, { central: { header: 0 } }),
  member('header-in-directory', 'what follows', first, { central: { header: 0xfffff } }),
  refused('zip-overlap-bomb.pt', 'what follows', () => {
    // 2,000 records that all are the same megabyte.
    const kernel: Member = { name: 'm/data/0', data: new Uint8Array(2 ** 20) }
    const pickled = { name: 'm/data.pkl', data: dataPkl }
    const again = Array.from({ length: 2000 }, (_, i) => ({
      name: `m/data/${i + 1}`,
      data: utf8(''),
      body: utf8(''),
      central: { header: 30 + 10 + dataPkl.length, packed: 2 ** 20, size: 2 ** 20 },
    }))
    return zipOf([pickled, kernel, ...again])
  }),
  refused('zip-overlap-by-one-byte.pt', 'what follows', () =>
    zipOf(members().map((m, i) => (i === 1 ? { ...m, central: { packed: 9, size: 9 } } : m))),
  ),

  bad('count-too-small', 'end record says', { count: 3 }),
  bad('count-too-large', 'end record says', { count: 5 }),
  bad('count-0', 'end record says', { count: 0 }),
  bad('directory-offset-0', 'directory is not where', { directoryOffset: 0 }),
  bad('directory-offset-behind-the-end', 'directory is not where', { directoryOffset: 0xfffffff0 }),
  bad('directory-size-0', 'directory is not where', { directorySize: 0 }),
  bad('directory-size-2-to-32-minus-2', 'directory is not where', { directorySize: 0xfffffffe }),
  bad('several-disks', 'several files', { disk: 1 }),
  refused('zip-damaged-directory.pt', 'damaged', () => {
    const bytes = whole()
    return flipped(bytes, indexFromEnd(bytes, latin1('PK\x01\x02')), 0xff)
  }),

  bad('zip64-count-differs', 'contradict', { zip64: { count: 3n } }),
  bad('zip64-offset-differs', 'contradict', { zip64: { offset: 0n } }),
  bad('zip64-size-differs', 'contradict', { zip64: { size: 46n } }),
  bad('zip64-count-2-to-63', 'damaged', { count: 0xffff, zip64: { count: 2n ** 63n } }),
  bad('zip64-count-2-to-40', 'more than a checkpoint', { count: 0xffff, zip64: { count: 2n ** 40n } }),
  bad('zip64-offset-2-to-63', 'damaged', { directoryOffset: 0xffffffff, zip64: { offset: 2n ** 63n } }),
  bad('zip64-offset-2-to-62', 'damaged', { directoryOffset: 0xffffffff, zip64: { offset: 2n ** 62n } }),
  bad('zip64-size-2-to-52', 'directory is not where', {
    directorySize: 0xffffffff,
    zip64: { size: 2n ** 52n },
  }),
  bad('zip64-locator-at-0', 'out of place', { zip64: { locator: 0n } }),
  bad('zip64-locator-behind-the-end', 'out of place', { zip64: { locator: 2n ** 40n } }),
  bad('zip64-locator-2-to-64-minus-1', 'damaged', { zip64: { locator: 2n ** 64n - 1n } }),
  bad('zip64-record-size-0', 'out of place', { zip64: { recordSize: 0n } }),
  bad('zip64-record-size-2-to-63', 'damaged', { zip64: { recordSize: 2n ** 63n } }),
  member('zip64-size-without-field', 'zip64 sizes', first, {
    central: { packed: 0xffffffff, size: 0xffffffff },
  }),
  member('zip64-size-2-to-60', 'zip64 sizes', first, {
    central: { packed: 0xffffffff, size: 0xffffffff, extra: zip64Extra(2n ** 60n, 2n ** 60n) },
  }),
  member('zip64-size-2-to-50', 'what follows', first, {
    central: { packed: 0xffffffff, size: 0xffffffff, extra: zip64Extra(2n ** 50n, 2n ** 50n) },
  }),
  member('zip64-field-too-short', 'zip64 sizes', first, {
    central: { packed: 0xffffffff, size: 0xffffffff, extra: zip64Extra(8) },
  }),
  member('zip64-field-reaches-out', 'zip64 sizes', first, {
    central: { packed: 0xffffffff, size: 0xffffffff, extra: [1, 0, 0xff, 0xff, 8, 0, 0, 0, 0, 0, 0, 0] },
  }),

  good('as-torch-writes-it', () =>
    zipOf(
      members().map((m) => deferred(m)),
      { zip64: {} },
    ),
  ),
  good('with-padding-fields', () =>
    zipOf(
      members().map((m) => ({ ...m, local: { extra: concat('FB', little(50, 2), new Uint8Array(50)) } })),
    ),
  ),
  good('with-zip64-sizes', () =>
    zipOf(
      members().map((m) => ({
        ...m,
        local: { packed: 0xffffffff, size: 0xffffffff, extra: zip64Extra(m.data.length, m.data.length) },
        central: { packed: 0xffffffff, size: 0xffffffff, extra: zip64Extra(m.data.length, m.data.length) },
      })),
      { zip64: {} },
    ),
  ),
  good('with-a-comment', () => whole({ comment: 'a comment of 24 characters' })),
  good('with-member-comments', () =>
    zipOf(members().map((m) => ({ ...m, central: { comment: '<b>comment</b>' } }))),
  ),
  good('with-folders', () =>
    zipOf([{ name: 'm/', data: utf8('') }, { name: 'm/data/', data: utf8('') }, ...members()]),
  ),
  good('members-in-reverse', () => zipOf(members().reverse())),
  good('with-a-gap', () => whole({ gap: new Uint8Array(64) })),
  good('little-endian-mark', () => zipOf([...members(), { name: 'm/byteorder', data: utf8('little') }])),
  good('with-newer-members', () =>
    zipOf([...members(), { name: 'm/.data/serialization_id', data: utf8('0636067112740') }]),
  ),
  good('with-20000-other-members', () =>
    zipOf([
      ...members(),
      ...Array.from({ length: 20_000 }, (_, i) => ({ name: `m/extra/${i}`, data: utf8('') })),
    ]),
  ),
  extra('big-endian-mark', 'big', { name: 'm/byteorder', data: utf8('big') }),
  extra('unknown-byte-order', 'byte order', { name: 'm/byteorder', data: utf8('\u001b[31m\u202e') }),
  extra('byte-order-of-a-megabyte', 'instead of a word', {
    name: 'm/byteorder',
    data: new Uint8Array(2 ** 20),
  }),
]

function indexFromEnd(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = bytes.length - wanted.length; at >= 0; at--)
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at
  throw new Error('the bytes to damage are not there')
}

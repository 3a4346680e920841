/**
 * Directory of a zip archive whose entries are stored, as torch.save writes them, or deflated, as numpy.savez_compressed does
 * (PKWARE APPNOTE 6.3).
 * Sizes come from the central directory only: torch leaves them out of the local headers. What two readers could
 * understand differently (overlaps, names that come twice, contradicting sizes, data in front) is refused.
 */
import { crc32 } from './crc32'
import { type Fault, faultsOf, printable } from './error'
import { inflate } from './inflate'
import { type ByteSource, outOfRange } from './tensor'

export type ZipEntry = {
  name: string
  /** Bytes of the content, and bytes it takes in the archive. */
  size: number
  packed: number
  /** 0 stored, 8 deflated. */
  method: 0 | 8
  crc: number
  /** Where the local header starts. */
  header: number
  /** First byte that belongs to something else: the next entry or the central directory. */
  limit: number
}

export type ZipArchive = {
  /** Files by name, in the order of the central directory; folders are left out. */
  entries: Map<string, ZipEntry>
  /** Checks the local header against the directory and tells where the data of a stored entry starts. */
  dataStart(entry: ZipEntry): Promise<number>
  /** All bytes of an entry, CRC checked. */
  read(entry: ZipEntry): Promise<Uint8Array>
  /** An entry as a source of its own. Reads all of a deflated one before the bytes asked for, and nothing after them. */
  source(entry: ZipEntry): ByteSource
}

const maxEntries = 100_000
const maxDirectoryBytes = 32 * 1024 * 1024
const saturated16 = 0xffff
const saturated32 = 0xffffffff
const storedRemedy = 'Save it again with torch.save, or as safetensors.'
const bombRemedy = 'Unpack it yourself if you trust it, and give the content.'
const copyRemedy = 'It looks damaged: download or copy it again.'
/** Deflate cannot do better (RFC 1951); real arrays stay far below, so a large entry beyond `suspectRatio` is a bomb. */
const highestRatio = 1032
const suspectRatio = 200
const suspectBytes = 64 * 1024 * 1024

type Directory = { offset: number; size: number; count: number }

/** Reads the directory. Throws an InputError for truncated, damaged, encrypted or oddly compressed archives. */
export async function openZip(source: ByteSource): Promise<ZipArchive> {
  const fault = faultsOf(source.name, copyRemedy)
  const directory = await findDirectory(source, fault)
  const bytes = await source.read(directory.offset, directory.offset + directory.size)
  const entries = parseDirectory(bytes, directory, fault)
  setLimits(entries, directory.offset, fault)
  const unpacked = entries.reduce((n, { size }) => n + size, 0)
  if (unpacked > suspectBytes && unpacked > source.size * suspectRatio)
    throw fault(
      `its ${entries.length} entries declare ${unpacked} bytes unpacked from ${source.size}`,
      '',
      bombRemedy,
      'too_large',
    )
  const byName = new Map<string, ZipEntry>()
  for (const entry of entries) if (!entry.name.endsWith('/')) byName.set(entry.name, entry)

  const dataStart = (entry: ZipEntry) => checkLocalHeader(source, entry, fault)
  /** Bytes [from, to) of the content; CRC checked if that is all of it. */
  const content = async (entry: ZipEntry, from: number, to: number) => {
    const start = await dataStart(entry)
    const data =
      entry.method === 0
        ? await source.read(start + from, start + to)
        : (await inflateEntry(source, entry, start, to, fault)).subarray(from)
    if (from === 0 && to === entry.size && crc32(data) !== entry.crc)
      throw fault('its bytes do not match their CRC-32', entry.name)
    return data
  }
  return {
    entries: byName,
    dataStart,
    read: (entry) => content(entry, 0, entry.size),
    source: (entry) => {
      const { size } = entry
      const name = `${source.name}/${printable(entry.name)}`
      return {
        name,
        size,
        async read(start, end) {
          if (start < 0 || end > size || start > end) throw outOfRange(name, start, end, size)
          // All of it, so that the CRC is checked: its header is read apart.
          return end === size ? (await content(entry, 0, size)).subarray(start) : content(entry, start, end)
        },
      }
    },
  }
}

/** The first `length` bytes of a deflated entry; ending too early or, when all is asked for, too late is a fault. */
async function inflateEntry(
  source: ByteSource,
  { name, size, packed }: ZipEntry,
  start: number,
  length: number,
  fault: Fault,
): Promise<Uint8Array> {
  const bytes = await inflate(source, start, start + packed, length, length === size).catch(() => undefined)
  if (bytes?.length !== length) throw fault(`it does not unpack to the ${size} bytes it declares`, name)
  return bytes
}

/** Finds the end record (and its zip64 twin, which torch writes even for small files) from the back. */
async function findDirectory(source: ByteSource, fault: Fault): Promise<Directory> {
  const tailStart = Math.max(0, source.size - 22 - saturated16)
  const tail = viewOf(await source.read(tailStart, source.size))
  let at = tail.byteLength - 22
  while (
    at >= 0 &&
    !(tail.getUint32(at, true) === 0x06054b50 && tail.getUint16(at + 20, true) === tail.byteLength - 22 - at)
  )
    at--
  if (at < 0)
    throw fault(
      'the zip directory at the end is missing',
      '',
      'It looks truncated: download or copy it again.',
      'truncated',
    )
  const small = {
    disks: tail.getUint16(at + 4, true) + tail.getUint16(at + 6, true),
    count: tail.getUint16(at + 10, true),
    size: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
  }
  if (small.disks !== 0 && small.disks !== 2 * saturated16)
    throw fault('the archive is split over several files')
  const end = tailStart + at
  const zip64 = await zip64Directory(source, end, fault)
  if (zip64) {
    const agrees = (narrow: number, limit: number, wide: number) => narrow === limit || narrow === wide
    if (
      !agrees(small.count, saturated16, zip64.count) ||
      !agrees(small.size, saturated32, zip64.size) ||
      !agrees(small.offset, saturated32, zip64.offset)
    )
      throw fault('its two end records contradict each other')
  }
  const { offset, size, count } = zip64 ?? small
  if (offset + size !== (zip64?.end ?? end)) throw fault('the zip directory is not where the end record says')
  if (size > maxDirectoryBytes || count > maxEntries)
    throw fault(
      `the zip directory lists ${count} entries in ${size} bytes, more than a checkpoint has`,
      '',
      copyRemedy,
      'too_large',
    )
  return { offset, size, count }
}

async function zip64Directory(
  source: ByteSource,
  end: number,
  fault: Fault,
): Promise<(Directory & { end: number }) | undefined> {
  if (end < 20) return undefined
  const locator = viewOf(await source.read(end - 20, end))
  if (locator.getUint32(0, true) !== 0x07064b50) return undefined
  const at = wide(locator, 8, fault)
  if (at + 56 > end - 20) throw fault('the zip64 end record is out of place')
  const record = viewOf(await source.read(at, at + 56))
  if (record.getUint32(0, true) !== 0x06064b50 || at + 12 + wide(record, 4, fault) !== end - 20)
    throw fault('the zip64 end record is out of place')
  return {
    count: wide(record, 32, fault),
    size: wide(record, 40, fault),
    offset: wide(record, 48, fault),
    end: at,
  }
}

function parseDirectory(bytes: Uint8Array, directory: Directory, fault: Fault): ZipEntry[] {
  const view = viewOf(bytes)
  const entries: ZipEntry[] = []
  const names = new Set<string>()
  let at = 0
  while (at < bytes.length) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50)
      throw fault(`the zip directory is damaged at entry ${entries.length}`)
    const nameEnd = at + 46 + view.getUint16(at + 28, true)
    const extraEnd = nameEnd + view.getUint16(at + 30, true)
    const next = extraEnd + view.getUint16(at + 32, true)
    if (next > bytes.length) throw fault(`the zip directory is damaged at entry ${entries.length}`)
    const name = entryName(bytes.subarray(at + 46, nameEnd), fault)
    if (names.has(name)) throw fault('this name comes twice in the archive', name, storedRemedy)
    names.add(name)
    entries.push(parseEntry(view, at, name, bytes.subarray(nameEnd, extraEnd), fault))
    at = next
  }
  if (entries.length !== directory.count)
    throw fault(`the zip directory lists ${entries.length} entries, its end record says ${directory.count}`)
  return entries
}

function parseEntry(view: DataView, at: number, name: string, extra: Uint8Array, fault: Fault): ZipEntry {
  const flags = view.getUint16(at + 8, true)
  const method = view.getUint16(at + 10, true)
  const unixMode = view.getUint32(at + 38, true) >>> 16
  if (flags & 0x2041) throw fault('this record is encrypted', name, storedRemedy, 'unsupported')
  if (flags & 0x20) throw fault('this record is a patch', name, storedRemedy, 'unsupported')
  if (method !== 0 && method !== 8)
    throw fault(`this record is compressed (method ${method})`, name, storedRemedy, 'unsupported')
  if ((unixMode & 0xf000) === 0xa000) throw fault('this record is a symbolic link', name, storedRemedy)
  let size = view.getUint32(at + 24, true)
  let packed = view.getUint32(at + 20, true)
  let header = view.getUint32(at + 42, true)
  if (size === saturated32 || packed === saturated32 || header === saturated32) {
    const wideFields = zip64Fields(extra)
    const take = (narrow: number) => {
      if (narrow !== saturated32) return narrow
      const value = wideFields.shift()
      if (value === undefined || value > BigInt(Number.MAX_SAFE_INTEGER))
        throw fault('its zip64 sizes are damaged', name)
      return Number(value)
    }
    size = take(size)
    packed = take(packed)
    header = take(header)
  }
  if (method === 0 && size !== packed)
    throw fault(`stored with ${packed} bytes but ${size} are declared`, name)
  if (size > packed * highestRatio || (size > suspectBytes && size > packed * suspectRatio))
    throw fault(`it declares ${size} bytes unpacked from ${packed}`, name, bombRemedy, 'too_large')
  return { name, size, packed, method, crc: view.getUint32(at + 16, true), header, limit: 0 }
}

/** The 64-bit values of extra field 0x0001; they stand for the saturated fields in their order. */
function zip64Fields(extra: Uint8Array): bigint[] {
  const view = viewOf(extra)
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + view.getUint16(at + 2, true)
    if (end > extra.length) break
    if (view.getUint16(at, true) === 1) {
      const fields: bigint[] = []
      for (let i = at + 4; i + 8 <= end; i += 8) fields.push(view.getBigUint64(i, true))
      return fields
    }
    at = end
  }
  return []
}

function entryName(bytes: Uint8Array, fault: Fault): string {
  let name: string
  try {
    name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw fault('a name in the archive is not UTF-8 text')
  }
  const parts = name.split('/')
  if (name === '' || parts.includes('..') || parts[0] === '' || /[\\\0]|^[a-z]:/i.test(name))
    throw fault(`the archive holds the unusable name "${printable(name)}"`, undefined, storedRemedy)
  return name
}

/** Gives each entry the room up to the next one, and refuses entries that need more than that. */
function setLimits(entries: ZipEntry[], directoryStart: number, fault: Fault): void {
  const byPlace = [...entries].sort((a, b) => a.header - b.header)
  byPlace.forEach((entry, i) => {
    entry.limit = byPlace[i + 1]?.header ?? directoryStart
    // The local header repeats the name, so this many bytes are certain before it is read.
    if (entry.header + 30 + new TextEncoder().encode(entry.name).length + entry.packed > entry.limit)
      throw fault('this record reaches into what follows it', entry.name)
  })
}

async function checkLocalHeader(source: ByteSource, entry: ZipEntry, fault: Fault): Promise<number> {
  const name = new TextEncoder().encode(entry.name)
  const bytes = await source.read(entry.header, entry.header + 30 + name.length)
  const view = viewOf(bytes)
  const flags = view.getUint16(6, true)
  const sameName = view.getUint16(26, true) === name.length && name.every((c, i) => bytes[30 + i] === c)
  if (
    view.getUint32(0, true) !== 0x04034b50 ||
    !sameName ||
    view.getUint16(8, true) !== entry.method ||
    flags & 0x2061
  )
    throw fault('its local header contradicts the zip directory', entry.name)
  const size = view.getUint32(22, true)
  const deferred = (flags & 8) !== 0 && size === 0
  if (!deferred && size !== saturated32 && size !== entry.size)
    throw fault(`its local header says ${size} bytes, the zip directory ${entry.size}`, entry.name)
  const start = entry.header + 30 + name.length + view.getUint16(28, true)
  if (start + entry.packed > entry.limit) throw fault('this record reaches into what follows it', entry.name)
  return start
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function wide(view: DataView, at: number, fault: Fault): number {
  const value = view.getBigUint64(at, true)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw fault('the zip64 end record is damaged')
  return Number(value)
}

/** A zip archive (PKWARE APPNOTE 6.3) in which every field can be a lie. */
import { crc32 } from '../../../lib/tensor/crc32'
import { concat, little, type Part, utf8 } from './bytes'
import { deflate } from './deflate'

/** What the local header and the central directory each say of a member. */
type Said = {
  name?: string
  flags?: number
  method?: number
  crc?: number
  /** Bytes as they stand in the archive, and once unpacked. */
  packed?: number
  size?: number
  extra?: Part
}

export type Member = {
  name: string
  data: Uint8Array
  deflated?: boolean
  /** Stands in the archive instead of the data, or of the deflated data. */
  body?: Uint8Array
  local?: Said
  central?: Said & { header?: number; unixMode?: number; comment?: string }
  /** Bytes between the member and the next one, such as a data descriptor. */
  after?: Part
}

export type Lies = {
  /** Before the first member; offsets count from the start of the file all the same. */
  front?: Part
  /** Between the last member and the directory. */
  gap?: Part
  /** After the end record. */
  behind?: Part
  comment?: string
  disk?: number
  count?: number
  directorySize?: number
  directoryOffset?: number
  /** A zip64 end record with these fields; the true ones where none is given. */
  zip64?: { count?: bigint; size?: bigint; offset?: bigint; locator?: bigint; recordSize?: bigint }
}

export function zipOf(members: readonly Member[], lies: Lies = {}): Uint8Array {
  const parts: Uint8Array[] = [concat(lies.front ?? '')]
  const central: Uint8Array[] = []
  let at = parts[0]!.length
  for (const member of members) {
    const { name, data, deflated, local = {}, after = '' } = member
    const body = member.body ?? (deflated ? deflate(data) : data)
    const truth: Required<Said> = {
      name,
      flags: 0,
      method: deflated ? 8 : 0,
      crc: crc32(data),
      packed: body.length,
      size: data.length,
      extra: '',
    }
    central.push(centralHeader({ ...truth, header: at, unixMode: 0, comment: '', ...member.central }))
    const part = concat(localHeader({ ...truth, ...local }), body, after)
    parts.push(part)
    at += part.length
  }
  const gap = concat(lies.gap ?? '')
  const directory = concat(...central)
  const offset = at + gap.length
  return concat(
    ...parts,
    gap,
    directory,
    lies.zip64 ? zip64End(lies.zip64, { count: members.length, size: directory.length, offset }) : '',
    'PK\x05\x06',
    little(lies.disk ?? 0, 2),
    little(lies.disk ?? 0, 2),
    little(lies.count ?? members.length, 2),
    little(lies.count ?? members.length, 2),
    little(lies.directorySize ?? directory.length, 4),
    little(lies.directoryOffset ?? offset, 4),
    little(utf8(lies.comment ?? '').length, 2),
    lies.comment ?? '',
    lies.behind ?? '',
  )
}

function localHeader({ name, flags, method, crc, packed, size, extra }: Required<Said>): Uint8Array {
  const more = concat(extra)
  return concat(
    'PK\x03\x04',
    little(20, 2),
    little(flags, 2),
    little(method, 2),
    [0, 0, 0, 0],
    little(crc, 4),
    little(packed, 4),
    little(size, 4),
    little(utf8(name).length, 2),
    little(more.length, 2),
    name,
    more,
  )
}

function centralHeader(
  said: Required<Said> & { header: number; unixMode: number; comment: string },
): Uint8Array {
  const { name, flags, method, crc, packed, size, extra, header, unixMode, comment } = said
  const more = concat(extra)
  return concat(
    'PK\x01\x02',
    little(0x0314, 2), // made on Unix, so that the mode counts
    little(20, 2),
    little(flags, 2),
    little(method, 2),
    [0, 0, 0, 0],
    little(crc, 4),
    little(packed, 4),
    little(size, 4),
    little(utf8(name).length, 2),
    little(more.length, 2),
    little(utf8(comment).length, 2),
    [0, 0, 0, 0],
    little(unixMode * 65536, 4),
    little(header, 4),
    name,
    more,
    comment,
  )
}

function zip64End(
  lies: NonNullable<Lies['zip64']>,
  truth: { count: number; size: number; offset: number },
): Uint8Array {
  const { count, size, offset } = truth
  return concat(
    'PK\x06\x06',
    little(lies.recordSize ?? 44n, 8),
    little(45, 2),
    little(45, 2),
    little(0, 8),
    little(lies.count ?? count, 8),
    little(lies.count ?? count, 8),
    little(lies.size ?? size, 8),
    little(lies.offset ?? offset, 8),
    'PK\x06\x07',
    little(0, 4),
    little(lies.locator ?? offset + size, 8),
    little(1, 4),
  )
}

/** The zip64 extra field that stands for saturated sizes. */
export function zip64Extra(...values: (number | bigint)[]): Uint8Array {
  return concat(little(1, 2), little(8 * values.length, 2), ...values.map((value) => little(value, 8)))
}

/** The wire format of protocol buffers, as far as a reader of known messages needs it. */

/** A field's number and what it holds: a varint, 8 or 4 bytes, or bytes of a length (text, a message, packed numbers). */
export type Field = { number: number; varint: bigint | null; bytes: Uint8Array }

const none = new Uint8Array(0)

/**
 * The fields of a message in order, unknown ones too. Bytes are views, nothing is copied. Throws a RangeError for
 * anything that reaches past its end, and for wire types no writer uses any more (groups).
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0
  function varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++]
      if (byte === undefined) throw new RangeError('a number is cut short')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value & 0xffff_ffff_ffff_ffffn
    }
    throw new RangeError('a number has more than ten bytes')
  }
  function take(length: bigint): Uint8Array {
    if (length > BigInt(message.length - at)) throw new RangeError('a field is longer than its message')
    const start = at
    at += Number(length)
    return message.subarray(start, at)
  }
  while (at < message.length) {
    const key = varint()
    const number = Number(key >> 3n)
    const wire = Number(key & 7n)
    if (wire === 0) yield { number, varint: varint(), bytes: none }
    else if (wire === 1) yield { number, varint: null, bytes: take(8n) }
    else if (wire === 2) yield { number, varint: null, bytes: take(varint()) }
    else if (wire === 5) yield { number, varint: null, bytes: take(4n) }
    else throw new RangeError(`wire type ${wire} is not read`)
  }
}

/** The little-endian doubles of 8 bytes, or of a packed field. */
export function doublesOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) => view.getFloat64(8 * i, true))
}

/** The little-endian floats of 4 bytes, or of a packed field. */
export function floatsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getFloat32(4 * i, true))
}

/** UTF-8 text; what is none becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

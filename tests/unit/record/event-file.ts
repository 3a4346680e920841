/** Writes TensorBoard event files, by the formats' documents and apart from what reads them. */
import { maskedCrc } from '../../../lib/record/tf-record'

type Part = Uint8Array | readonly Part[]

const flat = (part: Part): number[] => (part instanceof Uint8Array ? [...part] : part.flatMap(flat))

export const join = (...parts: Part[]): Uint8Array => Uint8Array.from(flat(parts))

export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}

/** A field that is a varint. */
export const whole = (number: number, value: number | bigint) => join(varint(number << 3), varint(value))

/** A field of a length: bytes, text or a message. */
export function bytes(number: number, content: Uint8Array | string): Uint8Array {
  const data = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return join(varint((number << 3) | 2), varint(data.length), data)
}

export const float = (number: number, value: number) =>
  join(varint((number << 3) | 5), new Uint8Array(new Float32Array([value]).buffer))

export const double = (number: number, value: number) =>
  join(varint((number << 3) | 1), new Uint8Array(new Float64Array([value]).buffer))

export const doubles = (number: number, values: number[]) =>
  bytes(number, new Uint8Array(new Float64Array(values).buffer))

/** An event with one summary value. */
export const event = (step: number | bigint, ...value: Uint8Array[]) =>
  join(double(1, 1.7e9), whole(2, step), bytes(5, bytes(1, join(...value))))

export function record(data: Uint8Array): Uint8Array {
  const head = new Uint8Array(8)
  new DataView(head.buffer).setBigUint64(0, BigInt(data.length), true)
  return join(head, crcOf(head), data, crcOf(data))
}

function crcOf(data: Uint8Array): Uint8Array {
  const crc = new Uint8Array(4)
  new DataView(crc.buffer).setUint32(0, maskedCrc(data), true)
  return crc
}

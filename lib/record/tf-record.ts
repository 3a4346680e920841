/**
 * TFRecord framing: length (u64), masked CRC-32C of the length, data, masked CRC-32C of the data, all little-endian.
 * https://www.tensorflow.org/tutorials/load_data/tfrecord
 */
import { InputError } from '../tensor/error'
import type { ByteSource } from '../tensor/tensor'

/** Bytes of the largest record that is read: a picture, or a histogram of every bucket there is. */
const maxRecord = 64 * 2 ** 20

/** Bytes fetched at once; most records are some dozens of bytes long. */
const blockBytes = 2 ** 20

/**
 * The records of a file in order. The last one may be cut off: its writer is still at work. Throws an InputError for
 * checksums that are wrong and for records longer than any writer makes, before room is made for them.
 */
export async function* tfRecords(source: ByteSource): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array(0)
  let blockStart = 0
  async function bytesAt(start: number, length: number): Promise<Uint8Array> {
    if (start < blockStart || start + length > blockStart + block.length) {
      blockStart = start
      block = new Uint8Array(
        await source.read(start, Math.min(source.size, start + Math.max(length, blockBytes))),
      )
    }
    return block.subarray(start - blockStart, start - blockStart + length)
  }
  for (let at = 0; at + 12 <= source.size; ) {
    const refuse = (problem: string) =>
      new InputError({
        file: source.name,
        item: `record at byte ${at}`,
        problem,
        remedy: 'Give an event file as its writer left it.',
      })
    const head = await bytesAt(at, 12)
    const view = new DataView(head.buffer, head.byteOffset, 12)
    if (maskedCrc(head.subarray(0, 8)) !== view.getUint32(8, true))
      throw refuse('the checksum of its length is wrong, so this is no event file, or a damaged one')
    const length = view.getBigUint64(0, true)
    if (length > BigInt(maxRecord)) throw refuse(`it has ${length} bytes, ${maxRecord} are allowed`)
    const end = at + 12 + Number(length) + 4
    if (end > source.size) return
    const body = await bytesAt(at + 12, Number(length) + 4)
    const data = body.subarray(0, Number(length))
    if (maskedCrc(data) !== new DataView(body.buffer, body.byteOffset + Number(length), 4).getUint32(0, true))
      throw refuse('its checksum is wrong')
    yield data
    at = end
  }
}

/** CRC-32C, rotated and shifted, so that a checksum of data with checksums in it is not weakened. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1
  return c
})

/** CRC-32C (Castagnoli, polynomial 0x82F63B78, reflected). */
export function crc32c(bytes: Uint8Array): number {
  let c = 0xffffffff
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

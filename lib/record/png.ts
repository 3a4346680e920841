import { crc32 } from '../tensor/crc32'
import { InputError } from '../tensor/error'

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

/** Pixels of the largest picture that is taken: 4096 x 4096. */
const maxPixels = 2 ** 24

/**
 * Width and height of a PNG, after its chunks were walked from the first to the last: lengths, checksums, nothing
 * behind the end. The pixels stay packed. Throws an InputError for anything else.
 */
export function readPng(name: string, bytes: Uint8Array): { width: number; height: number } {
  const refuse = (problem: string) =>
    new InputError({ file: name, problem, remedy: 'Send a PNG of at most 4096 x 4096 pixels.' })
  if (bytes.length < 8 || signature.some((byte, i) => bytes[i] !== byte)) throw refuse('it is not a PNG')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let size: { width: number; height: number } | null = null
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at)
    const end = at + 12 + length
    if (end > bytes.length) throw refuse('it is cut short')
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4))
      throw refuse(`a checksum is wrong (${type.replace(/[^A-Za-z]/g, '?')})`)
    if (!size) {
      if (type !== 'IHDR' || length !== 13) throw refuse('it does not begin with its size')
      size = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) }
      if (size.width < 1 || size.height < 1 || size.width * size.height > maxPixels)
        throw refuse(`it has ${size.width} x ${size.height} pixels`)
    }
    if (type === 'IEND') {
      if (end !== bytes.length) throw refuse('bytes follow its end')
      return size
    }
    at = end
  }
  throw refuse('it is cut short')
}

/** The eight bytes in front of a safetensors header, and a header that is cut. */
import { concat, f32, little } from './build/bytes'
import { entry, header, safetensors } from './build/safetensors'
import { type Case, read, refused, t } from './case'

const one = header(entry('w', 'F32', [2], [0, 8]))
const data = f32(1, 2)
const claims = (file: string, length: bigint) =>
  refused(`header-length-${file}.safetensors`, 'header claims', () => safetensors(one, data, length))

export const safetensorsHeaders: Case[] = [
  refused('header-length-0.safetensors', 'cannot be read', () => new Uint8Array(8)),
  refused('header-length-0-with-data.safetensors', 'cannot be read', () => safetensors('', data)),
  refused('seven-bytes.safetensors', 'no known kind', () => new Uint8Array(7)),
  claims('one-too-many', BigInt(one.length + data.length + 1)),
  claims('100000000-in-a-small-file', 100_000_000n),
  claims('100000001', 100_000_001n),
  claims('2-to-31', 2n ** 31n),
  claims('2-to-32-low-word-0', 2n ** 32n),
  claims('2-to-32-plus-the-right-one', 2n ** 32n + BigInt(one.length)),
  claims('2-to-53-plus-1', 2n ** 53n + 1n),
  claims('2-to-63', 2n ** 63n),
  claims('2-to-64-minus-1', 2n ** 64n - 1n),
  refused('header-length-big-endian.safetensors', 'header claims', () =>
    concat(little(one.length, 8).reverse(), one, data),
  ),
  refused('header-length-counts-itself.safetensors', 'UTF-8', () =>
    safetensors(one, data, BigInt(one.length + 8)),
  ),
  refused('header-length-one-too-few.safetensors', 'cannot be read', () =>
    safetensors(one, data, BigInt(one.length - 1)),
  ),
  refused('header-length-ends-in-a-character.safetensors', 'UTF-8', () =>
    safetensors(header(entry('é', 'F32', [2], [0, 8])), data, 3n),
  ),
  refused('header-over-100-megabytes.safetensors', 'header claims', () => {
    const bytes = new Uint8Array(8 + 100_000_001).fill(0x20)
    bytes.set(little(100_000_001, 8))
    bytes[8] = 0x7b
    bytes[bytes.length - 1] = 0x7d
    return bytes
  }),
  read('header-only.safetensors', [], () => safetensors('{}')),
  read('header-of-odd-length.safetensors', [t('w', [2], [1, 2])], () =>
    safetensors(one.padEnd(Math.ceil(one.length / 8) * 8 + 3), data),
  ),
  read('header-length-spells-gzip.safetensors', [t('w', [2], [1, 2])], () =>
    safetensors(one.padEnd(0x8b1f), data),
  ),
]

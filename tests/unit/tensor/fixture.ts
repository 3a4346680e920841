import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { InputError } from '../../../lib/tensor/error'
import { openTensors } from '../../../lib/tensor/open'
import { type ByteSource, bytesSource, type TensorFile } from '../../../lib/tensor/tensor'

const folder = new URL('../../fixtures/containers/', import.meta.url)

export function fixtureBytes(file: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(file, folder)))
}

export function fixture(file: string): ByteSource {
  return bytesSource(file, fixtureBytes(file))
}

/** Opens a file of the folder as a user would who gives the files beside it as well. */
export function openFixture(file: string): Promise<TensorFile> {
  const folder = file.slice(0, file.lastIndexOf('/') + 1)
  return openTensors(fixture(file), async (sibling) => fixture(folder + sibling))
}

/** Hex SHA-256 of the bytes of an array. */
export function sha256(data: Float32Array | Uint8Array): string {
  return createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex')
}

/** The InputError a promise fails with; anything else fails the test. */
export async function refusal(promise: Promise<unknown>): Promise<InputError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(InputError)
  const refused = error as InputError
  expect(refused.message.length).toBeLessThanOrEqual(320)
  expect(refused.remedy).not.toBe('')
  return refused
}

/** A file of which only some pieces exist; reading any other byte fails the test. Stands in for files of many gigabytes. */
export function sparseSource(
  name: string,
  size: number,
  pieces: { at: number; bytes: Uint8Array }[],
): ByteSource {
  return {
    name,
    size,
    async read(start, end) {
      const piece = pieces.find(({ at, bytes }) => start >= at && end <= at + bytes.length)
      if (!piece) throw new Error(`bytes ${start} to ${end} must not be read`)
      return piece.bytes.subarray(start - piece.at, end - piece.at)
    },
  }
}

export function concat(...parts: (Uint8Array | number[] | string)[]): Uint8Array {
  const all = parts.map((part) =>
    typeof part === 'string' ? new TextEncoder().encode(part) : Uint8Array.from(part),
  )
  const out = new Uint8Array(all.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of all) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** n as little-endian unsigned integer of so many bytes. */
export function little(n: number | bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Number((BigInt(n) >> BigInt(8 * i)) & 0xffn))
}

import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { InputError, printable } from '../../../lib/tensor/error'
import { openFileSource } from '../../../lib/tensor/file-source'
import { blobSource, bytesSource } from '../../../lib/tensor/tensor'
import { refusal } from './fixture'

const folder = mkdtempSync(join(tmpdir(), 'tensor-source-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A sparse file of 5 GiB that takes no room on disk, with four bytes near its end. */
function bigFile(): { path: string; size: number; at: number } {
  const path = join(folder, 'big.bin')
  const size = 5 * 2 ** 30
  const at = size - 6
  const file = openSync(path, 'w')
  ftruncateSync(file, size)
  writeSync(file, Uint8Array.of(1, 2, 3, 4), 0, 4, at)
  closeSync(file)
  return { path, size, at }
}

describe('byte sources', () => {
  test('bytes, blobs and files answer alike: a slice, or an InputError outside', async () => {
    const bytes = Uint8Array.of(10, 20, 30, 40)
    const path = join(folder, 'four.bin')
    const file = openSync(path, 'w')
    writeSync(file, bytes)
    closeSync(file)
    const onDisk = await openFileSource(path, 'four.bin')
    for (const source of [
      bytesSource('four.bin', bytes),
      blobSource('four.bin', new Blob([bytes])),
      onDisk,
    ]) {
      expect(source.size).toBe(4)
      expect([...(await source.read(1, 3))]).toEqual([20, 30])
      expect([...(await source.read(4, 4))]).toEqual([])
      for (const [start, end] of [
        [-1, 2],
        [0, 5],
        [3, 2],
      ] as const)
        expect((await refusal(source.read(start, end))).file).toBe('four.bin')
    }
    await onDisk.close()
  })

  test('a file is read beyond 4 GiB', async () => {
    const { path, size, at } = bigFile()
    const source = await openFileSource(path)
    expect(source.size).toBe(size)
    expect([...(await source.read(at, at + 4))]).toEqual([1, 2, 3, 4])
    await source.close()
  })

  test('a file that shrank after it was opened is an InputError', async () => {
    const { path, at } = bigFile()
    const source = await openFileSource(path)
    truncateSync(path, 100)
    await refusal(source.read(at, at + 4))
    await source.close()
  })

  test('a missing file and a folder are InputErrors', async () => {
    expect((await refusal(openFileSource(join(folder, 'nope')))).message).toContain('there is no such file')
    expect((await refusal(openFileSource(folder))).message).toContain('it is not a file')
  })
})

describe('InputError', () => {
  test('names file, item, problem and remedy in one sentence', () => {
    const error = new InputError({ file: 'a.pt', item: 'w', problem: 'is odd', remedy: 'Mend it.' })
    expect(error.message).toBe('a.pt: w: is odd. Mend it.')
    expect(new InputError({ file: 'a.pt', problem: 'is odd', remedy: 'Mend it.' }).message).toBe(
      'a.pt: is odd. Mend it.',
    )
  })

  test('text from files is made printable and kept short', () => {
    expect(printable('a\u001b[31m\u202e\u0000\n')).toBe('a\uFFFD[31m\uFFFD\uFFFD\uFFFD')
    expect(printable('x'.repeat(200)).length).toBe(83)
    expect(printable('ünï.重み')).toBe('ünï.重み')
    expect(
      new InputError({ file: 'f', item: 'y'.repeat(1000), problem: 'p', remedy: 'r' }).message.length,
    ).toBeLessThan(100)
  })
})

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { blobSize, blobSource, openBlob, putBlob, putBlobWith, sweepBlobs } from '../../../lib/store/blobs'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { db } from '../../../lib/store/db'
import { TooLarge } from '../../../lib/store/durable-file'
import { dataFolder } from '../../../lib/store/folder'
import { sampleUpload } from './sample-upload'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()

const bytes = new TextEncoder().encode('weights, as far as anyone here knows')
const sha256 = createHash('sha256').update(bytes).digest('hex')
const day = 24 * 3600 * 1000

it('a stored blob is a file under its own hash', async () => {
  expect(await putBlob(bytes, { expectedSha256: sha256 })).toEqual({ sha256, bytes: bytes.length })
  expect(await files()).toEqual([`${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`])
})

it('storing the same bytes again, in pieces and twenty times at once, changes nothing', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => putBlob(pieces())))
  expect(new Set(all.map((stored) => stored.sha256))).toEqual(new Set([sha256]))
  expect(await files()).toHaveLength(1)
  expect(await db().blob.count()).toBe(1)
})

it('slices are read without the rest, and never past the end', async () => {
  const source = await blobSource(sha256)
  expect(source.size).toBe(bytes.length)
  expect(await source.read(3, 9)).toEqual(bytes.slice(3, 9))
  expect(await source.read(5, 5)).toHaveLength(0)
  await expect(source.read(0, bytes.length + 1)).rejects.toThrow(/bytes 0 to/)
})

it('an unknown hash, and a string that is none, are not stored', async () => {
  for (const key of ['0'.repeat(64), '../../signscope.db', '']) {
    expect(await blobSize(key)).toBeNull()
    expect(await openBlob(key)).toBeNull()
    await expect(blobSource(key)).rejects.toThrow(/not stored/)
  }
})

it.each([
  ['its stream breaks off', (): Promise<unknown> => putBlob(brokenOff()), /connection lost/],
  [
    'it is not what its sender announced',
    () => putBlob(new Uint8Array(9), { expectedSha256: sha256 }),
    /sha256/,
  ],
  ['it is longer than allowed', () => putBlob(new Uint8Array(9), { limit: 8 }), TooLarge],
  ['its content is refused', () => putBlob(new Uint8Array(9), { check: refuse }), /not a checkpoint/],
])('nothing is left of an upload when %s', async (_why, upload, error) => {
  const before = [await files(), await db().blob.count()]
  await expect(upload()).rejects.toThrow(error)
  expect([await files(), await db().blob.count()]).toEqual(before)
})

it('a blob whose name a file without a row has, or whose file a sweep takes before its row is made, is put in its place', async () => {
  for (const [text, meanwhile] of [
    ['its name is taken', async () => {}],
    ['its file is taken away', (file: string) => rm(file)],
  ] as const) {
    const content = new TextEncoder().encode(text)
    const hash = createHash('sha256').update(content).digest('hex')
    const file = path.join(dataFolder(), 'blobs', hash.slice(0, 2), hash.slice(2, 4), hash)
    if (text === 'its name is taken') {
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, 'something else')
    }
    await putBlobWith(content, { stage: () => meanwhile(file) }, () => async () => {})
    expect(await readFile(file, 'utf8')).toBe(text)
    await rm(file)
    await db().blob.delete({ where: { sha256: hash } })
  }
})

it('a check sees all the bytes before they are stored', async () => {
  let seen: Uint8Array | undefined
  await putBlob(pieces(), {
    check: async (source) => {
      seen = await source.read(0, source.size)
    },
  })
  expect(seen).toEqual(bytes)
})

it('the sweep removes what a killed process left and nothing else', async () => {
  const [host] = (await partOfAnUpload()).split('.')
  const dead = await pidOfADeadProcess()
  const orphan = createHash('sha256').update('orphan').digest('hex')
  await writeBlobFile(orphan)
  await writePart(`${host}.${dead}.1.part`)
  await writePart(`${host}.${process.pid}.2.part`)
  await writePart(`elsewhere.${dead}.3.part`)
  expect(await sweepBlobs()).toEqual({ temporary: 1, orphans: 1, unused: 0 })
  const left = await files()
  expect(left.some((file) => file.endsWith(orphan))).toBe(false)
  expect(left).toHaveLength(3)
  // Whether a process of another machine is still there nobody knows: what it has not written to for a day goes.
  expect(await sweepBlobs(Date.now() + day - 60_000)).toEqual({ temporary: 0, orphans: 0, unused: 0 })
  expect(await sweepBlobs(Date.now() + day + 60_000)).toEqual({ temporary: 1, orphans: 0, unused: 1 })
})

it('a blob no checkpoint names is dropped after a day, one that is named stays', async () => {
  await putBlob(bytes)
  const named = await putBlob(new Uint8Array([1, 2, 3]))
  await storeCheckpoint({ ...sampleUpload(), sha256: named.sha256 })
  expect(await sweepBlobs(Date.now() + day - 60_000)).toEqual({ temporary: 0, orphans: 0, unused: 0 })
  expect(await sweepBlobs(Date.now() + day + 60_000)).toEqual({ temporary: 0, orphans: 0, unused: 1 })
  expect(await blobSize(sha256)).toBeNull()
  expect(await blobSize(named.sha256)).toBe(3)
})

async function* pieces() {
  for (let i = 0; i < bytes.length; i += 7) yield bytes.subarray(i, i + 7)
}

async function* brokenOff() {
  yield bytes
  throw new Error('connection lost')
}

async function refuse() {
  throw new Error('not a checkpoint')
}

/** Everything in the blob folder, temporary files included. */
async function files(): Promise<string[]> {
  const folder = path.join(dataFolder(), 'blobs')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((e) => e.isFile()).map((e) => path.relative(folder, path.join(e.parentPath, e.name)))
}

async function partOfAnUpload(): Promise<string> {
  let part = ''
  await putBlob(bytes, {
    check: async () => {
      part = (await readdir(path.join(dataFolder(), 'blobs/tmp')))[0]!
    },
  })
  return part
}

async function writePart(name: string): Promise<void> {
  await writeFile(path.join(dataFolder(), 'blobs/tmp', name), '')
}

async function writeBlobFile(hash: string): Promise<void> {
  const folder = path.join(dataFolder(), 'blobs', hash.slice(0, 2), hash.slice(2, 4))
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, hash), 'x')
}

async function pidOfADeadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => child.on('close', resolve))
  return child.pid!
}

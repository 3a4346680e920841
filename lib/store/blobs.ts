/**
 * Files by content: blobs/aa/bb/SHA256, beside the database.
 *
 * A blob is written to tmp/HOST.PID.RANDOM.part while it is hashed, flushed, and linked into place. Then, holding the database's
 * write lock, it becomes a row, and whoever asked is answered last. A killed process leaves its part behind, or a file without a
 * row; `sweepBlobs` at start removes them. Files without a row are removed under the same lock: what is in place when the row is
 * made stays there, and what is not, as a sweep took it or its name was taken, is renamed into place under the lock.
 */
import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../tensor/error'
import type { ByteSource } from '../tensor/tensor'
import { db, type Stage, statement, type Work, write } from './db'
import { type Bytes, flush, withStoredFile, writeHashed } from './durable-file'
import { dataFolder } from './folder'
import { host, isRunning } from './owner'

/**
 * How long a blob no checkpoint names is kept after its last upload, as its checkpoint may still be on the way, and a part
 * of another machine's process after its last write.
 */
const graceMs = 24 * 3600 * 1000

type BlobOptions = {
  expectedSha256?: string
  limit?: number
  check?: (source: ByteSource) => Promise<unknown>
  stage?: Stage
}

/**
 * Stores bytes and returns their hash (hex) and length. Storing the same bytes again changes nothing.
 * When the input fails, is longer than `limit` bytes (TooLarge), is not what `expectedSha256` says, or is refused
 * by `check` (which reads the complete bytes before they are stored), nothing is left.
 */
export function putBlob(bytes: Bytes, options: BlobOptions = {}): Promise<{ sha256: string; bytes: number }> {
  return putBlobWith(bytes, options, (stored) => async () => stored)
}

/** `putBlob` and what belongs to the blob, in one transaction: both, or neither. */
export async function putBlobWith<T>(
  bytes: Bytes,
  options: BlobOptions,
  work: (stored: { sha256: string; bytes: number }) => Work<T>,
): Promise<T> {
  const part = path.join(partFolder(), `${host()}.${process.pid}.${randomBytes(8).toString('hex')}.part`)
  await mkdir(path.dirname(part), { recursive: true })
  try {
    const stored = await writeHashed(part, bytes, options.limit)
    checkHash(stored.sha256, options.expectedSha256)
    if (options.check) await withStoredFile(part, 'upload', options.check)
    return await nameBlob(part, stored, work(stored), options.stage)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

/** Moves a complete part into its place, makes its row and does `work`: all of it, or after a failure nothing. */
async function nameBlob<T>(
  part: string,
  { sha256, bytes }: { sha256: string; bytes: number },
  work: Work<T>,
  stage?: Stage,
): Promise<T> {
  const file = blobFile(sha256)
  await makeFolders(path.dirname(file))
  const named = await nameEarly(part, file)
  try {
    return await write(async (tx, now, driver) => {
      await driver.executeRaw(
        statement(
          'INSERT OR REPLACE INTO Blob (sha256, bytes, storedAt) VALUES (?, ?, ?)',
          ...[sha256, bytes, new Date()],
        ),
      )
      const done = await work(tx, now, driver)
      if (!named || (await sizeOnDisk(file)) !== bytes) {
        await rename(part, file)
        await flush(path.dirname(file))
      }
      await rm(part, { force: true })
      return done
    }, stage)
  } catch (error) {
    await removeUnknown([sha256]).catch(() => {}) // then the next sweep does
    throw error
  }
}

/**
 * Gives a part the name of its blob beside its own, before others are kept waiting for it. False where it has to be renamed: the
 * name is taken, or the file system knows no second name.
 */
async function nameEarly(part: string, file: string): Promise<boolean> {
  try {
    await link(part, file)
    await flush(path.dirname(file))
    return true
  } catch {
    return false
  }
}

/** The bytes of a stored blob, by slice; its file is opened for each read. Throws an InputError if it is not stored. */
export async function blobSource(sha256: string): Promise<ByteSource> {
  const size = await blobSize(sha256)
  if (size === null)
    throw new InputError({
      file: sha256.slice(0, 12),
      problem: 'its weights are not stored here',
      remedy: 'Import the checkpoint file again.',
    })
  return {
    name: sha256.slice(0, 12),
    size,
    read: (start, end) =>
      withStoredFile(blobFile(sha256), sha256.slice(0, 12), (source) => source.read(start, end)),
  }
}

/** An open blob: read what is needed, then close. null if it is not stored. */
export async function openBlob(sha256: string): Promise<{ handle: FileHandle; size: number } | null> {
  const size = await blobSize(sha256)
  return size === null ? null : { handle: await open(blobFile(sha256), 'r'), size }
}

/** Length of a stored blob; null if it is not stored. */
export async function blobSize(sha256: string): Promise<number | null> {
  if (!/^[0-9a-f]{64}$/.test(sha256)) return null
  const row = await db().blob.findUnique({ where: { sha256 } })
  if (!row) return null
  const found = await sizeOnDisk(blobFile(sha256))
  if (found !== Number(row.bytes))
    throw new Error(`blob ${sha256}: ${found ?? 'no'} bytes on disk, ${row.bytes} were stored`)
  return found
}

/**
 * Removes what interrupted uploads left (temporary files of dead processes, files without a row) and the blobs
 * no checkpoint has named for a day. Safe beside other processes that are storing.
 */
export async function sweepBlobs(
  now: number = Date.now(),
): Promise<{ temporary: number; orphans: number; unused: number }> {
  const temporary = await sweepParts(now)
  const unused = await forgetUnused(new Date(now - graceMs))
  await removeUnknown(unused)
  const orphans = await removeUnknown(await storedFiles())
  return { temporary, unused: unused.length, orphans }
}

function blobFolder(folder: string = dataFolder()): string {
  return path.join(folder, 'blobs')
}

function partFolder(): string {
  return path.join(blobFolder(), 'tmp')
}

/** Path of a stored blob, in this store or in a copy of it, for those that read it without the database. */
export function blobFile(sha256: string, folder?: string): string {
  return path.join(blobFolder(folder), sha256.slice(0, 2), sha256.slice(2, 4), sha256)
}

function checkHash(found: string, expected: string | undefined): void {
  if (expected === undefined || found === expected) return
  throw new InputError({
    file: 'upload',
    problem: `its sha256 is ${found.slice(0, 8)}..., ${expected.slice(0, 8)}... was announced`,
    remedy: 'It changed on the way: send it again.',
  })
}

/** Makes blobs/aa/bb. A file survives a power cut once all folders above it are on disk. */
async function makeFolders(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const above of [path.dirname(folder), blobFolder()]) await flush(above)
}

async function sweepParts(now: number): Promise<number> {
  let removed = 0
  for (const name of await namesIn(partFolder())) {
    const [owner, pid] = name.split('.')
    const file = path.join(partFolder(), name)
    const modified = (await stat(file).catch(() => null))?.mtimeMs ?? now
    const isLeft = owner === host() ? !isRunning(Number(pid)) : now - modified >= graceMs
    if (!isLeft) continue
    await rm(file, { force: true })
    removed++
  }
  return removed
}

/** Drops the rows of blobs that no checkpoint names and nobody uploaded since `before`; returns their hashes. */
async function forgetUnused(before: Date): Promise<string[]> {
  return write(async (tx) => {
    const old = await tx.blob.findMany({ where: { storedAt: { lt: before } }, select: { sha256: true } })
    const named = await tx.checkpoint.findMany({
      where: { sha256: { in: old.map((blob) => blob.sha256) } },
      select: { sha256: true },
    })
    const used = new Set(named.map((checkpoint) => checkpoint.sha256))
    const unused = old.map((blob) => blob.sha256).filter((sha256) => !used.has(sha256))
    await tx.blob.deleteMany({ where: { sha256: { in: unused } } })
    return unused
  })
}

/** Removes the files of these blobs, except those that a row knows. Returns how many. */
async function removeUnknown(hashes: readonly string[]): Promise<number> {
  const rows = await db().blob.findMany({
    where: { sha256: { in: [...hashes] } },
    select: { sha256: true },
  })
  const known = new Set(rows.map(({ sha256 }) => sha256))
  const unknown = hashes.filter((sha256) => !known.has(sha256))
  if (unknown.length === 0) return 0
  return write(async (tx) => {
    let removed = 0
    for (const sha256 of unknown) {
      if (await tx.blob.findUnique({ where: { sha256 } })) continue
      await rm(blobFile(sha256), { force: true })
      removed++
    }
    return removed
  })
}

/** Hashes of all blobs that have a file, in this store or in a copy of it. */
export async function storedFiles(dataFolder?: string): Promise<string[]> {
  const folder = blobFolder(dataFolder)
  const found: string[] = []
  for (const a of (await namesIn(folder)).filter((name) => /^[0-9a-f]{2}$/.test(name)))
    for (const b of await namesIn(path.join(folder, a)))
      for (const name of await namesIn(path.join(folder, a, b)))
        if (/^[0-9a-f]{64}$/.test(name)) found.push(name)
  return found
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function sizeOnDisk(file: string): Promise<number | null> {
  return (await stat(file).catch(() => null))?.size ?? null
}

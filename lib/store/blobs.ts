/**
 * Files by content: blobs/aa/bb/SHA256, beside the database.
 *
 * A blob is written to a temporary file while it is hashed, flushed, renamed into place, and only then becomes
 * a row; whoever asked is answered last. Two small files tell other processes what is under way:
 * tmp/HOST.PID.RANDOM.part holds the bytes, tmp/HOST.PID.RANDOM.SHA256.claim names the blob from just before the rename
 * until the row is there. A killed process leaves such files behind; `sweepBlobs` at start removes them and
 * whatever no row knows.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { InputError } from '../tensor/error'
import { openFileSource } from '../tensor/file-source'
import type { ByteSource } from '../tensor/tensor'
import { db, write } from './db'
import { dataFolder } from './folder'

/** Bytes as one array, or as they arrive. */
export type Bytes = Uint8Array | AsyncIterable<Uint8Array>

/** More bytes than allowed; the rest was not read. */
export class TooLarge extends InputError {}

/** A blob no checkpoint names is kept this long after its last upload: its checkpoint may still be on the way. */
const graceMs = 24 * 3600 * 1000

/** A temporary file of a process of another machine counts as left behind after this long without a write. */
const staleMs = 3600 * 1000

/**
 * Stores bytes and returns their hash (hex) and length. Storing the same bytes again changes nothing.
 * When the input fails, is longer than `limit` bytes (TooLarge), is not what `expectedSha256` says, or is refused
 * by `check` (which reads the complete bytes before they are stored), nothing is left.
 */
export async function putBlob(
  bytes: Bytes,
  options: { expectedSha256?: string; limit?: number; check?: (source: ByteSource) => Promise<unknown> } = {},
): Promise<{ sha256: string; bytes: number }> {
  const folder = blobFolder()
  const mark = path.join(folder, 'tmp', `${host()}.${process.pid}.${randomBytes(8).toString('hex')}`)
  const part = `${mark}.part`
  await mkdir(path.dirname(mark), { recursive: true })
  try {
    const stored = await writePart(part, bytes, options.limit ?? Number.POSITIVE_INFINITY)
    checkHash(stored.sha256, options.expectedSha256)
    if (options.check) await withFile(part, 'upload', options.check)
    await (await open(`${mark}.${stored.sha256}.claim`, 'wx')).close()
    await moveIntoPlace(part, blobFile(stored.sha256))
    const row = { bytes: stored.bytes, storedAt: new Date() }
    await write((tx) =>
      tx.blob.upsert({
        where: { sha256: stored.sha256 },
        create: { sha256: stored.sha256, ...row },
        update: row,
      }),
    )
    return stored
  } finally {
    await removeMarks(mark)
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
      withFile(blobFile(sha256), sha256.slice(0, 12), (source) => source.read(start, end)),
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
  const temporary = await sweepMarks(now)
  const unused = await forgetUnused(new Date(now - graceMs))
  const orphans = await sweepFiles()
  return { temporary, unused, orphans: orphans - unused }
}

function blobFolder(): string {
  return path.join(dataFolder(), 'blobs')
}

/** Path of a stored blob, for processes that read it without the database. */
export function blobFile(sha256: string): string {
  return path.join(blobFolder(), sha256.slice(0, 2), sha256.slice(2, 4), sha256)
}

async function writePart(
  part: string,
  bytes: Bytes,
  limit: number,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let length = 0
  const file = await open(part, 'wx')
  try {
    for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
      length += chunk.length
      if (length > limit)
        throw new TooLarge({
          file: 'upload',
          problem: `more than ${limit} bytes`,
          remedy: 'Raise SIGNSCOPE_MAX_UPLOAD_MB on the server if such files are meant to be stored.',
        })
      hash.update(chunk)
      for (let done = 0; done < chunk.length; ) done += (await file.write(chunk, done)).bytesWritten
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { sha256: hash.digest('hex'), bytes: length }
}

function checkHash(found: string, expected: string | undefined): void {
  if (expected === undefined || found === expected) return
  throw new InputError({
    file: 'upload',
    problem: `its sha256 is ${found.slice(0, 8)}..., ${expected.slice(0, 8)}... was announced`,
    remedy: 'It changed on the way: send it again.',
  })
}

async function moveIntoPlace(part: string, file: string): Promise<void> {
  const folder = path.dirname(file)
  await mkdir(folder, { recursive: true })
  await rename(part, file)
  // A rename survives a power cut once the folders that name it are on disk.
  for (const dir of [folder, path.dirname(folder), blobFolder()]) await syncFolder(dir)
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function withFile<T>(file: string, name: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const source = await openFileSource(file, name)
  try {
    return await use(source)
  } finally {
    await source.close()
  }
}

async function removeMarks(mark: string): Promise<void> {
  const folder = path.dirname(mark)
  const mine = (await readdir(folder)).filter((name) => name.startsWith(`${path.basename(mark)}.`))
  for (const name of mine) await rm(path.join(folder, name), { force: true })
}

async function sweepMarks(now: number): Promise<number> {
  const folder = path.join(blobFolder(), 'tmp')
  let removed = 0
  for (const name of await namesIn(folder)) {
    const [owner, pid] = name.split('.')
    const file = path.join(folder, name)
    const modified = (await stat(file).catch(() => null))?.mtimeMs ?? now
    const dead = owner === host() && !isRunning(Number(pid))
    if (!dead && now - modified < staleMs) continue
    await rm(file, { force: true })
    removed++
  }
  return removed
}

/** Drops the rows of blobs that no checkpoint names and nobody uploaded since `before`. */
async function forgetUnused(before: Date): Promise<number> {
  return write(async (tx) => {
    // A write that changes nothing, so that the reads below happen under the write lock.
    await tx.blob.deleteMany({ where: { sha256: '' } })
    const old = await tx.blob.findMany({ where: { storedAt: { lt: before } }, select: { sha256: true } })
    const named = await tx.checkpoint.findMany({
      where: { sha256: { in: old.map((blob) => blob.sha256) } },
      select: { sha256: true },
    })
    const used = new Set(named.map((checkpoint) => checkpoint.sha256))
    const unused = old.map((blob) => blob.sha256).filter((sha256) => !used.has(sha256))
    const { count } = await tx.blob.deleteMany({ where: { sha256: { in: unused } } })
    return count
  })
}

/** Removes files that no row knows and no living process is about to make a row for. */
async function sweepFiles(): Promise<number> {
  let removed = 0
  for (const sha256 of await storedFiles()) {
    if (await db().blob.findUnique({ where: { sha256 } })) continue
    const claims = await namesIn(path.join(blobFolder(), 'tmp'))
    if (claims.some((name) => name.endsWith(`.${sha256}.claim`))) continue
    // Its row may have been written, and its claim removed, between the two looks above.
    if (await db().blob.findUnique({ where: { sha256 } })) continue
    await unlink(blobFile(sha256))
    removed++
  }
  return removed
}

async function storedFiles(): Promise<string[]> {
  const folder = blobFolder()
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

/** This machine, in letters a file name may have and without a dot. */
function host(): string {
  return hostname().replace(/[^A-Za-z0-9-]/g, '-') || 'host'
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

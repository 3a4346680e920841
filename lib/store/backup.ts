/**
 * A backup is a data folder: the database as it was at one moment, and every blob it names. It can be restored, or
 * served as it is. The database comes last, under its own name only when all else is there: a folder without it is an
 * interrupted backup, which a second one completes.
 */
import { createReadStream, existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../tensor/error'
import { blobFile } from './blobs'
import { openDatabase } from './db'
import { flush, writeHashed } from './durable-file'
import { storeFault } from './fault'
import { databaseFile, dataFolder } from './folder'
import { migrate } from './migrate'
import { databaseFaults } from './verify'

export type Copied = { blobs: number; bytes: number }

/**
 * Copies the store into `to`, a new or empty folder, while others may go on writing to it. Every blob is hashed on the
 * way. Throws an InputError if `to` holds a store, or if a blob is not what its hash says.
 */
export async function backupStore(to: string, progress: (share: number) => void = () => {}): Promise<Copied> {
  refuseStore(to, 'Back up into a new folder.')
  return copyStore({ from: dataFolder(), to, progress })
}

/**
 * Makes the store from a backup and brings it up to date. Throws an InputError if there is a store already, or if
 * anything in the backup is missing or not what its hash says; then there is no store afterwards either.
 */
export async function restoreStore(
  from: string,
  progress: (share: number) => void = () => {},
): Promise<Copied> {
  const to = dataFolder()
  refuseStore(to, 'Set SIGNSCOPE_DATA to a new folder, or move the store that is there away.')
  if (!existsSync(databaseFile(from)))
    throw new InputError({
      file: from,
      problem: 'it holds no backup',
      remedy: 'Give the folder that backup has written to its end.',
    })
  const copied = await copyStore({ from, to, progress })
  await migrate(to)
  return copied
}

/** A snapshot of the database, then the blobs it names, then the snapshot's own name. */
async function copyStore({
  from,
  to,
  progress,
}: {
  from: string
  to: string
  progress: (share: number) => void
}): Promise<Copied> {
  const part = `${databaseFile(to)}.part`
  await mkdir(to, { recursive: true })
  await rm(part, { force: true })
  await snapshot(from, part)
  const client = openDatabase(part)
  const copied: Copied = { blobs: 0, bytes: 0 }
  try {
    const [fault] = await databaseFaults(client, 'integrity_check')
    if (fault !== undefined) throw damaged(from, 'signscope.db', fault)
    const rows = await client.blob.findMany({ orderBy: { sha256: 'asc' } })
    const total = rows.reduce((sum, { bytes }) => sum + Number(bytes), 0)
    for (const { sha256 } of rows) {
      const bytes = await copyBlob(sha256, from, to)
      if (bytes === null) {
        // One that was swept since the snapshot; no checkpoint names those.
        if ((await client.checkpoint.count({ where: { sha256 } })) > 0)
          throw damaged(from, sha256, 'the file is missing')
        await client.blob.delete({ where: { sha256 } })
        continue
      }
      copied.blobs++
      copied.bytes += bytes
      progress(total === 0 ? 1 : copied.bytes / total)
    }
  } finally {
    await client.$disconnect()
  }
  await copyUploads(from, to)
  await flush(part)
  await rename(part, databaseFile(to))
  await flush(to)
  return copied
}

/** Copies a blob and returns its length, once its hash is right; null if there is no such file. */
async function copyBlob(sha256: string, from: string, to: string): Promise<number | null> {
  const [source, target] = [blobFile(sha256, from), blobFile(sha256, to)]
  if (!existsSync(source)) return null
  const part = `${target}.part`
  await mkdir(path.dirname(target), { recursive: true })
  await rm(part, { force: true })
  const copy = await writeHashed(part, createReadStream(source, { highWaterMark: 2 ** 20 }))
  if (copy.sha256 !== sha256) {
    await rm(part)
    throw damaged(from, sha256, 'its bytes are not those that were stored')
  }
  await rename(part, target)
  await flush(path.dirname(target))
  return copy.bytes
}

/** Files on their way in, as far as they have come: their senders go on from there. */
async function copyUploads(from: string, to: string): Promise<void> {
  const [source, target] = [path.join(from, 'uploads'), path.join(to, 'uploads')]
  if (!existsSync(source)) return
  await mkdir(target, { recursive: true })
  for (const name of await readdir(source))
    await copyFile(path.join(source, name), path.join(target, name)).catch((error: NodeJS.ErrnoException) => {
      // One that was stored, or dropped, since it was listed.
      if (error.code !== 'ENOENT') throw error
    })
}

function refuseStore(folder: string, remedy: string): void {
  if (existsSync(databaseFile(folder)))
    throw new InputError({ file: folder, problem: 'it holds a store', remedy })
}

function damaged(folder: string, item: string, problem: string): InputError {
  return new InputError({
    file: folder,
    item: item.slice(0, 12),
    problem,
    remedy: 'verify tells all that is damaged; import those files again, or use another backup.',
  })
}

/** Everything committed by now, also when others are writing. */
async function snapshot(from: string, file: string): Promise<void> {
  const client = openDatabase(databaseFile(from))
  try {
    await client.$executeRawUnsafe('VACUUM INTO ?', file)
  } catch (error) {
    throw storeFault(error) === null
      ? damaged(from, 'signscope.db', 'it cannot be read as a database')
      : error
  } finally {
    await client.$disconnect()
  }
}

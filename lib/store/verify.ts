/** Looks whether everything that is stored is whole: the database, and every blob against its hash. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { PrismaClient } from '../generated/prisma/client'
import { blobFile, storedFiles } from './blobs'
import { openDatabase } from './db'
import { databaseFile, dataFolder } from './folder'

export type StoreReport = {
  /** What the database says of its pages, indexes and references; empty when they are sound. */
  database: string[]
  runs: number
  checkpoints: number
  blobs: number
  /** Bytes of all blobs that were read. */
  bytes: number
  /** Hashes of blobs that a row knows and no file holds. */
  missing: string[]
  /** Hashes of blobs whose file holds something else. */
  damaged: string[]
  /** Files no row knows: of an import that is under way, or left by a process that was killed and removed by the next start. */
  unknown: number
}

/** Reads every stored byte of a data folder, this process's own by default; `progress` gets the share that is done. */
export async function verifyStore(
  folder: string = dataFolder(),
  progress: (share: number) => void = () => {},
): Promise<StoreReport> {
  const client = openDatabase(databaseFile(folder))
  try {
    const rows = await client.blob.findMany({ orderBy: { sha256: 'asc' } })
    const known = new Set(rows.map(({ sha256 }) => sha256))
    const report: StoreReport = {
      database: await databaseFaults(client, 'integrity_check'),
      runs: await client.run.count(),
      checkpoints: await client.checkpoint.count(),
      blobs: rows.length,
      bytes: 0,
      missing: [],
      damaged: [],
      unknown: (await storedFiles(folder)).filter((sha256) => !known.has(sha256)).length,
    }
    const total = rows.reduce((sum, { bytes }) => sum + Number(bytes), 0)
    for (const { sha256, bytes } of rows) {
      const found = await hashOf(blobFile(sha256, folder))
      if (found === null) report.missing.push(sha256)
      else if (found.sha256 !== sha256 || found.bytes !== Number(bytes)) report.damaged.push(sha256)
      report.bytes += found?.bytes ?? 0
      progress(total === 0 ? 1 : report.bytes / total)
    }
    return report
  } finally {
    await client.$disconnect()
  }
}

/** Whether a report found nothing lost and nothing changed. */
export function isSound({ database, missing, damaged }: StoreReport): boolean {
  return database.length + missing.length + damaged.length === 0
}

/** What SQLite finds wrong; `quick_check` leaves out whether indexes agree with their tables. */
export async function databaseFaults(
  client: PrismaClient,
  check: 'integrity_check' | 'quick_check',
): Promise<string[]> {
  const answers = await client.$queryRawUnsafe<Record<string, string>[]>(`PRAGMA ${check}`)
  const dangling =
    await client.$queryRawUnsafe<{ table: string; parent: string }[]>('PRAGMA foreign_key_check')
  return [
    ...answers.flatMap((row) => Object.values(row)).filter((text) => text !== 'ok'),
    ...dangling.map(({ table, parent }) => `a row of ${table} names a ${parent} that is not there`),
  ]
}

async function hashOf(file: string): Promise<{ sha256: string; bytes: number } | null> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of createReadStream(file)) {
      hash.update(chunk as Buffer)
      bytes += (chunk as Buffer).length
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  return { sha256: hash.digest('hex'), bytes }
}

/**
 * Checkpoint files on their way in. The bytes that came are in uploads/ID, beside the database, and how many there are is
 * the length of that file: what a killed server had received is still there, and whoever sends goes on behind it.
 *
 *   receiving -> queued -> diagnosing -> stored | refused
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { Prisma } from '../generated/prisma/client'
import type { UploadStart, UploadStatus } from '../record/training-job'
import { checkTensors } from '../tensor/check'
import { InputError } from '../tensor/error'
import { checkText, db, write } from './db'
import { withStoredFile } from './durable-file'
import { dataFolder } from './folder'

/** An upload nobody went on with for this long is dropped. */
const expiresMs = 24 * 3600 * 1000
/** What became of an upload can be asked for this long. */
const rememberedMs = 7 * expiresMs
/** A diagnosis that gave no sign of life for this long has ended without a result. */
const silentMs = 60_000
/** Begun so often without a result, a diagnosis is not begun again: the file brings its process down. */
const maxAttempts = 3
/** Written this far, bytes are flushed: a power cut costs no more. */
const flushBytes = 8 * 2 ** 20

type Row = Prisma.UploadGetPayload<object>

/** The sender is at another place than the store. */
export class WrongOffset extends InputError {
  readonly offset: number
  constructor(offset: number, problem: string) {
    super({ file: 'upload', problem, remedy: `Go on at byte ${offset}.` })
    this.offset = offset
  }
}

/** Uploads that are being written at this moment, in this process. Next loads this module once for each bundle. */
const held = globalThis as typeof globalThis & { signscopeReceiving?: Set<string> }

/**
 * Announces a file. If this very file is stored at this step of the run, nothing needs to be sent: the answer's state is
 * `stored`. Throws an InputError for names the database cannot hold.
 */
export async function beginUpload(
  start: Omit<UploadStart, 'bytes'> & { bytes: number | null },
  now = new Date(),
): Promise<UploadStatus> {
  checkText('run', start.run, 120)
  checkText('fileName', start.fileName)
  const known = start.sha256 === undefined ? null : await storedAs(start.run, start.step, start.sha256)
  const row = await write((tx) =>
    tx.upload.create({
      data: {
        ...start,
        config: (start.config as Prisma.InputJsonObject | undefined) ?? Prisma.DbNull,
        state: known ? 'stored' : 'receiving',
        checkpointId: known,
        createdAt: now,
        touchedAt: now,
      },
    }),
  )
  return statusOf(row)
}

/** An upload; null if there is none of this id (any more). */
export async function getUpload(id: string): Promise<UploadStatus | null> {
  const row = await db().upload.findUnique({ where: { id } })
  return row && statusOf(row)
}

/** Uploads of a run that are under way, and those that were refused, the last begun first. */
export async function openUploads(run: string): Promise<UploadStatus[]> {
  const rows = await db().upload.findMany({
    where: { run, state: { not: 'stored' } },
    orderBy: { createdAt: 'desc' },
    take: 20,
  })
  return Promise.all(rows.map(statusOf))
}

/**
 * Writes bytes behind those that are here and returns how many there are then. What arrived before a broken connection
 * stays. Throws WrongOffset if `offset` is not where the file ends, or another sender is writing to it; an InputError for
 * more bytes than were announced, or than `limit`, of which none beyond are kept.
 */
export async function receive(
  id: string,
  offset: number,
  body: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<number> {
  const upload = await getUpload(id)
  if (!upload) throw gone()
  held.signscopeReceiving ??= new Set()
  if (held.signscopeReceiving.has(id))
    throw new WrongOffset(upload.offset, 'it is being written by another request')
  if (upload.state !== 'receiving') throw new WrongOffset(upload.offset, 'it is complete')
  if (upload.offset !== offset)
    throw new WrongOffset(
      upload.offset,
      `byte ${offset} does not follow the ${upload.offset} bytes that are here`,
    )
  held.signscopeReceiving.add(id)
  try {
    return await append(id, offset, body, Math.min(limit, upload.bytes ?? limit))
  } finally {
    held.signscopeReceiving.delete(id)
    await db().upload.updateMany({ where: { id, state: 'receiving' }, data: { touchedAt: new Date() } })
  }
}

/**
 * Judges a file that is complete: its hash against the announced one, and whether its tensors can be read. It is then
 * queued for diagnosis, or `stored` if it was stored before. Throws an InputError for a file that is refused, of which
 * nothing is left.
 */
export async function completeUpload(id: string): Promise<UploadStatus> {
  const upload = await db().upload.findUnique({ where: { id } })
  if (!upload) throw gone()
  try {
    const sha256 = await hashOf(uploadFile(id))
    if (upload.sha256 !== null && upload.sha256 !== sha256) throw changed(sha256, upload.sha256)
    await withStoredFile(uploadFile(id), upload.fileName, checkTensors)
    const known = await storedAs(upload.run, upload.step, sha256)
    const data = { sha256, touchedAt: new Date(), checkpointId: known, state: known ? 'stored' : 'queued' }
    const row = await write((tx) => tx.upload.update({ where: { id }, data }))
    if (known) await rm(uploadFile(id), { force: true })
    return statusOf(row)
  } catch (error) {
    if (error instanceof InputError) await dropUpload(id)
    throw error
  }
}

/** Forgets an upload and its bytes. false if there is none of this id. */
export async function dropUpload(id: string): Promise<boolean> {
  const { count } = await write((tx) => tx.upload.deleteMany({ where: { id } }))
  if (count > 0) await rm(uploadFile(id), { force: true })
  return count > 0
}

/** What a diagnosis needs of an upload. */
export type QueuedUpload = {
  id: string
  run: string
  step: number
  fileName: string
  sha256: string
  bytes: number
  config: Record<string, unknown> | null
  network: string | null
}

/** Takes the oldest upload that waits for its diagnosis; null if none does. */
export async function claimUpload(now = new Date()): Promise<QueuedUpload | null> {
  const silent = { state: 'diagnosing', touchedAt: { lt: new Date(now.getTime() - silentMs) } }
  const row = await write(async (tx) => {
    await tx.upload.updateMany({ where: silent, data: { state: 'queued' } })
    await tx.upload.updateMany({
      where: { state: 'queued', attempts: { gte: maxAttempts } },
      data: {
        state: 'refused',
        problem: `Its diagnosis failed ${maxAttempts} times; the server's log says why.`,
      },
    })
    const next = await tx.upload.findFirst({ where: { state: 'queued' }, orderBy: { createdAt: 'asc' } })
    if (!next) return null
    const data = { state: 'diagnosing', touchedAt: now, attempts: { increment: 1 } }
    return tx.upload.update({ where: { id: next.id }, data })
  })
  if (!row) return null
  const { id, run, step, fileName, sha256, config, network } = row
  const bytes = (await sizeOf(uploadFile(id))) ?? 0
  return {
    id,
    run,
    step,
    fileName,
    sha256: sha256 ?? '',
    bytes,
    config: config as QueuedUpload['config'],
    network,
  }
}

/** Whether some upload waits for its diagnosis or is being diagnosed. */
export async function awaitsDiagnosis(): Promise<boolean> {
  const where = { state: { in: ['queued', 'diagnosing'] } }
  return (await db().upload.findFirst({ where, select: { id: true } })) !== null
}

/** A diagnosis is still at work. */
export async function keepClaim(id: string): Promise<void> {
  await write((tx) => tx.upload.updateMany({ where: { id }, data: { touchedAt: new Date() } }))
}

/** A diagnosis was broken off from outside; it is begun anew and has cost no attempt. */
export async function releaseClaim(id: string): Promise<void> {
  const data = { state: 'queued', attempts: { decrement: 1 } }
  await write((tx) => tx.upload.updateMany({ where: { id, state: 'diagnosing' }, data }))
}

/** A diagnosis failed for a reason that need not lie in the file; it is begun anew unless that was the last attempt. */
export async function failClaim(id: string): Promise<void> {
  await write((tx) => tx.upload.updateMany({ where: { id, state: 'diagnosing' }, data: { state: 'queued' } }))
}

/** What became of an upload: the checkpoint it is stored as, or why it was refused. Its own bytes are removed. */
export async function settleUpload(
  { id, run }: Pick<QueuedUpload, 'id' | 'run'>,
  result: { checkpoint: string } | { problem: string },
): Promise<void> {
  const now = new Date()
  const data =
    'checkpoint' in result
      ? { state: 'stored', checkpointId: result.checkpoint, touchedAt: now }
      : { state: 'refused', problem: result.problem.slice(0, 500), touchedAt: now }
  await write(async (tx, changedAt) => {
    await tx.upload.updateMany({ where: { id }, data })
    // The page of the run looks different now.
    await tx.run.updateMany({ where: { name: run }, data: { updatedAt: changedAt } })
  })
  await rm(uploadFile(id), { force: true })
}

/** Drops uploads that nobody went on with for a day, what became of others after a week, and files without a row. */
export async function sweepUploads(now: number = Date.now()): Promise<number> {
  const [expired, old] = [new Date(now - expiresMs), new Date(now - rememberedMs)]
  const left = {
    OR: [
      { state: 'receiving', touchedAt: { lt: expired } },
      { state: { in: ['stored', 'refused'] }, touchedAt: { lt: old } },
    ],
  }
  await write((tx) => tx.upload.deleteMany({ where: left }))
  let removed = 0
  for (const id of await readdir(uploadFolder()).catch(() => [])) {
    if (await db().upload.findUnique({ where: { id }, select: { id: true } })) continue
    await rm(path.join(uploadFolder(), id), { force: true })
    removed++
  }
  return removed
}

/** Where the bytes of an upload are; ids are made here, so no name from outside is part of a path. */
export function uploadFile(id: string): string {
  if (!/^[a-z0-9]{8,40}$/.test(id)) throw gone()
  return path.join(uploadFolder(), id)
}

function uploadFolder(): string {
  return path.join(dataFolder(), 'uploads')
}

async function append(
  id: string,
  offset: number,
  body: AsyncIterable<Uint8Array>,
  most: number,
): Promise<number> {
  await mkdir(uploadFolder(), { recursive: true })
  const file = await open(uploadFile(id), 'a')
  let [length, flushed] = [offset, offset]
  try {
    for await (const chunk of body) {
      if (length + chunk.length > most) throw tooLong(most)
      for (let done = 0; done < chunk.length; ) done += (await file.write(chunk, done)).bytesWritten
      length += chunk.length
      if (length - flushed < flushBytes) continue
      await file.datasync()
      flushed = length
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return length
}

async function storedAs(run: string, step: number, sha256: string): Promise<string | null> {
  const row = await db().checkpoint.findFirst({
    where: { run: { name: run }, step, sha256 },
    select: { id: true },
  })
  return row?.id ?? null
}

async function statusOf(row: Row): Promise<UploadStatus> {
  const { id, run, step, fileName, problem, sha256 } = row
  const bytes = row.bytes === null ? null : Number(row.bytes)
  return {
    id,
    run,
    step,
    fileName,
    bytes,
    // The file of a complete upload may be gone to where checkpoints are kept.
    offset: row.state === 'receiving' ? ((await sizeOf(uploadFile(id))) ?? 0) : (bytes ?? 0),
    state: row.state as UploadStatus['state'],
    problem,
    sha256,
    checkpoint: row.checkpointId,
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

async function sizeOf(file: string): Promise<number | null> {
  return (await stat(file).catch(() => null))?.size ?? null
}

function changed(found: string, announced: string): InputError {
  return new InputError({
    file: 'upload',
    problem: `its sha256 is ${found.slice(0, 8)}..., ${announced.slice(0, 8)}... was announced`,
    remedy: 'It changed on the way: send it again.',
  })
}

function tooLong(most: number): InputError {
  return new InputError({
    file: 'upload',
    problem: `more than the ${most} bytes that were announced or are allowed`,
    remedy: 'Announce its length, and see SIGNSCOPE_MAX_UPLOAD_MB on the server.',
  })
}

function gone(): InputError {
  return new InputError({
    file: 'upload',
    problem: 'there is none of this id',
    remedy: 'It was refused or has expired: begin it anew.',
  })
}

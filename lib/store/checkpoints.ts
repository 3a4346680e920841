import { randomBytes } from 'node:crypto'
import { Prisma } from '../generated/prisma/client'
import type {
  CheckpointDetail,
  CheckpointSummary,
  CheckpointUpload,
  Diagnosis,
  RunSummary,
  SampleSet,
} from '../record/run'
import { InputError } from '../tensor/error'
import { putBlobWith } from './blobs'
import { claimRun, updateRun } from './claim-run'
import { checkText, db, insertRow, isoTime, rowsOf, type Stage, type Work, write } from './db'
import type { Bytes } from './durable-file'
import { keptHere } from './kept'
import { getLayers, insertLayers, stageLayers } from './layers'
import { meanOf } from './series'

/**
 * A summary of checkpoint `c` as JSON. What comes late in its row is taken from the index of lists, under the name `listed`:
 * a row is up to a hundred kilobytes.
 */
export const summaryJson = Prisma.sql`json_object('id', c.id, 'runId', c.runId, 'step', c.step, 'sha256', c.sha256,
  'network', c.network, 'teacherSha256', c.teacherSha256, 'bytes', c.bytes, 'fileName', c.fileName,
  'hasWeights', EXISTS (SELECT 1 FROM Blob WHERE Blob.sha256 = c.sha256), 'ledger', json(c.ledger),
  'outputSqnr', listed.outputSqnr, 'sampleCosine', listed.sampleCosine, 'createdAt', listed.createdAt)`

/** As SQLite has it, which knows no booleans. */
export type SummaryJson = Omit<CheckpointSummary, 'hasWeights'> & { hasWeights: 0 | 1 }

export const summaryOf = (stored: SummaryJson): CheckpointSummary => ({
  ...stored,
  hasWeights: stored.hasWeights === 1,
  createdAt: isoTime(stored.createdAt),
})

const newestFirst = [{ step: 'desc' }, { revision: 'desc' }] as const

/**
 * Stores a diagnosed checkpoint with all its layers, its run if that is new, and its file where `file` gives the bytes: all
 * of it or nothing. The same network of the same file, read alike, is stored once at a step of a run; then `duplicate` is true. Another one at
 * a step takes its place in lists; the older one keeps its id. Throws an InputError for what contradicts itself.
 */
export async function storeCheckpoint(
  upload: CheckpointUpload,
  file?: Bytes,
): Promise<{ id: string; duplicate: boolean }> {
  checkUpload(upload)
  const { run, step, sha256, diagnosis } = upload
  const stage: Stage = (driver) => stageLayers(driver, diagnosis.layers)
  const store: Work<{ id: string; duplicate: boolean }> = async (tx, now, driver) => {
    const runId = await claimRun(tx, run, now, driver)
    const atStep = await rowsOf<AtStep>(
      driver,
      `SELECT id, sha256, revision, network, mode, schedule, config FROM Checkpoint WHERE runId = ? AND step = ?`,
      ...[runId, step],
    )
    const same = atStep.find(
      (stored) =>
        stored.sha256 === sha256 && isReadAs({ ...stored, config: JSON.parse(stored.config) }, diagnosis),
    )
    if (same) return { id: same.id, duplicate: true }
    const id = newId(now)
    const revision = 1 + Math.max(0, ...atStep.map((stored) => stored.revision))
    await insertRow(driver, 'Checkpoint', { id, runId, revision, createdAt: now, ...columnsOf(upload) })
    await insertLayers(driver, id)
    await updateRun(driver, runId, run, { updatedAt: now })
    return { id, duplicate: false }
  }
  return file ? putBlobWith(file, { expectedSha256: sha256, stage }, () => store) : write(store, stage)
}

type AtStep = Omit<ReadAs, 'config'> & { id: string; sha256: string; revision: number; config: string }

/** Later ones come later in order, as indexes like them to. */
function newId(now: Date): string {
  return `c${now.getTime().toString(36)}${randomBytes(8).toString('hex')}`
}

/**
 * A checkpoint with its diagnosis; null if there is none of this id. What was found of a checkpoint never changes, so that of
 * those that were asked for last is kept; whether its file is here is looked up every time.
 */
export async function getCheckpoint(id: string): Promise<CheckpointDetail | null> {
  const [[row], found] = await Promise.all([
    db().$queryRaw<{ summary: string }[]>`
      SELECT ${summaryJson} AS summary FROM Checkpoint c JOIN Checkpoint listed ON listed.id = c.id WHERE c.id = ${id}`,
    findings.of(id, () => loadFindings(id)),
  ])
  return row && found ? { ...summaryOf(JSON.parse(row.summary)), ...found } : null
}

type Findings = Pick<CheckpointDetail, 'samples' | 'diagnosis'>

/** Weighed by the length of their JSON; that of a network with 200 layers is 1.3 MB. */
const findings = keptHere<Findings>('findings', 64 * 2 ** 20)

/** Text without its type, which Prisma would parse, column by column. */
async function loadFindings(id: string): Promise<{ value: Findings; weight: number } | null> {
  const [[row], { layers, length }] = await Promise.all([
    db().$queryRaw<FindingsRow[]>`
      SELECT family, config || '' AS config, unrun, assumptions || '' AS assumptions, ledger || '' AS ledger,
        timesteps || '' AS timesteps, protocol || '' AS protocol, output || '' AS output, samples || '' AS samples,
        audit || '' AS audit, network, mode, schedule, sweep || '' AS sweep
      FROM Checkpoint WHERE id = ${id}`,
    getLayers(id),
  ])
  if (!row) return null
  const { family, unrun, network, mode, schedule, ...texts } = row
  const parsed = (text: string | null) => (text === null ? null : JSON.parse(text))
  const value: Findings = {
    samples: parsed(texts.samples),
    diagnosis: {
      family,
      config: parsed(texts.config),
      ...(unrun === null ? {} : { unrun }),
      assumptions: parsed(texts.assumptions),
      ledger: parsed(texts.ledger),
      timesteps: parsed(texts.timesteps),
      protocol: parsed(texts.protocol),
      output: parsed(texts.output),
      layers,
      ...(texts.sweep !== null && { sweep: parsed(texts.sweep) }),
      ...(network !== null && { network }),
      ...(mode !== null && { mode }),
      ...(schedule !== null && { schedule }),
      ...(texts.audit !== null && { audit: parsed(texts.audit) }),
    },
  }
  const weight = Object.values(texts).reduce((sum, text) => sum + (text?.length ?? 0), length)
  return { value, weight }
}

type FindingsRow = {
  family: Diagnosis['family']
  config: string
  unrun: string | null
  assumptions: string
  ledger: string
  timesteps: string
  protocol: string | null
  output: string | null
  samples: string | null
  audit: string | null
  network: string | null
  mode: string | null
  schedule: NonNullable<Diagnosis['schedule']> | null
  sweep: string | null
}
/** The checkpoint of a run at a step, or its latest for step null; null if there is none. */
export async function findCheckpoint(runName: string, step: number | null): Promise<CheckpointDetail | null> {
  const row = await db().checkpoint.findFirst({
    where: step === null ? { run: { name: runName } } : { run: { name: runName }, step },
    orderBy: [...newestFirst],
    select: { id: true },
  })
  return row && getCheckpoint(row.id)
}

/** A place where a checkpoint file is stored, and what it was read as. */
export type StoredPlace = {
  id: string
  run: string
  role: RunSummary['role']
  step: number
  fileName: string
  bytes: number
} & ReadAs

type ReadAs = { network: string | null; mode: string | null; schedule: string | null; config: unknown }

const readAsColumns = { network: true, mode: true, schedule: true, config: true } as const

/** Where a checkpoint file is stored, the last stored first. */
export async function findBySha256(sha256: string): Promise<StoredPlace[]> {
  const rows = await db().checkpoint.findMany({
    where: { sha256 },
    select: {
      id: true,
      step: true,
      fileName: true,
      bytes: true,
      run: { select: { name: true, role: true } },
      ...readAsColumns,
    },
    orderBy: { createdAt: 'desc' },
  })
  return rows.map(({ run, bytes, ...row }) => ({
    ...{ ...row, run: run.name, bytes: Number(bytes) },
    role: run.role as RunSummary['role'],
  }))
}

/**
 * Whether a stored checkpoint is what its file is wanted as: that network, in that reading, with that configuration. What
 * is not said, on either side, does not count: checkpoints of older versions do not say which network they are.
 */
export function isReadAs(
  stored: ReadAs,
  wanted: Pick<Diagnosis, 'network' | 'mode' | 'schedule'> & { config?: Diagnosis['config'] },
): boolean {
  const parts = ['network', 'mode', 'schedule'] as const
  const before = (stored.config ?? {}) as Diagnosis['config']
  return (
    parts.every(
      (part) => (stored[part] ?? wanted[part] ?? null) === (wanted[part] ?? stored[part] ?? null),
    ) &&
    Object.entries(wanted.config ?? {}).every(
      ([key, value]) => !Object.hasOwn(before, key) || JSON.stringify(before[key]) === JSON.stringify(value),
    )
  )
}

/** The samples of these checkpoints by their ids; of those that have none, none. */
export async function getSamples(ids: readonly string[]): Promise<Map<string, SampleSet>> {
  const rows = await db().checkpoint.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, samples: true },
  })
  return new Map(rows.flatMap(({ id, samples }) => (samples ? [[id, samples as SampleSet]] : [])))
}

/** All of an upload that is a column of its checkpoint. */
function columnsOf({ step, sha256, teacherSha256, bytes, fileName, samples, diagnosis }: CheckpointUpload) {
  const json = (value: unknown) => (value === undefined || value === null ? null : JSON.stringify(value))
  return {
    ...{ step, sha256, teacherSha256, bytes, fileName },
    samples: json(samples),
    sampleCosine: samples?.cosineToTeacher ?? null,
    family: diagnosis.family,
    config: json(diagnosis.config),
    unrun: diagnosis.unrun ?? null,
    assumptions: json(diagnosis.assumptions),
    ledger: json(diagnosis.ledger),
    timesteps: json(diagnosis.timesteps),
    protocol: json(diagnosis.protocol),
    output: json(diagnosis.output),
    network: diagnosis.network ?? null,
    mode: diagnosis.mode ?? null,
    schedule: diagnosis.schedule ?? null,
    audit: json(diagnosis.audit),
    sweep: json(diagnosis.sweep),
    outputSqnr: diagnosis.output && meanOf(diagnosis.output.sqnr),
  }
}

/** What the shape alone does not tell: names that fit, a step that fits, series as long as the timesteps. */
function checkUpload(upload: CheckpointUpload): void {
  const { run, diagnosis, samples } = upload
  checkText('run.name', run.name, 120)
  checkText('fileName', upload.fileName)
  if (run.teacher !== null) checkText('run.teacher', run.teacher, 120)
  if (run.role === 'teacher' && run.teacher !== null)
    throw contradiction('run.teacher', 'a teacher cannot have a teacher')
  if (upload.step > 0x7fffffff) throw contradiction('step', `${upload.step} is larger than 2147483647`)
  const expected = diagnosis.timesteps.length
  if (diagnosis.output) checkSeries('diagnosis.output', diagnosis.output, expected)
  const ids = new Set<string>()
  for (const { layer, alignment } of diagnosis.layers) {
    checkText('diagnosis.layers.layer.id', layer.id)
    if (ids.has(layer.id)) throw contradiction(`diagnosis.layers ${layer.id}`, 'this layer is there twice')
    ids.add(layer.id)
    if (!alignment) continue
    const { rank, local, ...series } = alignment
    if (!Number.isInteger(rank) || rank < 1 || rank > 0x7fffffff)
      throw contradiction(`diagnosis.layers ${layer.id}`, `rank ${rank} is not a positive whole number`)
    checkSeries(`diagnosis.layers ${layer.id}`, series, expected)
    if (local) checkSeries(`diagnosis.layers ${layer.id}, local`, local, expected)
  }
  if (samples) {
    const pixels = samples.images * samples.width * samples.height * samples.channels
    const found = Buffer.byteLength(samples.pixels, 'base64')
    if (found !== pixels) throw contradiction('samples.pixels', `${found} bytes, ${pixels} are declared`)
  }
}

function checkSeries(item: string, series: Record<string, unknown[]>, expected: number): void {
  for (const [name, values] of Object.entries(series))
    if (values.length !== expected)
      throw contradiction(item, `${name} has ${values.length} values for ${expected} timesteps`)
}

function contradiction(item: string, problem: string): InputError {
  return new InputError({
    file: item,
    problem,
    remedy: 'Diagnose the checkpoint again and send the new result.',
  })
}

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
import { claimRun, describeRun } from './claim-run'
import { checkText, db, write } from './db'
import type { Bytes } from './durable-file'
import { getLayers, insertLayers, packLayers } from './layers'
import { meanOf } from './series'

/** What a summary needs; diagnosis and pictures stay in the database. */
export const checkpointColumns = {
  id: true,
  runId: true,
  step: true,
  revision: true,
  sha256: true,
  network: true,
  teacherSha256: true,
  bytes: true,
  fileName: true,
  ledger: true,
  outputSqnr: true,
  sampleCosine: true,
  createdAt: true,
} as const
type SummaryRow = Prisma.CheckpointGetPayload<{ select: typeof checkpointColumns }>

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
  const layers = packLayers(diagnosis.layers)
  const store = async (tx: Prisma.TransactionClient, now: Date) => {
    const runId = await claimRun(tx, run, now)
    const atStep = await tx.checkpoint.findMany({
      where: { runId, step },
      select: { id: true, sha256: true, revision: true, ...readAsColumns },
    })
    const same = atStep.find((stored) => stored.sha256 === sha256 && isReadAs(stored, diagnosis))
    if (same) return { id: same.id, duplicate: true }
    const { id } = await tx.checkpoint.create({
      data: {
        runId,
        step,
        revision: 1 + Math.max(0, ...atStep.map((stored) => stored.revision)),
        sha256,
        teacherSha256: upload.teacherSha256,
        bytes: upload.bytes,
        fileName: upload.fileName,
        samples: upload.samples ?? Prisma.DbNull,
        sampleCosine: upload.samples?.cosineToTeacher ?? null,
        createdAt: now,
        ...diagnosisColumns(diagnosis),
      },
      select: { id: true },
    })
    await insertLayers(tx, id, layers)
    await tx.run.update({ where: { id: runId }, data: { ...describeRun(run), updatedAt: now } })
    return { id, duplicate: false }
  }
  return file ? putBlobWith(file, { expectedSha256: sha256 }, (tx, _, now) => store(tx, now)) : write(store)
}

/** A checkpoint with its diagnosis; null if there is none of this id. */
export async function getCheckpoint(id: string): Promise<CheckpointDetail | null> {
  const row = await db().checkpoint.findUnique({ where: { id } })
  if (!row) return null
  const [summary] = await summariesOf([row])
  return {
    ...summary!,
    samples: row.samples as CheckpointDetail['samples'],
    diagnosis: {
      family: row.family as Diagnosis['family'],
      config: row.config as Diagnosis['config'],
      ...(row.unrun === null ? {} : { unrun: row.unrun }),
      assumptions: row.assumptions as Diagnosis['assumptions'],
      ledger: row.ledger as Diagnosis['ledger'],
      timesteps: row.timesteps as Diagnosis['timesteps'],
      protocol: row.protocol as Diagnosis['protocol'],
      output: row.output as Diagnosis['output'],
      layers: await getLayers(id),
      ...(row.sweep !== null && { sweep: row.sweep as Diagnosis['sweep'] }),
      ...(row.network !== null && { network: row.network }),
      ...(row.mode !== null && { mode: row.mode }),
      ...(row.schedule !== null && { schedule: row.schedule as Diagnosis['schedule'] }),
      ...(row.audit !== null && { audit: row.audit as Diagnosis['audit'] }),
    },
  }
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

/** Summaries in the order given. */
export async function summariesOf(rows: SummaryRow[]): Promise<CheckpointSummary[]> {
  const blobs = await db().blob.findMany({
    where: { sha256: { in: [...new Set(rows.map((row) => row.sha256))] } },
    select: { sha256: true },
  })
  const stored = new Set(blobs.map((blob) => blob.sha256))
  return rows.map((row) => ({
    id: row.id,
    runId: row.runId,
    step: row.step,
    sha256: row.sha256,
    network: row.network,
    teacherSha256: row.teacherSha256,
    bytes: Number(row.bytes),
    fileName: row.fileName,
    hasWeights: stored.has(row.sha256),
    ledger: row.ledger as CheckpointSummary['ledger'],
    outputSqnr: row.outputSqnr,
    sampleCosine: row.sampleCosine,
    createdAt: row.createdAt.toISOString(),
  }))
}

/** The samples of these checkpoints by their ids; of those that have none, none. */
export async function getSamples(ids: readonly string[]): Promise<Map<string, SampleSet>> {
  const rows = await db().checkpoint.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, samples: true },
  })
  return new Map(rows.flatMap(({ id, samples }) => (samples ? [[id, samples as SampleSet]] : [])))
}

function diagnosisColumns(diagnosis: Diagnosis) {
  return {
    family: diagnosis.family,
    config: diagnosis.config as Prisma.InputJsonObject,
    unrun: diagnosis.unrun ?? null,
    assumptions: diagnosis.assumptions,
    ledger: diagnosis.ledger,
    timesteps: diagnosis.timesteps,
    protocol: diagnosis.protocol ?? Prisma.DbNull,
    output: diagnosis.output ?? Prisma.DbNull,
    network: diagnosis.network ?? null,
    mode: diagnosis.mode ?? null,
    schedule: diagnosis.schedule ?? null,
    audit: diagnosis.audit ?? Prisma.DbNull,
    sweep: diagnosis.sweep ?? Prisma.DbNull,
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

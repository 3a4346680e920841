import { Prisma } from '../generated/prisma/client'
import { groupBy } from '../math/group-by'
import type { Ledger, RunSummary } from '../record/run'
import { type SummaryJson, summaryJson, summaryOf } from './checkpoints'
import { db, isoTime } from './db'
import { newestOfEachStep } from './newest'

/** All runs with all their checkpoints, the last changed first. Pages take `listRunEntries`. */
export async function listRuns(): Promise<RunSummary[]> {
  return findRuns(Prisma.sql`true`)
}

/** The runs that hold one of these files, the last changed first. */
export async function runsHolding(sha256s: readonly string[]): Promise<RunSummary[]> {
  return findRuns(
    Prisma.sql`r.id IN (SELECT runId FROM Checkpoint WHERE sha256 IN (${Prisma.join(['', ...sha256s])}))`,
  )
}

/** One run by name; null if there is none. */
export async function getRun(name: string): Promise<RunSummary | null> {
  const [run] = await findRuns(Prisma.sql`r.name = ${name}`)
  return run ?? null
}

/** One run by id; null if there is none. */
export async function getRunById(id: string): Promise<RunSummary | null> {
  const [run] = await findRuns(Prisma.sql`r.id = ${id}`)
  return run ?? null
}

/** How many of these runs there are. */
export async function countRuns(names: readonly string[]): Promise<number> {
  return db().run.count({ where: { name: { in: [...names] } } })
}

/** The names of runs by their ids; those that are not stored are left out. */
export async function runNames(ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await db().run.findMany({ where: { id: { in: [...ids] } }, select: { id: true, name: true } })
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** Runs come as one text with their checkpoints: Prisma takes ten times as long to make objects of fifty of those. */
async function findRuns(where: Prisma.Sql): Promise<RunSummary[]> {
  const [found] = await db().$queryRaw<{ runs: string }[]>`
    SELECT json_group_array(json(run) ORDER BY updatedAt DESC, name) AS runs FROM (
      SELECT r.updatedAt, r.name, json_object('id', r.id, 'name', r.name, 'role', r.role,
        'teacherRunId', (SELECT t.id FROM Run t WHERE t.name = r.teacherName), 'teacherName', r.teacherName,
        'method', r.method, 'bits', r.bits, 'colour', r.colour, 'settings', json(r.settings),
        'updatedAt', r.updatedAt, 'checkpoints', json((
          SELECT json_group_array(json(${summaryJson}) ORDER BY listed.step, listed.revision)
          FROM Checkpoint listed INDEXED BY Checkpoint_list CROSS JOIN Checkpoint c ON c.id = listed.id
          WHERE listed.runId = r.id))) AS run
      FROM Run r WHERE ${where})`
  const runs = JSON.parse(found!.runs) as (Omit<RunSummary, 'checkpoints'> & { checkpoints: SummaryJson[] })[]
  return runs.map((run) => ({
    ...run,
    checkpoints: newestOfEachStep(run.checkpoints).map(summaryOf),
    updatedAt: isoTime(run.updatedAt),
  }))
}

/** A run in a list: of its checkpoints the latest. */
export type RunEntry = Pick<
  RunSummary,
  'id' | 'name' | 'role' | 'method' | 'bits' | 'colour' | 'updatedAt'
> & {
  /** Name of its teacher, if that is stored. */
  teacher: string | null
  /** Steps with a checkpoint. */
  steps: number
  /** null when nothing is stored yet. */
  latest: {
    id: string
    step: number
    ledger: Ledger
    outputSqnr: number | null
    sampleCosine: number | null
    createdAt: string
  } | null
}

export type EntryFilter = {
  /** Only students of the teacher of this name. */
  teacher?: string
  /** What was stored later is left out. */
  storedBy?: Date
  /** Only the runs of these checkpoints, which count as their latest. */
  checkpoints?: readonly string[]
  /** Not more entries than this. */
  most?: number
}

/** Runs without what is heavy, the last changed first. Comes as one text: what Prisma does for each column of a row takes longer than all else. */
export async function listRunEntries(filter: EntryFilter = {}): Promise<RunEntry[]> {
  const { teacher, storedBy, checkpoints, most = -1 } = filter
  const inTime = storedBy ? Prisma.sql`AND createdAt <= ${storedBy}` : Prisma.empty
  // What is read of c is in this index, which SQLite would not take by itself; the ledger stands early in its row.
  const shown = checkpoints
    ? Prisma.sql`JOIN Checkpoint c ON c.runId = r.id AND c.id IN (${Prisma.join(['', ...checkpoints])})`
    : Prisma.sql`LEFT JOIN Checkpoint c INDEXED BY Checkpoint_list ON c.runId = r.id AND (c.step, c.revision) = (
        SELECT step, revision FROM Checkpoint
        WHERE runId = r.id ${inTime} ORDER BY step DESC, revision DESC LIMIT 1)`
  const [found] = await db().$queryRaw<{ entries: string }[]>`
    SELECT json_group_array(json(entry) ORDER BY updatedAt DESC, name) AS entries FROM (
      SELECT r.updatedAt, r.name, json_array(r.id, r.name, r.role, r.method, r.bits, r.colour, r.updatedAt,
        (SELECT t.name FROM Run t WHERE t.name = r.teacherName),
        (SELECT count(DISTINCT step) FROM Checkpoint WHERE runId = r.id ${inTime}),
        c.id, c.step, (SELECT json(ledger) FROM Checkpoint WHERE id = c.id),
        c.outputSqnr, c.sampleCosine, c.createdAt) AS entry
      FROM Run r ${shown}
      WHERE ${teacher === undefined ? Prisma.sql`true` : Prisma.sql`r.teacherName = ${teacher}`}
      ORDER BY r.updatedAt DESC, r.name LIMIT ${most})`
  return (JSON.parse(found!.entries) as EntryValues[]).map(runEntry)
}

/** Columns of an entry; the last six are null where there is no checkpoint. */
type EntryValues = [
  ...run: [id: string, name: string, role: RunSummary['role'], method: string, bits: string],
  ...about: [colour: number | null, updatedAt: string, teacher: string | null, steps: number],
  ...latest: [id: string | null, step: number, ledger: Ledger],
  ...found: [outputSqnr: number | null, sampleCosine: number | null, createdAt: string],
]

function runEntry(values: EntryValues): RunEntry {
  const [
    id,
    name,
    role,
    method,
    bits,
    colour,
    updatedAt,
    teacher,
    steps,
    checkpointId,
    step,
    ledger,
    ...rest
  ] = values
  const [outputSqnr, sampleCosine, createdAt] = rest
  return {
    ...{ id, name, role, method, bits, colour, updatedAt: isoTime(updatedAt), teacher, steps },
    latest:
      checkpointId === null
        ? null
        : { id: checkpointId, step, ledger, outputSqnr, sampleCosine, createdAt: isoTime(createdAt) },
  }
}

/** Output SQNR of the steps of some runs, ascending, the newest file of each step, of those stored by then if given. */
export async function getQuality(
  runIds: readonly string[],
  storedBy?: Date,
): Promise<Map<string, { step: number; value: number | null }[]>> {
  const [found] = await db().$queryRaw<{ points: string }[]>`
    SELECT json_group_array(json_array(runId, step, outputSqnr) ORDER BY runId, step, revision) AS points
    FROM Checkpoint INDEXED BY Checkpoint_list WHERE runId IN (${Prisma.join(['', ...runIds])})
    ${storedBy ? Prisma.sql`AND createdAt <= ${storedBy}` : Prisma.empty}`
  const points = JSON.parse(found!.points) as [runId: string, step: number, value: number | null][]
  const byRun = groupBy(points, ([runId]) => runId)
  return new Map(
    [...byRun].map(([runId, own]) => [
      runId,
      newestOfEachStep(own.map(([, step, value]) => ({ step, value }))),
    ]),
  )
}

import { Prisma } from '../generated/prisma/client'
import { groupBy } from '../math/group-by'
import type { Ledger, RunSummary } from '../record/run'
import { checkpointColumns, summariesOf } from './checkpoints'
import { db } from './db'
import { newestOfEachStep } from './newest'

const withCheckpoints = {
  checkpoints: { select: checkpointColumns, orderBy: [{ step: 'asc' }, { revision: 'asc' }] },
} satisfies Prisma.RunInclude
type RunRow = Prisma.RunGetPayload<{ include: typeof withCheckpoints }>

/** All runs with all their checkpoints, the last changed first. Pages take `listRunEntries`. */
export async function listRuns(): Promise<RunSummary[]> {
  return findRuns({})
}

/** The runs that hold one of these files, the last changed first. */
export async function runsHolding(sha256s: readonly string[]): Promise<RunSummary[]> {
  return findRuns({ checkpoints: { some: { sha256: { in: [...sha256s] } } } })
}

async function findRuns(where: Prisma.RunWhereInput): Promise<RunSummary[]> {
  const rows = await db().run.findMany({
    where,
    include: withCheckpoints,
    orderBy: [{ updatedAt: 'desc' }, { name: 'asc' }],
  })
  return runSummaries(rows)
}

/** One run by name; null if there is none. */
export async function getRun(name: string): Promise<RunSummary | null> {
  return oneRun({ name })
}

/** One run by id; null if there is none. */
export async function getRunById(id: string): Promise<RunSummary | null> {
  return oneRun({ id })
}

/** How many of these runs there are. */
export async function countRuns(names: readonly string[]): Promise<number> {
  return db().run.count({ where: { name: { in: [...names] } } })
}

async function oneRun(where: Prisma.RunWhereUniqueInput): Promise<RunSummary | null> {
  const row = await db().run.findUnique({ where, include: withCheckpoints })
  return row && (await runSummaries([row]))[0]!
}

async function runSummaries(rows: RunRow[]): Promise<RunSummary[]> {
  const teacherNames = rows.flatMap((row) => row.teacherName ?? [])
  const teachers = await db().run.findMany({
    where: { name: { in: [...new Set(teacherNames)] } },
    select: { id: true, name: true },
  })
  const teacherIds = new Map(teachers.map((teacher) => [teacher.name, teacher.id]))
  const checkpoints = await summariesOf(rows.flatMap((row) => newestOfEachStep(row.checkpoints)))
  const byRun = groupBy(checkpoints, ({ runId }) => runId)
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    role: row.role as RunSummary['role'],
    teacherRunId: (row.teacherName && teacherIds.get(row.teacherName)) || null,
    teacherName: row.teacherName,
    method: row.method,
    bits: row.bits,
    colour: row.colour,
    settings: row.settings as RunSummary['settings'],
    checkpoints: byRun.get(row.id) ?? [],
    updatedAt: row.updatedAt.toISOString(),
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

/** Runs without what is heavy, the last changed first. Comes as one text, as layers do (getLayers): a row of it costs some microseconds. */
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

const isoTime = (stored: string): string => new Date(stored).toISOString()

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

import type { Prisma } from '../generated/prisma/client'
import type { RunSummary } from '../record/run'
import { checkpointColumns, newestOfEachStep, summariesOf } from './checkpoints'
import { db } from './db'

const withCheckpoints = {
  checkpoints: { select: checkpointColumns, orderBy: [{ step: 'asc' }, { revision: 'asc' }] },
} satisfies Prisma.RunInclude
type RunRow = Prisma.RunGetPayload<{ include: typeof withCheckpoints }>

/** All runs, the last changed first. */
export async function listRuns(): Promise<RunSummary[]> {
  const rows = await db().run.findMany({
    include: withCheckpoints,
    orderBy: [{ updatedAt: 'desc' }, { name: 'asc' }],
  })
  return runSummaries(rows)
}

/** One run by name; null if there is none. */
export async function getRun(name: string): Promise<RunSummary | null> {
  const row = await db().run.findUnique({ where: { name }, include: withCheckpoints })
  return row && (await runSummaries([row]))[0]!
}

async function runSummaries(rows: RunRow[]): Promise<RunSummary[]> {
  const teacherNames = rows.flatMap((row) => row.teacherName ?? [])
  const teachers = await db().run.findMany({
    where: { name: { in: [...new Set(teacherNames)] } },
    select: { id: true, name: true },
  })
  const teacherIds = new Map(teachers.map((teacher) => [teacher.name, teacher.id]))
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      name: row.name,
      role: row.role as RunSummary['role'],
      teacherRunId: (row.teacherName && teacherIds.get(row.teacherName)) || null,
      method: row.method,
      bits: row.bits,
      colour: row.colour,
      settings: row.settings as RunSummary['settings'],
      checkpoints: await summariesOf(newestOfEachStep(row.checkpoints)),
      updatedAt: row.updatedAt.toISOString(),
    })),
  )
}

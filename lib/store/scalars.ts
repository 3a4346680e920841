import { Prisma } from '../generated/prisma/client'
import { groupBy } from '../math/group-by'
import type { Scalar } from '../record/run'
import { InputError } from '../tensor/error'
import { isNewBatch } from './batches'
import { checkText, db, write } from './db'

/** Replaces all scalars of a run by these. Throws an InputError if there is no such run. */
export async function replaceScalars(runName: string, scalars: Scalar[]): Promise<void> {
  scalars.forEach(checkScalar)
  await write(async (tx) => {
    await tx.scalar.deleteMany({ where: { run: { name: runName } } })
    await insert(tx, runName, scalars)
  })
}

/** Replaces the scalars of these names; the run's others stay. Throws an InputError if there is no such run. */
export async function replaceNamedScalars(runName: string, scalars: Scalar[]): Promise<void> {
  scalars.forEach(checkScalar)
  const names = [...new Set(scalars.map(({ name }) => name))]
  await write(async (tx) => {
    for (const name of names) await tx.scalar.deleteMany({ where: { run: { name: runName }, name } })
    await insert(tx, runName, scalars)
  })
}

/**
 * Adds scalars to a run, whose training counts as under way from then on (`liveTrainings`); what was logged twice for a
 * step is kept twice, in order of arrival. A batch that is stored already changes nothing.
 */
export async function appendScalars(runName: string, scalars: Scalar[], batch?: string): Promise<void> {
  scalars.forEach(checkScalar)
  await write(async (tx, now) => {
    if (!(await isNewBatch(tx, batch, now))) return
    await tx.run.updateMany({ where: { name: runName }, data: { updatedAt: now, loggedAt: new Date() } })
    await insert(tx, runName, scalars)
  })
}

/** Scalars of these names that a run has, each ascending by step. They come as one text: a run logs many thousands. */
export async function getScalars(
  runId: string,
  names: readonly string[],
): Promise<Map<string, { step: number; value: number }[]>> {
  const [found] = await db().$queryRaw<{ scalars: string }[]>`
    SELECT json_group_array(json_array(name, step, value) ORDER BY step, id) AS scalars
    FROM Scalar WHERE runId = ${runId} AND name IN (${Prisma.join(['', ...names])})`
  const scalars = JSON.parse(found!.scalars) as [name: string, step: number, value: number][]
  const byName = groupBy(scalars, ([name]) => name)
  return new Map([...byName].map(([name, own]) => [name, own.map(([, step, value]) => ({ step, value }))]))
}

/** Names of the scalars that any of these runs has, sorted. */
export async function scalarNames(runIds: readonly string[]): Promise<string[]> {
  const names = await db().scalar.groupBy({
    by: ['name'],
    where: { runId: { in: [...runIds] } },
    orderBy: { name: 'asc' },
  })
  return names.map(({ name }) => name)
}

/** How many values a run has logged, of all names together. */
export async function countScalars(runId: string): Promise<number> {
  return db().scalar.count({ where: { runId } })
}

async function insert(tx: Prisma.TransactionClient, runName: string, scalars: Scalar[]): Promise<void> {
  const run = await tx.run.findUnique({ where: { name: runName }, select: { id: true } })
  if (!run)
    throw new InputError({
      file: 'run',
      problem: `there is no run "${runName}"`,
      remedy: 'Begin it with POST /api/v1/runs, or store a checkpoint of it.',
    })
  await tx.scalar.createMany({
    data: scalars.map(({ name, step, value }) => ({ runId: run.id, name, step, value })),
  })
}

function checkScalar({ name, step }: Scalar, i: number): void {
  checkText(`scalars[${i}].name`, name)
  if (!Number.isInteger(step) || step < 0 || step > 0x7fffffff)
    throw new InputError({
      file: `scalars[${i}].step`,
      problem: `${step} is not a training step`,
      remedy: 'Use a whole number from 0 to 2147483647.',
    })
}

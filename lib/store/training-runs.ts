/** Runs as their training jobs report them. */
import type { Prisma } from '../generated/prisma/client'
import type { CheckpointUpload } from '../record/run'
import type { Outcome, RunChange, RunStart } from '../record/training-job'
import { InputError } from '../tensor/error'
import { claimRun, updateRun } from './claim-run'
import { checkText, db, write } from './db'

/**
 * Begins a run, or goes on with the one of this name; it counts as under way from then on. What the job does not say stays
 * as it was. Throws an InputError for names the database cannot hold, and for a run that exists in another role.
 */
export async function beginRun(start: RunStart): Promise<{ id: string; name: string; created: boolean }> {
  checkText('name', start.name, 120)
  if (start.teacher) checkText('teacher', start.teacher, 120)
  if (start.role === 'teacher' && start.teacher)
    throw new InputError({
      file: 'teacher',
      problem: 'a teacher cannot have a teacher',
      remedy: 'Leave it out, or begin the run as a student.',
    })
  return write(async (tx, now, driver) => {
    const before = await tx.run.findUnique({ where: { name: start.name } })
    const run = describedBy(start, before)
    const id = await claimRun(tx, run, now, driver)
    await updateRun(driver, id, run, { outcome: null, updatedAt: now, loggedAt: new Date() })
    return { id, name: run.name, created: before === null }
  })
}

/** Says how a job ended, or takes it up again, and what its settings became. Throws an InputError for an unknown run. */
export async function changeRun(id: string, change: RunChange): Promise<void> {
  const { outcome, settings } = change
  const { count } = await write((tx, now) =>
    tx.run.updateMany({
      where: { id },
      data: {
        ...(outcome !== undefined && { outcome, loggedAt: outcome === null ? new Date() : null }),
        ...(settings && { settings: settings as Prisma.InputJsonObject }),
        updatedAt: now,
      },
    }),
  )
  if (count === 0) throw unknownRun(id)
}

/** The run of this name, or of this id; null if there is none. Its teacher need not be stored. */
export async function findRun(
  nameOrId: string,
): Promise<{ id: string; name: string; teacherName: string | null } | null> {
  const select = { id: true, name: true, teacherName: true }
  return (
    (await db().run.findUnique({ where: { name: nameOrId }, select })) ??
    (await db().run.findUnique({ where: { id: nameOrId }, select }))
  )
}

/** How the job of a run ended; null while it goes on and for runs no job reported. */
export async function outcomeOf(runId: string): Promise<Outcome | null> {
  const row = await db().run.findUnique({ where: { id: runId }, select: { outcome: true } })
  return (row?.outcome ?? null) as Outcome | null
}

/** For transactions that add to a run, which counts as under way from then on. Throws an InputError for an unknown run. */
export async function touchRun(tx: Prisma.TransactionClient, name: string, now: Date): Promise<string> {
  checkText('run', name, 120)
  await tx.run.updateMany({ where: { name }, data: { updatedAt: now, loggedAt: new Date() } })
  const run = await tx.run.findUnique({ where: { name }, select: { id: true } })
  if (!run) throw unknownRun(name)
  return run.id
}

function unknownRun(name: string): InputError {
  return new InputError({
    file: 'run',
    problem: `there is no run "${name}"`,
    remedy: 'Begin it with POST /api/v1/runs.',
  })
}

type Known = { role: string; teacherName: string | null; method: string; bits: string; settings: unknown }

function describedBy(start: RunStart, before: Known | null): CheckpointUpload['run'] {
  const role = (start.role ?? before?.role ?? 'student') as 'teacher' | 'student'
  return {
    name: start.name,
    role,
    teacher: start.teacher !== undefined ? start.teacher : (before?.teacherName ?? null),
    method: start.method ?? before?.method ?? (role === 'teacher' ? 'teacher' : 'fp'),
    bits: start.bits ?? before?.bits ?? (role === 'teacher' ? 'FP32' : '–'),
    settings: start.settings ?? ((before?.settings ?? {}) as Record<string, unknown>),
  }
}

/** Trainings that write to the store at this moment, and what a page looks at to know that something changed. */
import type { CheckpointUpload } from '../record/run'
import { claimRun, describeRun } from './claim-run'
import { db, write } from './db'

/** A training nobody heard of for this long is over, unless its log lines come more rarely. */
const silenceMs = 120_000
/** Log lines that may be missing before a training counts as over. */
const missedLines = 3

export type LiveTraining = {
  run: string
  /** Last step it logged; 0 before the first line. */
  step: number
  /** Steps it will make; null if its settings do not say. */
  steps: number | null
  /** From its own log; null before it is known. */
  secondsLeft: number | null
}

/** Makes the run of a training that begins or goes on, before it has a checkpoint. Throws as `claimRun` does. */
export async function openRun(run: CheckpointUpload['run']): Promise<void> {
  await write(async (tx, now) => {
    const id = await claimRun(tx, run, now)
    await tx.run.update({
      where: { id },
      data: { ...describeRun(run), updatedAt: now, loggedAt: new Date() },
    })
  })
}

/** The training of a run is over: nothing more is awaited. */
export async function closeRun(name: string): Promise<void> {
  await write((tx, now) => tx.run.updateMany({ where: { name }, data: { loggedAt: null, updatedAt: now } }))
}

/** Every training that is under way, the last heard of first. */
export async function liveTrainings(now: number = Date.now()): Promise<LiveTraining[]> {
  const heard = await db().run.findMany({
    where: { loggedAt: { gt: new Date(now - 30 * silenceMs) } },
    select: { id: true, name: true, settings: true, loggedAt: true },
    orderBy: { loggedAt: 'desc' },
  })
  const trainings = await Promise.all(
    heard.map(async ({ id, name, settings, loggedAt }) => {
      const [last, before] = await newest(id, 'loss', 2)
      const [pace] = await newest(id, 'seconds per step', 1)
      const lineMs = last && before && pace ? (last.step - before.step) * pace.value * 1000 : 0
      if (now - loggedAt!.getTime() > Math.max(silenceMs, missedLines * lineMs)) return null
      const total = (settings as Record<string, unknown>).steps
      const steps = typeof total === 'number' ? total : null
      const step = last?.step ?? 0
      const secondsLeft = steps !== null && pace ? Math.max(0, steps - step) * pace.value : null
      return { run: name, step, steps, secondsLeft }
    }),
  )
  return trainings.filter((training) => training !== null)
}

/** Differs from an earlier answer when something was stored since, for some runs or with null for all. */
export async function storeStamp(runs: readonly string[] | null): Promise<string> {
  const where = runs === null ? {} : { name: { in: [...runs] } }
  const { _max, _count } = await db().run.aggregate({ where, _max: { updatedAt: true }, _count: true })
  return `${_count} ${_max.updatedAt?.toISOString() ?? ''}`
}

function newest(runId: string, name: string, take: number) {
  return db().scalar.findMany({
    where: { runId, name },
    select: { step: true, value: true },
    orderBy: [{ step: 'desc' }, { id: 'desc' }],
    take,
  })
}

/** Trainings that write to the store at this moment, and what a page looks at to know that something changed. */
import type { CheckpointUpload } from '../record/run'
import { claimRun, updateRun } from './claim-run'
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
  await write(async (tx, now, driver) => {
    const id = await claimRun(tx, run, now, driver)
    await updateRun(driver, id, run, { updatedAt: now, loggedAt: new Date() })
  })
}

/** The training of a run is over: nothing more is awaited. */
export async function closeRun(name: string): Promise<void> {
  await write((tx, now) => tx.run.updateMany({ where: { name }, data: { loggedAt: null, updatedAt: now } }))
}

/** A run that was heard of not long ago: its last two lines, the last one first. */
type Heard = { name: string; steps: unknown; loggedAt: Date | string; lines: string; pace: number | null }

/** Every training that is under way, the last heard of first. */
export async function liveTrainings(now: number = Date.now()): Promise<LiveTraining[]> {
  const heard = await db().$queryRaw<Heard[]>`
    SELECT name, settings ->> '$.steps' AS steps, loggedAt,
      (SELECT json_group_array(step) FROM (
        SELECT step FROM Scalar WHERE runId = Run.id AND name = 'loss' ORDER BY step DESC, id DESC LIMIT 2)) AS lines,
      (SELECT value FROM Scalar WHERE runId = Run.id AND name = 'seconds per step'
        ORDER BY step DESC, id DESC LIMIT 1) AS pace
    FROM Run WHERE loggedAt > ${new Date(now - 30 * silenceMs)} ORDER BY loggedAt DESC`
  const trainings = heard.map(({ name, steps: planned, loggedAt, lines, pace }) => {
    const [last, before] = JSON.parse(lines) as number[]
    const lineMs = last !== undefined && before !== undefined && pace ? (last - before) * pace * 1000 : 0
    if (now - new Date(loggedAt).getTime() > Math.max(silenceMs, missedLines * lineMs)) return null
    // SQLite's integers come as bigint
    const steps = typeof planned === 'number' || typeof planned === 'bigint' ? Number(planned) : null
    const step = last ?? 0
    const secondsLeft = steps !== null && pace !== null ? Math.max(0, steps - step) * pace : null
    return { run: name, step, steps, secondsLeft }
  })
  return trainings.filter((training) => training !== null)
}

/** Differs from an earlier answer when something was stored since, for some runs or with null for all. */
export async function storeStamp(runs: readonly string[] | null): Promise<string> {
  const where = runs === null ? {} : { name: { in: [...runs] } }
  const { _max, _count } = await db().run.aggregate({ where, _max: { updatedAt: true }, _count: true })
  return `${_count} ${_max.updatedAt?.toISOString() ?? ''}`
}

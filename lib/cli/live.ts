/**
 * Shows a training in the dashboard while it runs: its log as scalars, its checkpoints diagnosed and with samples, just
 * as `import` stores them. A store that fails never stops the training: that is told once, and the next line tries again
 * with the whole log.
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { methodLabel } from '../diagnostics/upload'
import { bitsLabel, type Manifest } from '../record/precision'
import { scalarsOfLine, scalarsOfLog } from '../record/training-log'
import { closeDb } from '../store/db'
import { closeRun, openRun } from '../store/live'
import { migrate } from '../store/migrate'
import { appendScalars, replaceScalars } from '../store/scalars'
import type { TrainConfig } from '../train/config'
import { checkpointName } from '../train/loop'
import { type Imported, importCheckpoints, usualMeasurement, usualSamples } from './import'
import { prepareUpload } from './prepare'

export type LiveOptions = {
  config: TrainConfig
  manifest: Manifest
  /** Path of the student's teacher; null for a teacher. */
  teacher: string | null
  /** Path of log.jsonl. Lines after `step` are of an interrupted training and will be written again. */
  log: string
  /** Step the training begins or goes on at. */
  step: number
  /** Where to tell that the store failed. */
  warn?: (text: string) => void
}

/** Hooks of a training loop; none of them ever throws. A tfjs backend must be set before a checkpoint comes. */
export type LiveRun = {
  /** After the line was written to the log. */
  onLog(line: { step: number }): Promise<void>
  onCheckpoint(path: string): Promise<void>
  /** The training is over; closes the store. */
  end(): Promise<void>
}

/** Makes the run visible, with what an interrupted training had logged, and stores its teacher if need be. */
export async function startLive(options: LiveOptions): Promise<LiveRun> {
  const { config, teacher, warn = console.error } = options
  let warned = false
  /** Whether the store lacks the run or some of its log. */
  let behind = true

  async function quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      behind = true
      if (!warned) warn(`the dashboard does not follow ${config.name}: ${(error as Error).message}`)
      warned = true
    }
  }
  async function catchUp(upTo: number): Promise<void> {
    await migrate()
    const [stored] = teacher === null ? [] : await store([teacher], () => usualSamples.last)
    await openRun(runOf(options, stored?.run ?? null))
    await replaceScalars(config.name, scalarsUpTo(options.log, upTo))
    behind = false
  }

  await quietly(() => catchUp(options.step))
  return {
    onLog: (line) =>
      quietly(() =>
        behind ? catchUp(Number.POSITIVE_INFINITY) : appendScalars(config.name, scalarsOfLine(line)),
      ),
    onCheckpoint: (path) =>
      quietly(async () => {
        if (behind) await catchUp(Number.POSITIVE_INFINITY)
        // Diagnosis takes longer than a log line: said before and after, the run stays live meanwhile.
        await appendScalars(config.name, [])
        const isLast = basename(path) === checkpointName(config.steps)
        const samples = isLast ? usualSamples.last : usualSamples.onTheWay
        await store(teacher === null ? [path] : [teacher, path], (file) =>
          file === path ? samples : usualSamples.last,
        )
        await appendScalars(config.name, [])
      }),
    end: () =>
      quietly(async () => {
        await closeRun(config.name)
        await closeDb()
      }),
  }
}

/** The run as its checkpoints will describe it. */
function runOf({ config, manifest }: LiveOptions, teacherRun: string | null) {
  return {
    name: config.name,
    role: config.role,
    teacher: teacherRun,
    method: config.role === 'teacher' ? 'teacher' : methodLabel(manifest),
    bits: bitsLabel(manifest),
    settings: config as Record<string, unknown>,
  }
}

function scalarsUpTo(log: string, step: number) {
  return existsSync(log) ? scalarsOfLog(readFileSync(log, 'utf8'), step) : []
}

function store(paths: string[], samples: (path: string) => number): Promise<Imported[]> {
  return importCheckpoints(paths, {
    ...usualMeasurement,
    samples,
    flags: {},
    prepare: prepareUpload,
    onDone: ({ file, problem }) => {
      if (problem) throw new Error(`${file}: ${problem}`)
    },
  })
}

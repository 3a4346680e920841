import { statSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { InputError } from '../tensor/error'
import { type Command, checkpointHelp, type Flags, onlyPositional, wholeNumber } from './command'
import {
  checkpointsBelow,
  type Imported,
  type ImportOptions,
  importCheckpoints,
  importFlags,
  importOptionsOf,
  measurementHelp,
} from './import'
import { isFolder } from './open'
import { withStore } from './with-store'

export const watch: Command = {
  summary: 'import the checkpoints of a folder as they appear, until Ctrl-C',
  help: `usage: watch DIR [--run NAME] [--teacher FILE] [--settle SECONDS]

Looks into DIR and its subfolders every second. A file is imported once neither its size nor its time has changed for the
settling time; names that begin with a dot or do not end like a checkpoint's are left alone, so a training can write beside and
rename. A file that is refused is told and does not stop the others; it is tried again when it changes.
Ctrl-C ends after the checkpoint at work.

  --run NAME       run to store in (default: what the checkpoint says, else the name of DIR)
  --teacher FILE   full-precision checkpoint the others are students of
  --settle N       seconds a file must rest (default 3)
${measurementHelp}
${checkpointHelp}`,
  options: { ...importFlags, settle: { type: 'string' } },
  async run(positionals, flags) {
    const folder = onlyPositional(positionals, 'DIR')
    const settleMs = 1000 * wholeNumber(flags, 'settle', 3, [0, 3600])
    const stop = new AbortController()
    process.once('SIGINT', () => stop.abort())
    console.error(`watching ${folder}, Ctrl-C ends it`)
    await withStore(() =>
      watchFolder(folder, optionsOf(flags), { settleMs, pollMs: 1000, signal: stop.signal }),
    )
    return 0
  },
}

/** With --json every result is a line of its own. */
function optionsOf(flags: Flags): ImportOptions {
  const options = importOptionsOf(flags)
  const onDone = (result: Imported) => {
    options.onDone(result)
    if (flags.json) console.log(JSON.stringify(result))
  }
  return { ...options, onDone }
}

/** What a file was when it was last looked at. */
type Look = { size: number; mtimeMs: number; since: number; done: boolean }

/** Imports what rests in the folder until the signal comes. Throws an InputError if there is no such folder. */
export async function watchFolder(
  folder: string,
  options: ImportOptions,
  { settleMs, pollMs, signal }: { settleMs: number; pollMs: number; signal: AbortSignal },
): Promise<void> {
  const looks = new Map<string, Look>()
  while (!signal.aborted) {
    if (!isFolder(folder))
      throw new InputError({
        file: folder,
        problem: 'there is no such folder',
        remedy: 'Check the path.',
        code: 'not_found',
      })
    for (const path of checkpointsBelow(folder)) {
      if (signal.aborted || !rests(path, looks, settleMs)) continue
      await importOne(path, folder, options)
    }
    await wait(pollMs, undefined, { signal }).catch(() => {})
  }
}

/** Whether a file has rested long enough, for the first time since it changed. */
function rests(path: string, looks: Map<string, Look>, settleMs: number): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return false
  const { size, mtimeMs } = stat
  const last = looks.get(path)
  if (last?.size !== size || last.mtimeMs !== mtimeMs) {
    looks.set(path, { size, mtimeMs, since: Date.now(), done: false })
    return false
  }
  if (last.done || Date.now() - last.since < settleMs) return false
  last.done = true
  return true
}

async function importOne(path: string, folder: string, options: ImportOptions): Promise<void> {
  try {
    await importCheckpoints([path], { ...options, series: folder })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const problem = error.message
    options.onDone({ file: path, run: '', step: 0, sha256: '', id: null, stored: false, problem })
  }
}

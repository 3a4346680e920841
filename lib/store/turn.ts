/**
 * Processes that write take turns, first come, first served. SQLite lets one write at a time, and whoever asks at the
 * right moment is next: of many that ask all the time, one can wait for good. A ticket in writers/, beside the database,
 * says since when a process waits. That is courtesy only: what keeps writes apart is SQLite's lock, so a ticket that
 * cannot be written, or whose process is gone, stops nobody. Its files are touched as SQLite touches its own, without another
 * thread: with eight processes on two cores, the changes of thread took a fifth of the time.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs'
import path from 'node:path'
import { host, isRunning } from './owner'

/** A ticket that is first for so long is taken away: its process hangs, or is of another machine and gone. */
const patienceMs = 5000

/** How long the tickets are not looked at when nothing is told of them. */
const lookAgainMs = 50

/** Waits for the turn of this process in the store of `folder`, does the work, and passes the turn on. */
export async function inTurn<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const tickets = path.join(folder, 'writers')
  const mine = `${String(Date.now()).padStart(15, '0')}.${randomBytes(4).toString('hex')}.${host()}.${process.pid}`
  try {
    mkdirSync(tickets, { recursive: true })
    writeFileSync(path.join(tickets, mine), '')
    await untilFirst(tickets, mine)
  } catch {
    // A full or closed disk: the write itself will tell.
  }
  try {
    return await work()
  } finally {
    try {
      rmSync(path.join(tickets, mine), { force: true })
    } catch {
      // It will be seen that its process is gone, or that it waits too long.
    }
  }
}

async function untilFirst(tickets: string, mine: string): Promise<void> {
  let [leader, since] = ['', 0]
  for (;;) {
    const before = readdirSync(tickets)
      .filter((ticket) => ticket < mine)
      .sort()
    const [first] = before
    if (first === undefined) return
    if (first !== leader) [leader, since] = [first, performance.now()]
    if (isLeft(first) || performance.now() - since > patienceMs)
      rmSync(path.join(tickets, first), { force: true })
    else await untilGone(path.join(tickets, before.at(-1)!))
  }
}

/**
 * Until this ticket is taken away, or for a moment: it may hang, and not every file system tells of what others do. Each
 * waits for the one before it, as looking at them all again and again costs time that the first could use.
 */
function untilGone(ticket: string): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      watcher?.close()
      resolve()
    }
    const timer = setTimeout(done, lookAgainMs)
    const watcher = watched(ticket, done)
  })
}

/** null where it cannot be watched: it is gone, and looked at again at once, or the system watches no more files. */
function watched(ticket: string, onChange: () => void) {
  try {
    return watch(ticket, onChange).on('error', onChange)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') setImmediate(onChange)
    return null
  }
}

/** Of a process of this machine that is gone. */
function isLeft(ticket: string): boolean {
  const [, , owner, pid] = ticket.split('.')
  return owner === host() && !isRunning(Number(pid))
}

/**
 * Processes that write take turns, first come, first served. SQLite lets one write at a time, and whoever asks at the
 * right moment is next: of many that ask all the time, one can wait for good. A ticket in writers/, beside the database,
 * says since when a process waits. That is courtesy only: what keeps writes apart is SQLite's lock, so a ticket that
 * cannot be written, or whose process is gone, stops nobody.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { host, isRunning } from './owner'

/** A ticket that is first for so long is taken away: its process hangs, or is of another machine and gone. */
const patienceMs = 5000

/** Waits for the turn of this process in the store of `folder`, does the work, and passes the turn on. */
export async function inTurn<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const tickets = path.join(folder, 'writers')
  const mine = `${String(Date.now()).padStart(15, '0')}.${randomBytes(4).toString('hex')}.${host()}.${process.pid}`
  try {
    await mkdir(tickets, { recursive: true })
    await writeFile(path.join(tickets, mine), '')
    await untilFirst(tickets, mine)
  } catch {
    // A full or closed disk: the write itself will tell.
  }
  try {
    return await work()
  } finally {
    await rm(path.join(tickets, mine), { force: true }).catch(() => {})
  }
}

async function untilFirst(tickets: string, mine: string): Promise<void> {
  let [leader, since] = ['', 0]
  for (;;) {
    const before = (await readdir(tickets)).filter((ticket) => ticket < mine).sort()
    const [first] = before
    if (first === undefined) return
    if (first !== leader) [leader, since] = [first, performance.now()]
    if (isLeft(first) || performance.now() - since > patienceMs)
      await rm(path.join(tickets, first), { force: true })
    // Looking costs time that the first could use: the further back, the more rarely.
    else await setTimeout(4 * before.length === 1 ? 1 : 4 * before.length)
  }
}

/** Of a process of this machine that is gone. */
function isLeft(ticket: string): boolean {
  const [, , owner, pid] = ticket.split('.')
  return owner === host() && !isRunning(Number(pid))
}

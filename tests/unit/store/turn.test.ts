import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { host } from '../../../lib/store/owner'
import { inTurn } from '../../../lib/store/turn'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'signscope-turn-'))
  mkdirSync(path.join(folder, 'writers'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const tickets = () => readdirSync(path.join(folder, 'writers'))

/** A ticket older than any of today. */
function ticketOf(pid: number, owner = host()): string {
  const file = path.join(folder, 'writers', `000000000000001.0.${owner}.${pid}`)
  writeFileSync(file, '')
  return file
}

it('a write waits for the process that asked before it, and leaves no ticket', async () => {
  const other = spawn('sleep', ['60'])
  const ticket = ticketOf(other.pid!)
  let done = false
  const waiting = inTurn(folder, async () => {
    done = true
  })
  await setTimeout(100)
  expect([done, tickets().length]).toEqual([false, 2])
  rmSync(ticket)
  await waiting
  expect([done, tickets()]).toEqual([true, []])
  other.kill()
})

it('the ticket of a process that is gone, or of another machine, stops nobody for good', async () => {
  const { pid } = spawnSync('true')
  ticketOf(pid)
  ticketOf(1, 'elsewhere')
  expect(await inTurn(folder, async () => 'written')).toBe('written')
  expect(tickets()).toEqual([])
})

it('a folder that takes no ticket stops nobody', async () => {
  rmSync(path.join(folder, 'writers'), { recursive: true })
  writeFileSync(path.join(folder, 'writers'), 'in the way')
  expect(await inTurn(folder, async () => 'written')).toBe('written')
})

it('work that fails passes the turn on', async () => {
  await expect(inTurn(folder, () => Promise.reject(new Error('full')))).rejects.toThrow('full')
  expect(tickets()).toEqual([])
})

/** What `bench safety` measures at length, with few and small trials. */
import { beforeAll, expect, it } from 'vitest'
import { type Kill, killImports, randomKills, stepsOfImport } from '../../safety/06-kill'
import { diskHolds, fillDisk } from '../../safety/07-full-disk'
import { writeTogether } from '../../safety/08-writers'
import { row as sameFile } from '../../safety/09-same-file'
import { drill } from '../../safety/17-restore'
import { row as oddClocks } from '../../safety/18-clock'
import { collectWhileImporting } from '../../safety/19-collection'
import { inNewStore } from '../../safety/in-store'
import { noFaults } from '../../safety/state'

const patient = { timeout: 300_000 }
const told: string[] = []
const say = (line: string) => void told.push(line)

/** One step of each kind: file made, written, flushed, in its place; transaction begun, half done, done; not yet answered. */
let steps: Kill[]
beforeAll(async () => {
  const names = await inNewStore(stepsOfImport)
  const link = names.indexOf('link')
  const found = [
    names.indexOf('open'),
    names.lastIndexOf('write'),
    names.indexOf('sync'),
    link,
    names.indexOf('sync', link),
    names.lastIndexOf('BEGIN'),
    names.indexOf('INSERT Layer'),
    names.length,
  ]
  expect(found, names.join()).not.toContain(-1)
  steps = found.map((step) => ({ step }))
}, patient.timeout)

it(
  'a process killed at any step of an import loses nothing it has acknowledged and leaves nothing else',
  patient,
  async () => {
    const kills = [...steps, ...randomKills(2)]
    const { killed, acknowledged, faults } = await inNewStore(() => killImports(kills, say))
    expect([killed, faults], told.join('\n')).toEqual([kills.length, noFaults])
    expect(acknowledged).toBeGreaterThanOrEqual(kills.length)
  },
)

it(
  'a disk that is full, closed or failing is told as 507, costs nothing that is stored and needs no restart',
  patient,
  async () => {
    const report = await fillDisk(3)
    expect(diskHolds(report), JSON.stringify(report)).toBe(true)
  },
)

it('processes that import at the same time all succeed, beside one that reads', patient, async () => {
  const counts = await writeTogether({ writers: 3, imports: 5, readers: 1 })
  expect(counts).toMatchObject({ committed: 15, expected: 15, readErrors: 0, faults: noFaults })
  expect(counts.reads).toBeGreaterThan(0)
})

it('a file imported twenty times at once is there once, and every answer is the same', patient, async () => {
  expect(await sameFile.measure(say)).toMatchObject({ holds: true })
})

it(
  'a backup made while others import has every link and every file of the time before',
  patient,
  async () => {
    const { links, opened, faults } = await drill(3, 100_000)
    expect([links, opened, faults]).toEqual([3, 3, noFaults])
  },
)

it('order, links and pages that wait for changes do not depend on the clock', patient, async () => {
  const { holds, found } = await oddClocks.measure(say)
  expect(holds, found).toBe(true)
})

it('a file that is collected while it is imported again is never a row without a file', patient, async () => {
  const { dangling, removed } = await inNewStore(() => collectWhileImporting(40))
  expect(dangling).toBe(0)
  expect(removed).toBeGreaterThan(0)
})

/**
 * Imports over the API's handlers while the disk has no room, may not be written, or fails at each step in turn; a process
 * of its own, as it mounts and gives up its rights.
 *
 *   fill-disk.ts POINTS
 *
 * One line of JSON at the end, see DiskReport.
 */
import { chmodSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import path from 'node:path'
import { getCheckpoint } from '../../lib/store/checkpoints'
import { closeDb } from '../../lib/store/db'
import { migrate } from '../../lib/store/migrate'
import { isServed, postCheckpoint, putWeights } from './handlers'
import { smallDisk } from './small-disk'
import { faultsOf, isFaultless } from './state'
import { watchSteps } from './steps'
import { uploadOf } from './upload'
import { weightsOf } from './weights'

export type DiskReport = {
  disk: string
  /** Imports tried without room, and how many of them were refused with 507. */
  points: number
  full: number
  /** Imports refused with 507 without the right to write. */
  forbidden: number
  /** Steps of an import that were made to fail, and how many of those imports were refused with 507. */
  spoiled: number
  refused: number
  /** Answers that were neither success nor 507. */
  wrong: number
  /** Imports that failed after room or rights came back, or earlier data that could not be read meanwhile. */
  lost: number
  /** What the store held at the end that must not be there. */
  faulty: string
}

const layers = 20
const values = 100_000
const disk = smallDisk()
process.env.SIGNSCOPE_DATA = disk.folder
await migrate()

// Refusals are logged with their cause, dozens of times here.
console.error = () => {}

const report = { full: 0, forbidden: 0, spoiled: 0, refused: 0, wrong: 0, lost: 0 }
const stored: { id: string; sha256: string }[] = []
let imports = 0

/** The step that is made to fail, of those an import has taken; none at first. */
let fatal = -1
let [taken, spoiling, isSpoiled, spoiledStep] = [0, false, false, '']

/** Imports a new file; the status of the first answer that is not a success, else 201. */
async function importOne(): Promise<number> {
  const step = imports++
  const bytes = weightsOf(step, values)
  const { sha256, answer } = await putWeights(bytes)
  if (!answer.ok) return answer.status
  const upload = uploadOf({ name: 'disk', step, sha256, bytes: bytes.length, layers })
  const posted = await postCheckpoint(upload)
  if (!posted.ok) return posted.status
  stored.push({ id: ((await posted.json()) as { id: string }).id, sha256 })
  return 201
}

/** An import that may fail with 507 and nothing else, while what was stored before is read. */
async function importBadly(): Promise<boolean> {
  const earlier = stored.slice(-3)
  ;[taken, spoiling] = [0, true]
  const status = await importOne()
  spoiling = false
  if (status !== 201 && status !== 507) {
    report.wrong++
    console.warn(`${status} when step ${spoiledStep} failed`)
  }
  for (const { id, sha256 } of earlier)
    if ((await getCheckpoint(id))?.diagnosis.layers.length !== layers || !(await isServed(sha256)))
      report.lost++
  return status === 507
}

async function importWell(): Promise<void> {
  if ((await importOne()) !== 201) report.lost++
}

const points = Number(process.argv[2])
const before = statfsSync(disk.folder)
await importWell()
const after = statfsSync(disk.folder)
const need = disk.kind === 'tmpfs' ? (before.bfree - after.bfree) * after.bsize : values * 4
await importWell()
for (let point = 0; point < points; point++) {
  disk.leave((need * point) / points)
  if (await importBadly()) report.full++
  disk.free()
  await importWell()
}

if (process.getuid?.() === 0) process.seteuid!(65534)
else setRights(0o555)
if (await importBadly()) report.forbidden++
if (process.getuid?.() === 0) process.seteuid!(0)
else setRights(0o755)
await importWell()

await watchSteps((name) => {
  if (!spoiling || taken++ !== fatal) return
  ;[isSpoiled, spoiledStep] = [true, name]
  const codes = /^[a-z]/.test(name) ? ['ENOSPC', 'EIO', 'EACCES'] : ['SQLITE_FULL', 'SQLITE_IOERR_WRITE']
  throw Object.assign(new Error(name), { code: codes[fatal % codes.length] })
})
do {
  isSpoiled = false
  fatal++
  const refused = await importBadly()
  if (isSpoiled) report.spoiled++
  if (refused) report.refused++
  await importWell()
} while (isSpoiled)

const faults = await faultsOf(
  stored.map(({ id }) => id),
  layers,
)
const faulty = isFaultless(faults) ? '' : JSON.stringify(faults)
const result: DiskReport = { disk: disk.kind, points, ...report, faulty }
console.log(JSON.stringify(result))
await closeDb()
if (disk.kind !== 'tmpfs') rmSync(disk.folder, { recursive: true })
process.exit()

function setRights(mode: number): void {
  const blobs = path.join(disk.folder, 'blobs')
  for (const entry of readdirSync(blobs, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) chmodSync(path.join(entry.parentPath, entry.name), mode)
  chmodSync(blobs, mode)
}

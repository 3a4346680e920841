import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { db } from '../../lib/store/db'
import { dataFolder } from '../../lib/store/folder'
import { verifyStore } from '../../lib/store/verify'

/** What must never be found in a store after its sweep; all of them 0. */
export type Faults = {
  /** Checkpoints that were acknowledged and are not there, with their file. */
  lost: number
  rowsWithoutFile: number
  wrongHashes: number
  /** Checkpoints with some of their layers. */
  partial: number
  filesWithoutRow: number
  temporary: number
  /** Lines of SQLite's integrity check. */
  integrity: number
}

/** Looks through the whole store. `acknowledged` holds the ids that were answered, each checkpoint has `layers` layers. */
export async function faultsOf(acknowledged: readonly string[], layers: number): Promise<Faults> {
  const { database, missing, damaged, unknown } = await verifyStore()
  const checkpoints = await db().checkpoint.findMany({
    select: { id: true, sha256: true, _count: { select: { layers: true } } },
  })
  const blobs = new Set((await db().blob.findMany({ select: { sha256: true } })).map(({ sha256 }) => sha256))
  const whole = new Set(checkpoints.filter(({ sha256 }) => blobs.has(sha256)).map(({ id }) => id))
  const parts = path.join(dataFolder(), 'blobs/tmp')
  return {
    lost: acknowledged.filter((id) => !whole.has(id)).length,
    rowsWithoutFile: missing.length,
    wrongHashes: damaged.length,
    partial: checkpoints.filter(({ _count }) => _count.layers !== layers).length,
    filesWithoutRow: unknown,
    temporary: existsSync(parts) ? readdirSync(parts).length : 0,
    integrity: database.length,
  }
}

/** Nothing at all. */
export const noFaults: Faults = {
  lost: 0,
  rowsWithoutFile: 0,
  wrongHashes: 0,
  partial: 0,
  filesWithoutRow: 0,
  temporary: 0,
  integrity: 0,
}

export function isFaultless(faults: Faults): boolean {
  return Object.values(faults).every((count) => count === 0)
}

/** The sum of both, fault by fault. */
export function addFaults(a: Faults, b: Faults): Faults {
  const names = Object.keys(noFaults) as (keyof Faults)[]
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as Faults
}

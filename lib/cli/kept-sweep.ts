/** Where the sweep of two files keeps what it has measured: by their contents and how they are read and measured. */
import { createHash } from 'node:crypto'
import type { Kept } from '../diagnostics/sweep'
import { keptSlot } from '../store/kept-sweeps'

/** A network to measure: content hash of its file, and all that decides how it is read. */
export type Read = { sha256: string; reading: unknown }

/** `clear` forgets the timesteps of the pair; the teacher's axes stay for its other students. */
export function keptSweep(
  teacher: Read,
  student: Read,
  measurement: object,
): Kept & { clear(): Promise<void> } {
  const axes = keptSlot(`axes-${nameOf([teacher, measurement])}`)
  const timesteps = keptSlot(`pair-${nameOf([teacher, student, measurement])}`)
  return { axes, timesteps, clear: timesteps.clear }
}

const nameOf = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)

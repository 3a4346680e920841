import { existsSync } from 'node:fs'
import { blobFile, putBlob } from '../../lib/store/blobs'
import { write } from '../../lib/store/db'
import { inNewStore } from './in-store'
import type { SafetyRow } from './row'
import { startProcess } from './start-process'
import { faultsOf } from './state'

/** Every file is imported again and again while another process removes it again and again. */
const files = Array.from({ length: 4 }, (_, i) => new Uint8Array(50_000).fill(i))

/** Imports files, `trials` times in all, beside a process that removes every file no checkpoint names. */
export async function collectWhileImporting(trials: number) {
  const { child, ended } = startProcess('sweeper.ts', [])
  await new Promise((resolve) => child.stdout!.once('data', resolve))
  let dangling = 0
  for (let trial = 0; trial < trials; trial += files.length) {
    await Promise.all(files.map((bytes) => putBlob(bytes)))
    dangling += await danglingRows()
  }
  child.kill('SIGTERM')
  const { removed } = JSON.parse((await ended).lines.at(-1)!) as { removed: number }
  const faults = await faultsOf([], 0)
  return { trials, removed, dangling: dangling + faults.rowsWithoutFile, left: faults.filesWithoutRow }
}

/** Rows without a file, at a moment when nobody can write. */
function danglingRows(): Promise<number> {
  return write(async (tx) => {
    const rows = await tx.blob.findMany({ select: { sha256: true } })
    return rows.filter(({ sha256 }) => !existsSync(blobFile(sha256))).length
  })
}

export const row: SafetyRow = {
  test: 'files collected as unused by one process while another imports them',
  gate: 'no row without its file in 500 trials',
  measure: () =>
    inNewStore(async () => {
      const { trials, removed, dangling, left } = await collectWhileImporting(500)
      return {
        holds: dangling === 0 && removed > 0,
        found: `${dangling} in ${trials} trials, ${removed} files removed meanwhile`,
        figures: { trials, removed, dangling, left },
      }
    }),
}

import path from 'node:path'
import { backupStore, restoreStore } from '../../lib/store/backup'
import { closeDb, db } from '../../lib/store/db'
import { createShare, openShare } from '../../lib/store/shares'
import { inNewStore } from './in-store'
import type { SafetyRow } from './row'
import { startProcess } from './start-process'
import { faultsOf, isFaultless } from './state'

const layers = 50

/** Backs a store up while two processes write to it, restores it elsewhere, and opens every link made before. */
export async function drill(before: number, bytes: number) {
  return inNewStore(async (folder) => {
    const importer = (name: string, count: number) =>
      startProcess('importer.ts', [name, String(count), String(bytes), String(layers)])
    const { lines } = await importer('before', before).ended
    const ids = lines.map((line) => (JSON.parse(line) as { id: string }).id)
    const view = { page: 'run', run: 'before', layer: null, query: '' } as const
    const tokens = await Promise.all(
      ids.map(async (id) => (await createShare({ ...view, checkpoints: [id] })).token),
    )
    const writers = [importer('meanwhile-a', 1_000_000), importer('meanwhile-b', 1_000_000)]
    await Promise.all(
      writers.map(({ child }) => new Promise((resolve) => child.stdout!.once('data', resolve))),
    )
    const copy = path.join(folder, 'copy')
    const started = Date.now()
    await backupStore(copy)
    const backupMs = Date.now() - started
    for (const { child } of writers) child.kill('SIGKILL')
    await Promise.all(writers.map(({ ended }) => ended))
    await closeDb()
    process.env.SIGNSCOPE_DATA = path.join(folder, 'elsewhere')
    const { blobs, bytes: copied } = await restoreStore(copy)
    const opened = await Promise.all(tokens.map(openShare))
    return {
      links: tokens.length,
      opened: opened.filter((view) => view !== null).length,
      blobs,
      megabytes: Math.round(copied / 2 ** 20),
      meanwhile: (await db().checkpoint.count()) - ids.length,
      backupMs,
      faults: await faultsOf(ids, layers),
    }
  })
}

export const row: SafetyRow = {
  test: 'backup while two processes import, restored elsewhere (`backup`, `restore`)',
  gate: 'every share link opens, every hash is right',
  measure: async () => {
    const { faults, ...figures } = await drill(40, 4_000_000)
    const { links, opened, blobs, megabytes, meanwhile, backupMs } = figures
    return {
      holds: opened === links && meanwhile > 0 && isFaultless(faults),
      found: `${opened} of ${links} links, ${blobs} files (${megabytes} MB) with the right hash, ${meanwhile} of them imported meanwhile; ${(backupMs / 1000).toFixed(1)} s`,
      figures: { ...figures, ...faults },
    }
  },
}

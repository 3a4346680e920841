import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { closeDb } from '../../lib/store/db'
import { migrate } from '../../lib/store/migrate'

/** Does something in a new, empty store, which is gone afterwards. This process and those it starts use it. */
export async function inNewStore<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const before = process.env.SIGNSCOPE_DATA
  const folder = mkdtempSync(path.join(tmpdir(), 'signscope-safety-'))
  process.env.SIGNSCOPE_DATA = folder
  try {
    await migrate()
    return await work(folder)
  } finally {
    await closeDb()
    if (before === undefined) delete process.env.SIGNSCOPE_DATA
    else process.env.SIGNSCOPE_DATA = before
    rmSync(folder, { recursive: true, force: true })
  }
}

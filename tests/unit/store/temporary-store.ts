import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { closeDb } from '../../../lib/store/db'
import { migrate } from '../../../lib/store/migrate'

/** Gives the tests of a file a migrated, empty store of their own. */
export function useTemporaryStore(): void {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'signscope-store-'))
    process.env.SIGNSCOPE_DATA = folder
    await migrate(folder)
  })
  afterAll(async () => {
    await closeDb()
    await rm(folder, { recursive: true, force: true })
  })
}

/** What is kept of sweeps that are not done, and the axes of their teachers: files under `sweeps` in the data folder. */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Slot } from '../diagnostics/sweep-progress'
import { dataFolder } from './folder'

/** What nobody has written to for so long is removed. */
const keptMs = 7 * 24 * 3600 * 1000

/** The slot of a name that may stand in a path. A text is there whole or not at all, whenever the process ends. */
export function keptSlot(name: string, folder: string = dataFolder()): Slot & { clear(): Promise<void> } {
  const own = path.join(folder, 'sweeps')
  const file = path.join(own, `${name}.json`)
  let isFirst = true
  return {
    async read() {
      return orNothing(readFile(file, 'utf8'))
    },
    async write(text) {
      if (isFirst) {
        await mkdir(own, { recursive: true })
        await removeOld(own)
        isFirst = false
      }
      const part = `${file}.${randomUUID()}.part`
      await writeFile(part, text)
      await rename(part, file)
    },
    clear: () => rm(file, { force: true }),
  }
}

async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name)
    const found = await orNothing(stat(file))
    if (found && Date.now() - found.mtimeMs > keptMs) await rm(file, { force: true })
  }
}

/** null for a file that is not there (any more). */
async function orNothing<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

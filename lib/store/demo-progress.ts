/** How far the demo is loaded, told by the process that loads it to the one that serves pages. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { dataFolder } from './folder'

export type DemoProgress = { done: number; total: number }

const file = () => path.join(dataFolder(), 'demo-progress.json')

/** Says how many checkpoints of the demo are stored; all of them, or null, ends the telling. */
export function tellDemoProgress(progress: DemoProgress | null): void {
  if (progress && progress.done < progress.total)
    writeFileSync(file(), JSON.stringify({ ...progress, pid: process.pid }))
  else rmSync(file(), { force: true })
}

/** null when nothing is being loaded, also when the process that did is gone. */
export function demoProgress(): DemoProgress | null {
  try {
    const { done, total, pid } = JSON.parse(readFileSync(file(), 'utf8')) as DemoProgress & { pid: number }
    process.kill(pid, 0)
    return { done, total }
  } catch {
    return null
  }
}

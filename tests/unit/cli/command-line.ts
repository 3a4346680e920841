/** Runs command lines: in this process, where most tests want them, or as a user's shell would. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, vi } from 'vitest'
import { runCommandLine } from '../../../lib/cli/run'

export type Outcome = { code: number; stdout: string; stderr: string }

const main = fileURLToPath(new URL('../../../lib/cli/main.ts', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The same code without the second it takes to start a process. */
export async function run(...args: string[]): Promise<Outcome> {
  const [out, err]: [string[], string[]] = [[], []]
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((text) => void out.push(text)),
    vi.spyOn(console, 'error').mockImplementation((text) => void err.push(text)),
  ]
  try {
    const code = await runCommandLine(args)
    return { code, stdout: out.join('\n'), stderr: err.join('\n') }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

/** A process of its own. */
export function spawned(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', main, ...args], { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

/** A folder that is gone after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'signscope-cli-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Command } from './command'

const script = fileURLToPath(new URL('../../scripts/bench/browser_import.ts', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))

export const benchBrowser: Command = {
  summary: 'a large checkpoint opened in Chromium without upload: time and memory',
  help: `usage: bench browser-import [--json]

Writes a Lightning checkpoint of the size of LDM-4 (student and moving average, 2.1 GB, random weights) into the temporary
folder, starts the production server on a free port with a store of its own, drops the file on the Runs page in Chromium and
measures: seconds until the layer list, seconds for all weight statistics and the hash, peak memory of the tab
(proportional set size of Chromium's renderer processes, less what they took before).

  --json           one JSON document on stdout`,
  options: { json: { type: 'boolean' } },
  run: (_positionals, flags) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--import', 'tsx', script, ...(flags.json ? ['--json'] : [])], {
        cwd: root,
        stdio: 'inherit',
      })
      child.on('error', reject)
      child.on('exit', (code) => resolve(code ?? 1))
    }),
}

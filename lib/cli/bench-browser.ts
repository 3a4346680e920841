import type { Command } from './command'
import { runScript } from './run-script'

export const benchBrowser: Command = {
  summary: 'a large checkpoint opened in Chromium without upload: time and memory',
  help: `usage: bench browser-import [--json]

Writes a Lightning checkpoint of the size of LDM-4 (student and moving average, 2.1 GB, random weights) into the temporary
folder, starts the production server on a free port with a store of its own, drops the file on the Runs page in Chromium and
measures: seconds until the layer list, seconds for all weight statistics and the hash, peak memory of the tab
(proportional set size of Chromium's renderer processes, less what they took before).

  --json           one JSON document on stdout`,
  options: { json: { type: 'boolean' } },
  run: (_positionals, flags) => runScript('scripts/bench/browser_import.ts', flags.json ? ['--json'] : []),
}

/** Where Chromium is on this machine, for the browser tests and the benches. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { chromium } from '@playwright/test'

const names = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
]
/** Of Debian; the first has no windows and is a fifth faster. */
const packages = ['chromium-headless-shell', 'chromium']
const elsewhere = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** Env CHROMIUM, else one that is installed, else the one Playwright has downloaded; undefined if there is none. */
export function findChromium(): string | undefined {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  const installed = names.flatMap((name) => folders.map((folder) => path.join(folder, name)))
  return [...installed, ...elsewhere, chromium.executablePath()].find(existsSync)
}

/** Finds Chromium or installs it: Debian's package where apt may be used, else Playwright's download. */
export function ensureChromium(): string {
  const found = findChromium()
  if (found) return found
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  if (
    run('apt-get', ['--version'], 'ignore') &&
    (sudo.length === 0 || run('sudo', ['-n', 'true'], 'ignore'))
  ) {
    const apt = (...step: string[]) => {
      const [command, ...args] = [...sudo, 'apt-get', ...step]
      return run(command!, args)
    }
    const install = (name: string) => apt('install', '-y', '--no-install-recommends', name)
    apt('update')
    for (const name of packages) {
      console.error(`Chromium is not installed: installing the package "${name}"`)
      if (install(name)) break
    }
  }
  // A package of this name can be an empty stand-in (Ubuntu), hence the second look.
  if (!findChromium()) run(process.execPath, ['node_modules/@playwright/test/cli.js', 'install', 'chromium'])
  const installed = findChromium()
  if (!installed) throw new Error('Chromium could not be installed. Install it and set CHROMIUM to its path.')
  return installed
}

/** What it prints goes to standard error: standard output may be a report. */
function run(command: string, args: string[], output: 'ignore' | 2 = 2): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(command, args, { stdio: ['ignore', output, output], env }).status === 0
}

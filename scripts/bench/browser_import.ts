/**
 * What `cli -- bench browser-import` measures: a Lightning checkpoint of LDM-4's size, dropped in Chromium on the production
 * server. Needs a build (npm start makes one) and Linux, whose /proc tells the memory of the tab.
 *
 *   node --import tsx scripts/bench/browser_import.ts [--json]
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { chromium, type Page } from '@playwright/test'
import { layerList } from '../../lib/unet/architecture'
import { parseConfig } from '../../lib/unet/config'
import { parameterShapes } from '../../lib/unet/unet'
import { ensureChromium } from '../chromium'
import { writeLightning } from './lightning'

const manifest = 'tests/fixtures/manifests/ldm4_lsun_beds256.json'
const root = path.resolve(import.meta.dirname, '../..')

const folder = mkdtempSync(path.join(tmpdir(), 'signscope-browser-'))
const port = await freePort()
const server = spawn(process.execPath, ['--import', 'tsx', 'scripts/start.ts'], {
  cwd: root,
  env: {
    ...process.env,
    ...{
      PORT: String(port),
      HOST: '127.0.0.1',
      SIGNSCOPE_DATA: path.join(folder, 'data'),
      SIGNSCOPE_DEMO: 'none',
    },
  },
  stdio: ['ignore', 'ignore', 'inherit'],
})
try {
  const { config } = JSON.parse(readFileSync(path.join(root, manifest), 'utf8')) as { config: unknown }
  const network = parseConfig(config, manifest)
  const file = path.join(folder, 'ldm4-lsun-beds.ckpt')
  const bytes = writeLightning(
    file,
    [...parameterShapes(network)].map(([name, shape]) => [name, [...shape]]),
    { averaged: true },
  )
  await answers(`http://127.0.0.1:${port}/api/v1/health`)
  const measured = await measure(`http://127.0.0.1:${port}/`, file, layerList(network).length)
  const result = { bytes, ...measured, load: loadavg()[0] }
  const words = `${(bytes / 2 ** 20).toFixed(0)} MiB, ${result.layers} layers: list after ${result.listSeconds.toFixed(1)} s, all statistics and the hash in ${result.diagnosisSeconds.toFixed(1)} s, peak of the tab ${result.peakMB.toFixed(0)} MB (load ${result.load!.toFixed(1)})`
  console.log(process.argv.includes('--json') ? JSON.stringify(result, null, 2) : words)
} finally {
  server.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
}

async function measure(url: string, file: string, layers: number) {
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: ['--no-sandbox'] })
  try {
    const page: Page = await browser.newPage()
    await page.goto(url)
    await page.getByRole('button', { name: 'Choose files' }).waitFor()
    const before = rendererBytes()
    let peak = before
    const watch = setInterval(() => {
      peak = Math.max(peak, rendererBytes())
    }, 200)
    const dropped = performance.now()
    await page.getByLabel('Checkpoint files').setInputFiles(file)
    await page.getByText(`${layers} layers`).first().waitFor({ timeout: 120_000 })
    const listed = performance.now()
    await page.getByRole('button', { name: 'Store as a teacher' }).click()
    const started = performance.now()
    await page.getByText('is stored, step').waitFor({ timeout: 900_000 })
    const ended = performance.now()
    clearInterval(watch)
    return {
      layers,
      listSeconds: (listed - dropped) / 1000,
      diagnosisSeconds: (ended - started) / 1000,
      peakMB: (peak - before) / 1e6,
      beforeMB: before / 1e6,
    }
  } finally {
    await browser.close()
  }
}

/** Proportional set size of the renderers of browsers this process started: shared pages count by their share. */
function rendererBytes(): number {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const facts = new Map(processes.flatMap((pid) => factsOf(pid)))
  const isOurs = (pid: string): boolean => {
    const parent = facts.get(pid)?.parent
    return parent === String(process.pid) || (parent !== undefined && isOurs(parent))
  }
  const renderers = [...facts].filter(
    ([pid, { command }]) => command.includes('--type=renderer') && isOurs(pid),
  )
  return renderers.reduce((sum, [pid]) => sum + proportionalBytes(pid), 0)
}

function factsOf(pid: string): [string, { parent: string; command: string }][] {
  try {
    const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return parent ? [[pid, { parent, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') }]] : []
  } catch {
    return [] // it has ended meanwhile
  }
}

function proportionalBytes(pid: string): number {
  try {
    const kilobytes = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]
    return 1024 * Number(kilobytes ?? 0)
  } catch {
    return 0
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** Waits until the server does; the first start also builds. */
async function answers(url: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    const response = await fetch(url).catch(() => null)
    if (response?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error(`the server did not answer at ${url}`)
}

/**
 * What `cli -- bench weights-only` measures: the import of a file of Stable Diffusion 1's U-Net, which is read without
 * a forward pass. Needs Linux, whose /proc tells the memory of a process.
 *
 *   node --import tsx scripts/bench/weights_only.ts [--json]
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { writeLightning } from './lightning'

const root = path.resolve(import.meta.dirname, '../..')
const manifest = path.join(root, 'tests/fixtures/manifests/sd_v1_openaimodel.json.gz')

const folder = mkdtempSync(path.join(tmpdir(), 'signscope-weights-'))
try {
  const { tensors } = JSON.parse(gunzipSync(readFileSync(manifest)).toString()) as {
    tensors: [string, number[]][]
  }
  const file = path.join(folder, 'sd-v1.ckpt')
  const bytes = writeLightning(file, tensors, { averaged: false })
  await command('token', 'list') // makes the store
  const started = performance.now()
  const peakBytes = await command('import', file)
  const seconds = (performance.now() - started) / 1000
  const result = { bytes, tensors: tensors.length, seconds, peakMB: peakBytes / 1e6, load: loadavg()[0]! }
  const words = `${(bytes / 1e9).toFixed(2)} GB, ${tensors.length} tensors: hash and all statistics in ${seconds.toFixed(1)} s, peak memory ${result.peakMB.toFixed(0)} MB (load ${result.load.toFixed(1)})`
  console.log(process.argv.includes('--json') ? JSON.stringify(result, null, 2) : words)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Runs a command on the store of this benchmark; the largest resident set of its process. */
async function command(...words: string[]): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'lib/cli/main.ts', ...words], {
    cwd: root,
    env: { ...process.env, SIGNSCOPE_DATA: path.join(folder, 'data') },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  let peakBytes = 0
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, largestBytes(child.pid!))
  }, 50)
  const code = await new Promise((resolve) => child.once('exit', resolve))
  clearInterval(watch)
  if (code !== 0) throw new Error(`${words[0]} ended with code ${code}`)
  return peakBytes
}

/** High-water mark of the resident set: what it was before a look still counts. */
function largestBytes(pid: number): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0 // it has ended meanwhile
  }
}

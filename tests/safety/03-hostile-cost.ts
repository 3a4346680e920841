import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openFileSource } from '../../lib/tensor/file-source'
import { corpus } from '../corpus/corpus'
import { complaint, judge } from '../corpus/verdict'
import type { SafetyRow } from './row'

/** Files beyond this may take longer. */
const bigBytes = 4 * 2 ** 20
const gates = { ms: 2000, bigMs: 5000, mb: 64 }

type Cost = { file: string; bytes: number; ms: number; mb: number; wrong: string }

export const row: SafetyRow = {
  test: `time and memory of the ${corpus.length} files of the corpus, one after the other, from disk`,
  gate: `<= ${gates.ms / 1000} s (over ${bigBytes / 2 ** 20} MB: ${gates.bigMs / 1000} s), memory grows by <= ${gates.mb} MB beside the file itself`,
  async measure(say) {
    const folder = mkdtempSync(path.join(tmpdir(), 'signscope-corpus-'))
    try {
      const costs: Cost[] = []
      for (const of of corpus) {
        const file = path.join(folder, 'file')
        const bytes = of.bytes()
        writeFileSync(file, bytes)
        const { ms, mb, verdict } = await costOf(file)
        costs.push({ file: of.file, bytes: bytes.length, ms, mb, wrong: complaint(of, verdict) })
      }
      const failing = costs.filter(
        ({ bytes, ms, mb, wrong }) =>
          wrong !== '' || ms > (bytes > bigBytes ? gates.bigMs : gates.ms) || mb - bytes / 2 ** 20 > gates.mb,
      )
      for (const { file, ms, mb, wrong } of failing) say(`${file}: ${ms} ms, ${mb} MB ${wrong}`)
      const slowest = costs.reduce((a, b) => (b.ms > a.ms ? b : a))
      const largest = costs.reduce((a, b) => (b.mb > a.mb ? b : a))
      return {
        holds: failing.length === 0,
        found: `slowest ${slowest.ms} ms (${slowest.file}), most memory ${largest.mb} MB (${largest.file}), ${failing.length} beyond a gate`,
        figures: { files: costs.length, beyond: failing.length, slowestMs: slowest.ms, mostMb: largest.mb },
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** Judges one file; `mb` is how far the memory of this process rose above what it had before. */
async function costOf(file: string) {
  const source = await openFileSource(file, 'file')
  try {
    collectGarbage()
    const before = resetPeak()
    const start = performance.now()
    const verdict = await judge(source)
    const ms = Math.round(performance.now() - start)
    return { verdict, ms, mb: Math.max(0, Math.round(peak() - before)) }
  } finally {
    await source.close()
  }
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Lets the peak of the resident set start anew (Linux) and returns the set in MB. */
function resetPeak(): number {
  writeFileSync('/proc/self/clear_refs', '5')
  return statusMb('VmRSS')
}

function peak(): number {
  return statusMb('VmHWM')
}

function statusMb(field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(found?.[1]) / 1024
}

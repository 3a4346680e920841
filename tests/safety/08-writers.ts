import { quantiles } from '../../lib/math/quantiles'
import { inNewStore } from './in-store'
import type { SafetyRow } from './row'
import { startProcess } from './start-process'
import { faultsOf, isFaultless } from './state'

const layers = 200
const warmUp = 20

/** Processes that store so many checkpoints each, after some that warm them up, and processes that only read. */
type Counts = { writers: number; warmUp: number; imports: number; readers: number }

/**
 * Each writer stores one checkpoint after the other. Times are those of the imports after all are warm, which takes some:
 * until V8 has compiled what an import runs it takes twice the processor time. `cold` is the longest of all before.
 */
export function writeTogether(counts: Counts) {
  return inNewStore(() => write(counts))
}

async function write(counts: Counts) {
  const together = ['env', `TOGETHER=${counts.writers}`, `WARM_UP=${counts.warmUp}`]
  const each = counts.warmUp + counts.imports
  const readers = Array.from({ length: counts.readers }, () => startProcess('reader.ts', []))
  const writers = Array.from({ length: counts.writers }, (_, i) =>
    startProcess('importer.ts', [`writer-${i}`, String(each), '1000', String(layers)], together),
  )
  const stored = (await Promise.all(writers.map(({ ended }) => ended))).flatMap(({ lines }) =>
    lines.map((line) => JSON.parse(line) as { id: string; ms: number }),
  )
  for (const { child } of readers) child.kill('SIGTERM')
  const read = (await Promise.all(readers.map(({ ended }) => ended))).map(
    ({ lines }) => JSON.parse(lines[0] ?? '{"reads":0,"errors":1}') as { reads: number; errors: number },
  )
  const ids = stored.map(({ id }) => id)
  const cold = stored.filter((_, i) => i % each < counts.warmUp)
  const warm = stored.filter((_, i) => i % each >= counts.warmUp)
  const times = Float32Array.from(warm.map(({ ms }) => ms))
  const [p50, p95, p99, max] = quantiles(times, [0.5, 0.95, 0.99, 1])!.map((ms) => Math.round(ms ?? 0))
  return {
    committed: ids.length,
    expected: counts.writers * each,
    ...{ p50: p50!, p95: p95!, p99: p99!, max: max! },
    cold: Math.round(Math.max(...cold.map(({ ms }) => ms))),
    reads: read.reduce((sum, { reads }) => sum + reads, 0),
    readErrors: read.reduce((sum, { errors }) => sum + errors, 0),
    faults: await faultsOf(ids, layers),
  }
}

export const row: SafetyRow = {
  test: '8 processes that import 100 checkpoints each (200 layers) when they are warm, beside 4 that read',
  gate: 'every import stored, none told that the database is busy, p95 <= 250 ms, p99 <= 1 s, max <= 5 s, integrity_check ok',
  async measure() {
    const alone = await writeTogether({ writers: 1, warmUp, imports: 30, readers: 0 })
    const { faults, ...counts } = await writeTogether({ writers: 8, warmUp, imports: 100, readers: 4 })
    const { committed, expected, p50, p95, p99, max, cold, reads, readErrors } = counts
    const whole = committed === expected && readErrors === 0 && isFaultless(faults)
    return {
      holds: whole && p95 <= 250 && p99 <= 1000 && max <= 5000,
      found: `${committed} of ${expected}, p50 ${p50} ms (${(p50 / alone.p50).toFixed(1)}x one process alone), p95 ${p95} ms, p99 ${p99} ms, max ${max} ms, the first ${warmUp} of each process up to ${(cold / 1000).toFixed(1)} s; ${reads} reads, ${readErrors} failed`,
      figures: { alone: alone.p50, ...counts, ...faults },
    }
  },
}

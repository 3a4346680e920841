import { quantiles } from '../../lib/math/quantiles'
import { inNewStore } from './in-store'
import type { SafetyRow } from './row'
import { startProcess } from './start-process'
import { faultsOf, isFaultless } from './state'

const layers = 200

/**
 * So many processes, each storing so many checkpoints one after the other, beside processes that only read. Times are
 * those of warm processes, `first` the longest of the first imports, during which all the others start.
 */
export function writeTogether(counts: { writers: number; imports: number; readers: number }) {
  return inNewStore(() => write(counts))
}

async function write(counts: { writers: number; imports: number; readers: number }) {
  const together = ['env', `TOGETHER=${counts.writers}`]
  const readers = Array.from({ length: counts.readers }, () => startProcess('reader.ts', []))
  const writers = Array.from({ length: counts.writers }, (_, i) =>
    startProcess('importer.ts', [`writer-${i}`, String(counts.imports), '1000', String(layers)], together),
  )
  const stored = (await Promise.all(writers.map(({ ended }) => ended))).flatMap(({ lines }) =>
    lines.map((line) => JSON.parse(line) as { id: string; ms: number }),
  )
  for (const { child } of readers) child.kill('SIGTERM')
  const read = (await Promise.all(readers.map(({ ended }) => ended))).map(
    ({ lines }) => JSON.parse(lines[0] ?? '{"reads":0,"errors":1}') as { reads: number; errors: number },
  )
  const ids = stored.map(({ id }) => id)
  const first = stored.filter((_, i) => i % counts.imports === 0)
  const warm = stored.filter((_, i) => i % counts.imports !== 0)
  const times = Float32Array.from(warm.map(({ ms }) => ms))
  const [p50, p95, p99, max] = quantiles(times, [0.5, 0.95, 0.99, 1])!.map((ms) => Math.round(ms ?? 0))
  return {
    committed: ids.length,
    expected: counts.writers * counts.imports,
    ...{ p50: p50!, p95: p95!, p99: p99!, max: max! },
    first: Math.round(Math.max(...first.map(({ ms }) => ms))),
    reads: read.reduce((sum, { reads }) => sum + reads, 0),
    readErrors: read.reduce((sum, { errors }) => sum + errors, 0),
    faults: await faultsOf(ids, layers),
  }
}

export const row: SafetyRow = {
  test: '8 processes that import 100 checkpoints each (200 layers), beside 4 that read',
  gate: '800 of 800 stored, none told that the database is busy, p95 <= 250 ms, p99 <= 1 s, max <= 5 s, integrity_check ok',
  async measure() {
    const alone = await writeTogether({ writers: 1, imports: 30, readers: 0 })
    const { faults, ...counts } = await writeTogether({ writers: 8, imports: 100, readers: 4 })
    const { committed, expected, p50, p95, p99, max, first, reads, readErrors } = counts
    const whole = committed === expected && readErrors === 0 && isFaultless(faults)
    return {
      holds: whole && p95 <= 250 && p99 <= 1000 && max <= 5000,
      found: `${committed} of ${expected}, p50 ${p50} ms (${(p50 / alone.p50).toFixed(1)}x one process alone), p95 ${p95} ms, p99 ${p99} ms, max ${max} ms, the first of each process up to ${(first / 1000).toFixed(1)} s; ${reads} reads, ${readErrors} failed`,
      figures: { alone: alone.p50, ...counts, ...faults },
    }
  },
}

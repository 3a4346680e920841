import { integers } from '../../lib/math/rng'
import { sweepBlobs } from '../../lib/store/blobs'
import { inNewStore } from './in-store'
import type { SafetyRow } from './row'
import { startProcess } from './start-process'
import { addFaults, type Faults, faultsOf, isFaultless, noFaults } from './state'

/** Before a step of the second import, by its number; or so many milliseconds after the first is acknowledged. */
export type Kill = { step: number } | { after: number }

export type KillCount = {
  /** Processes that were killed, not those that ended before. */
  killed: number
  acknowledged: number
  /** Milliseconds of the slowest sweep. */
  sweepMs: number
  faults: Faults
}

const layers = 20
const bytes = 1_000_000
const importerOf = (name: string, count: number, ...more: string[]) =>
  startProcess('importer.ts', [name, String(count), String(bytes), String(layers), ...more])

/** The steps of an import, in order: calls of the file system and SQL statements. */
export async function stepsOfImport(): Promise<string[]> {
  const { lines } = await importerOf('steps', 2, '-1').ended
  return JSON.parse(lines.at(-1)!) as string[]
}

/** Kills an importer at each of these points, in the same store, and looks through all of it after each sweep. */
export async function killImports(kills: readonly Kill[], say: (line: string) => void): Promise<KillCount> {
  const ids: string[] = []
  let count: KillCount = { killed: 0, acknowledged: 0, sweepMs: 0, faults: noFaults }
  for (const [i, kill] of kills.entries()) {
    const { lines, signal } = await ('step' in kill
      ? importerOf(`run-${i}`, 2, String(kill.step)).ended
      : killedAfter(`run-${i}`, kill.after))
    ids.push(...lines.map((line) => (JSON.parse(line) as { id: string }).id))
    const started = performance.now()
    await sweepBlobs()
    const sweepMs = performance.now() - started
    const faults = await faultsOf(ids, layers)
    if (!isFaultless(faults)) say(`${JSON.stringify(kill)}: ${JSON.stringify(faults)}`)
    count = {
      killed: count.killed + (signal === 'SIGKILL' ? 1 : 0),
      acknowledged: ids.length,
      sweepMs: Math.max(count.sweepMs, sweepMs),
      faults: addFaults(count.faults, faults),
    }
  }
  return count
}

/** Points spread over some imports after the first; the same ones for the same seed. */
export function randomKills(count: number, seed = 6): Kill[] {
  return [...integers(seed, 0, 400, new Int32Array(count))].map((after) => ({ after }))
}

async function killedAfter(name: string, ms: number) {
  const { child, ended } = importerOf(name, 1_000_000)
  child.stdout!.once('data', () => setTimeout(() => child.kill('SIGKILL'), ms))
  return ended
}

export const row: SafetyRow = {
  test: 'kill -9 during imports: at 20 random points, and before each step of one',
  gate: 'no acknowledged import lost, no row without its file, no wrong hash, no partial layers, nothing left after the sweep (<= 5 s), integrity_check ok',
  measure: (say) =>
    inNewStore(async () => {
      const steps = await stepsOfImport()
      const kills = [...randomKills(20), ...[...steps, 'answer'].map((_, step) => ({ step }))]
      const { killed, acknowledged, sweepMs, faults } = await killImports(kills, say)
      const found = `${killed} of ${kills.length} killed (20 at random, ${steps.length + 1} at steps), ${acknowledged} imports acknowledged; ${faults.lost} lost, ${faults.rowsWithoutFile} rows without file, ${faults.wrongHashes} wrong hashes, ${faults.partial} partial, ${faults.filesWithoutRow + faults.temporary} left; sweep <= ${Math.ceil(sweepMs)} ms`
      return {
        holds: killed === kills.length && isFaultless(faults) && sweepMs <= 5000,
        found,
        figures: { killed, acknowledged, sweepMs, steps: steps.join(', '), ...faults },
      }
    }),
}

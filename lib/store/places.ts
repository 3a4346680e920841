/** Runs, their checkpoints and the layers of one run, by words of their names. */
import type { FoundPlaces, Place } from '../record/places'
import type { RunSummary } from '../record/run'
import { db } from './db'

/** Places of each kind that are listed. */
const most = 8

/** Where the reader is: layers are those of this run at this step (the latest for null), and its checkpoints come first. */
export type Here = { run: string | null; step: number | null }

type Row<T> = T & { found: bigint }

/** Places with every one of the words (lower case), the shortest names first, without words the last changed; a run named whole takes the place of `here`. */
export async function findPlaces(words: readonly string[], here: Here): Promise<FoundPlaces> {
  const text = JSON.stringify(words)
  const named = await db().$queryRaw<{ name: string }[]>`
    SELECT name FROM Run WHERE lower(name) IN (SELECT value FROM json_each(${text})) ORDER BY name LIMIT 1`
  const run = named[0]?.name ?? here.run
  const [runs, checkpoints, layers] = await Promise.all([
    findRuns(text),
    findCheckpoints(text, run),
    run === null ? [] : findLayers(text, run, run === here.run ? here.step : null),
  ])
  return {
    places: [
      ...runs.map(({ name, role }): Place => ({ kind: 'run', run: name, role })),
      ...checkpoints.map(({ name, step }): Place => ({ kind: 'checkpoint', run: name, step: Number(step) })),
      ...layers.map(({ name, layer }): Place => ({ kind: 'layer', run: name, layer })),
    ],
    found: { run: countOf(runs), checkpoint: countOf(checkpoints), layer: countOf(layers) },
  }
}

const countOf = (rows: readonly Row<unknown>[]): number => Number(rows[0]?.found ?? 0)

function findRuns(words: string) {
  return db().$queryRaw<Row<{ name: string; role: RunSummary['role'] }>[]>`
    SELECT name, role, count(*) OVER () AS found FROM Run
    WHERE NOT EXISTS (
      SELECT 1 FROM json_each(${words})
      WHERE instr(lower(name || ' run ' || role || ' ' || method || ' ' || bits), value) = 0)
    ORDER BY CASE WHEN ${words} <> '[]' THEN length(name) END, CASE WHEN ${words} = '[]' THEN updatedAt END DESC, name
    LIMIT ${most}`
}

function findCheckpoints(words: string, run: string | null) {
  return db().$queryRaw<Row<{ name: string; step: number | bigint }>[]>`
    SELECT name, step, count(*) OVER () AS found
    FROM (SELECT DISTINCT runId, step FROM Checkpoint) JOIN Run ON Run.id = runId
    WHERE NOT EXISTS (
      SELECT 1 FROM json_each(${words}) WHERE instr(lower(name || ' checkpoint step ' || step), value) = 0)
    ORDER BY name = ${run ?? ''} DESC, length(name), name, step DESC LIMIT ${most}`
}

function findLayers(words: string, run: string, step: number | null) {
  return db().$queryRaw<Row<{ name: string; layer: string }>[]>`
    SELECT ${run} AS name, layerId AS layer, count(*) OVER () AS found FROM Layer
    WHERE checkpointId = (
      SELECT Checkpoint.id FROM Checkpoint JOIN Run ON Run.id = runId WHERE name = ${run}
      ORDER BY CASE WHEN ${step} IS NULL THEN -step ELSE abs(step - ${step}) END, revision DESC LIMIT 1)
    AND NOT EXISTS (
      SELECT 1 FROM json_each(${words}) WHERE instr(lower(layerId || ' layer ' || ${run}), value) = 0)
    ORDER BY position LIMIT ${most}`
}

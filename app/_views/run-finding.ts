/** The sentence a Run page opens with, as data: how well the student follows its teacher and where it parts. */
import { isExact, isMeasured, meanOf, type Series } from '../_charts/series'
import { type LayerRow, rowMean, worstFirst } from './run-rows'

/** Below this output SQNR a student is said to have parted from its teacher, dB. */
export const partingDb = 10

/**
 * never: at no timestep below the limit. from: below it from t down to the image. always: already below at the
 * first timestep and ever after. between: below it only on the way, back above at the end.
 */
export type Parting =
  | { kind: 'never' }
  | { kind: 'always' }
  | { kind: 'from'; t: number }
  | { kind: 'between'; t: number; until: number }

/** When the output parts from the teacher's. timesteps descend (noise first); null if nothing was measured. */
export function partingOf(timesteps: readonly number[], sqnr: Series, limit = partingDb): Parting | null {
  const measured = timesteps
    .map((t, i) => ({ t, value: sqnr[i] }))
    .filter((p): p is { t: number; value: number } => isMeasured(p.value))
  if (measured.length === 0) return null
  const below = measured.filter((p) => p.value < limit)
  if (below.length === 0) return { kind: 'never' }
  const lastGood = measured.findLastIndex((p) => p.value >= limit)
  if (lastGood < 0) return { kind: 'always' }
  if (lastGood < measured.length - 1) return { kind: 'from', t: measured[lastGood + 1]!.t }
  return { kind: 'between', t: below[0]!.t, until: below.at(-1)!.t }
}

export type RunFinding = {
  /** Mean over timesteps of the output SQNR, dB. */
  mean: number
  parting: Parting
  /** The layer whose output is furthest from the teacher's, by mean over timesteps; null if all are exact. */
  worst: { id: string; mean: number } | null
}

/** null if nothing was measured. */
export function runFinding(
  timesteps: readonly number[],
  outputSqnr: Series | null,
  rows: readonly LayerRow[],
): RunFinding | null {
  const mean = outputSqnr && meanOf(outputSqnr)
  const parting = outputSqnr && partingOf(timesteps, outputSqnr)
  if (mean === null || !parting) return null
  const worst = worstFirst(rows, 'sqnr').find((row) => !isExact(rowMean(row, 'sqnr')))
  return { mean, parting, worst: worst ? { id: worst.layer.id, mean: rowMean(worst, 'sqnr')! } : null }
}

/** What the compared runs measured or logged over their training, one curve per run. */
import type { RunSummary } from '../../lib/record/run'
import type { ViewParams } from '../../lib/record/view'
import { getScalars, scalarNames } from '../../lib/store/scalars'
import { isMeasured, withoutExact } from '../_charts/series'
import {
  type CheckpointCurve,
  type CurvePoint,
  type CurvePoints,
  checkpointCurves,
  loggedCurve,
  loggedKey,
  pointsIn,
} from './curve-points'
import { type RunHead, runHead } from './load'
import { type Pinned, wasStored } from './pinned'

export type RunCurve = CurvePoints & {
  run: RunHead
  /** Steps of the compared checkpoints. */
  compared: number[]
  /** Whether an SQNR of it is exact, and so not on the axis. */
  exact: boolean
}

export type CurvesData = {
  /** Keys of the curves that some run has, as the address has them. */
  keys: string[]
  /** The one of them that is drawn. */
  key: string
  /** Those that have it, in the order of the comparison. */
  curves: RunCurve[]
}

/** Points of all curves together that are sent to the browser. */
const mostPoints = 1800

/** The curves of runs in the order of the comparison; in a frozen view, of the checkpoints there were when it was shared. */
export async function loadCurves(
  runs: readonly RunSummary[],
  compared: readonly { runId: string; step: number }[],
  { y, x: range }: Pick<ViewParams, 'x' | 'y'>,
  pinned?: Pinned,
): Promise<CurvesData> {
  const measured = new Map(
    checkpointCurves.map((key) => [key as string, runs.map((run) => checkpointPoints(run, key, pinned))]),
  )
  const names = await scalarNames(runs.map(({ id }) => id))
  const keys = [
    ...checkpointCurves.filter((key) => measured.get(key)!.some(hasValues)),
    ...names.map(loggedKey),
  ]
  const key = keys.includes(y) ? y : (keys[0] ?? 'sqnr')
  const all =
    measured.get(key) ??
    (await Promise.all(runs.map((run) => loggedPoints(run.id, key.slice(loggedKey('').length)))))
  const drawn = runs.flatMap((run, i) => (hasValues(all[i]!) ? [{ run, points: all[i]! }] : []))
  const most = Math.floor(mostPoints / Math.max(1, drawn.length))
  return {
    keys,
    key,
    curves: drawn.map(({ run, points }) => ({
      ...pointsIn(points, range, most),
      run: runHead(run),
      compared: compared.filter(({ runId }) => runId === run.id).map(({ step }) => step),
      exact: key === 'sqnr' && points.some(({ y }) => y === null),
    })),
  }
}

const hasValues = (points: readonly CurvePoint[]): boolean => points.some(({ y }) => isMeasured(y))

/** A figure of the run's checkpoints that were measured, ascending by step; where the SQNR is exact there is a gap. */
function checkpointPoints(run: RunSummary, key: CheckpointCurve, pinned?: Pinned): CurvePoint[] {
  const of = { sqnr: 'outputSqnr', cosine: 'sampleCosine' } as const
  const known = run.checkpoints.filter((c) => wasStored(pinned, c) && c[of[key]] !== null)
  const values = known.map((c) => c[of[key]])
  const drawn = key === 'sqnr' ? withoutExact(values) : values
  return known.map(({ step }, i) => ({ x: step, y: drawn[i]! }))
}

async function loggedPoints(runId: string, name: string): Promise<CurvePoint[]> {
  return loggedCurve((await getScalars(runId, [name])).get(name) ?? [])
}

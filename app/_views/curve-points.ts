/** Points of curves over training steps: which are sent to the browser, and what is said of those that are not. */
import type { StepRange } from '../../lib/record/view'
import { isMeasured, keepExtremes } from '../_charts/series'
import { formatCount } from '../_ui/format'

/** Curves of stored checkpoints. */
export const checkpointCurves = ['sqnr', 'cosine'] as const
export type CheckpointCurve = (typeof checkpointCurves)[number]

/** A curve's key in the address: one of checkpoints, or of what the training logged. */
export const loggedKey = (name: string): string => `log:${name}`

/** What a training logged at a step. */
export type Logged = { step: number; value: number }

export type CurvePoint = { x: number; y: number | null }

export type CurvePoints = {
  /** Ascending by step. */
  points: CurvePoint[]
  /** Points stored, and of them those in the range. */
  total: number
  within: number
  /** The range they are of; null: all steps. */
  range: StepRange | null
  /** First and last step stored; null without a point. */
  whole: StepRange | null
}

/** Logged values as a curve. */
export const loggedCurve = (values: readonly Logged[]): CurvePoint[] =>
  values.map(({ step, value }) => ({ x: step, y: value }))

/** The points of a range, at most `most` of them: of more the extremes of each stretch. */
export function pointsIn(all: readonly CurvePoint[], range: StepRange | null, most: number): CurvePoints {
  const inside = range ? all.filter(({ x }) => x >= range[0] && x <= range[1]) : all
  const points =
    inside.length <= most
      ? [...inside]
      : keepExtremes(
          inside.flatMap(({ x, y }) => (isMeasured(y) ? [{ x, y }] : [])),
          most,
        )
  const [first, last] = [all[0]?.x, all.at(-1)?.x]
  const whole = first === undefined || last === undefined ? null : ([first, last] as const)
  return { points, total: all.length, within: inside.length, range, whole }
}

/** First and last step of any of the curves; null without a point. */
export function wholeRange(curves: readonly CurvePoints[]): StepRange | null {
  const ends = curves.flatMap(({ whole }) => whole ?? [])
  return ends.length === 0 ? null : [Math.min(...ends), Math.max(...ends)]
}

/** Curves in a range and what is left out of them; until the points of that range are loaded, those at hand. */
export function curvesIn<Curve extends CurvePoints>(
  curves: readonly Curve[],
  range: StepRange | null,
): { curves: Curve[]; note: string } {
  const isLoaded = ({ range: own }: Curve) => String(own) === String(range)
  if (curves.every(isLoaded)) return { curves: [...curves], note: leftOutNote(curves, range) }
  return {
    curves: curves.map((curve) => ({
      ...curve,
      points: pointsIn(curve.points, range, Infinity).points,
    })),
    note: 'The points of these steps are being loaded.',
  }
}

/** "Steps 100 to 400: 31 of 100 points shown." What is left out of all curves together; '' if nothing is. */
export function leftOutNote(curves: readonly CurvePoints[], range: StepRange | null): string {
  const sum = (of: (curve: CurvePoints) => number) => curves.reduce((all, curve) => all + of(curve), 0)
  const [total, within, shown] = [
    sum((c) => c.total),
    sum((c) => c.within),
    sum(({ points }) => points.length),
  ]
  if (shown === total && !range) return ''
  const where = range ? `Steps ${formatCount(range[0])} to ${formatCount(range[1])}: ` : ''
  return `${where}${formatCount(shown)} of ${formatCount(total)} points shown${shown < within ? ', extremes kept' : ''}.`
}

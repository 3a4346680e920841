'use client'

import type { StepRange } from '../../lib/record/view'
import { type Line, LineChart } from '../_charts/line-chart'
import { isMeasured } from '../_charts/series'
import type { Zoom } from '../_charts/step-range'
import { Card } from '../_ui/card'
import { formatCosine, formatCount, formatFixed } from '../_ui/format'
import { type CheckpointCurve, curvesIn, loggedKey, wholeRange } from './curve-points'
import type { CurvesData, RunCurve } from './load-curves'

type CurveWords = {
  name: string
  /** What is measured, with its direction. */
  caption: string
  axis: string
  format?: (value: number) => string
}

const checkpointWords: Record<CheckpointCurve, CurveWords> = {
  sqnr: {
    name: 'output SQNR',
    caption:
      'Mean SQNR of the network’s output against the teacher’s at every checkpoint, dB, higher is better ↑.',
    axis: 'SQNR, dB ↑',
  },
  cosine: {
    name: 'sample cosine',
    caption: 'Mean cosine of the stored samples with the teacher’s from the same noise, higher is better ↑.',
    axis: 'cosine ↑',
    format: formatCosine,
  },
}

/** Values that fall by powers of ten: losses and their terms. */
const isLoss = (name: string): boolean => /loss|penalty/i.test(name)

function wordsOf(key: string): CurveWords & { loss: boolean } {
  if (key in checkpointWords) return { ...checkpointWords[key as CheckpointCurve], loss: false }
  const name = key.slice(loggedKey('').length)
  const loss = isLoss(name)
  const format = (v: number) => String(Number(v.toPrecision(3)))
  return {
    ...{ name, loss, format },
    axis: loss ? `${name} (log) ↓` : name,
    caption: loss
      ? 'As the trainings logged it, log scale, lower is better ↓.'
      : 'As the trainings logged it.',
  }
}

const dashes = ['solid', 'dashed', 'dotted'] as const

/** Runs beyond the palette share a colour: the second of a colour is dashed, the third dotted. */
function dashOf(curves: readonly RunCurve[], i: number): Line['dash'] {
  const before = curves.slice(0, i).filter(({ run }) => run.slot === curves[i]!.run.slot).length
  return dashes[Math.min(before, dashes.length - 1)]
}

/** Marks of more checkpoints than this would run into each other. */
const mostMarks = 40

type CompareCurvesProps = {
  data: CurvesData
  /** What is to be shown; `data` may still be that of another range. */
  range: StepRange | null
  onCurve: (key: string) => void
  onRange: Zoom['onRange']
}

/** One figure of every compared run over its training, on shared axes; the compared checkpoints are ringed. */
export function CompareCurves({ data, range, onCurve, onRange }: CompareCurvesProps) {
  const { keys, key } = data
  const whole = wholeRange(data.curves)
  if (whole === null) return null
  const { curves, note } = curvesIn(data.curves, range)
  const { name, caption, axis, format, loss } = wordsOf(key)
  const logged = !(key in checkpointWords)
  const last = ({ points }: RunCurve) => points.findLast(({ y }) => isMeasured(y))?.y
  const written = (v: number | null | undefined) =>
    isMeasured(v) ? (format ?? ((value: number) => formatFixed(value, 1)))(v) : 'no point'
  return (
    <Card>
      <LineChart
        title="Over the training"
        caption={`${caption} Ringed: the checkpoints compared. ${note} Drag over steps to see them alone.`}
        message={`${name} over the training of ${curves.length} runs, at the last step shown: ${curves
          .map((curve) => `${curve.run.name} ${written(last(curve))}`)
          .join(', ')}`}
        fileName={`${name.replaceAll(/\W+/g, '-')}-by-step`}
        lines={curves.map((curve, i) => ({
          id: curve.run.id,
          name: curve.run.name,
          slot: curve.run.slot,
          dash: dashOf(curves, i),
          weight: logged ? 1.2 : undefined,
          // a logarithm has no place for what is not positive
          points: loss
            ? curve.points.map(({ x, y }) => ({ x, y: isMeasured(y) && y > 0 ? y : null }))
            : curve.points,
          marks: !logged && curve.points.length <= mostMarks,
          ringed: curve.compared,
        }))}
        gapName={curves.some(({ exact }) => exact) ? 'exact' : loss ? 'not positive' : undefined}
        x={{
          kind: logged ? 'linear' : 'step',
          label: logged ? 'training step →' : 'training step (root scale) →',
          domain: range ?? whole,
          format: formatCount,
        }}
        y={{ label: axis, kind: loss ? 'log' : 'linear', format }}
        zoom={{ range, whole, onRange }}
        tools={
          keys.length > 1 && (
            <select
              className="chart-choice"
              aria-label="Curve over the training"
              value={key}
              onChange={(event) => onCurve(event.target.value)}
            >
              {keys.map((other) => (
                <option key={other} value={other}>
                  {wordsOf(other).name}
                </option>
              ))}
            </select>
          )
        }
      />
    </Card>
  )
}

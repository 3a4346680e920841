'use client'

import { useTransition } from 'react'
import type { ViewParams } from '../../lib/record/view'
import { LineChart } from '../_charts/line-chart'
import { isMeasured } from '../_charts/series'
import type { Zoom } from '../_charts/step-range'
import { Card } from '../_ui/card'
import { formatCount } from '../_ui/format'
import { useView } from '../_ui/use-view'
import { curvesIn, wholeRange } from './curve-points'
import type { LoggedLoss, RunHead } from './load'

/** What is minimised and the error of the predicted noise share an axis; the other terms have scales of their own. */
const sharedAxis = ['loss', 'eps loss']

const titles: Record<string, string> = {
  'LRM loss': 'Low-rank representation mimicking, before its weight',
  'EBB penalty': 'Penalty on the second bases',
}

type LossCardProps = {
  run: RunHead
  losses: LoggedLoss[]
  /** View state of a frozen view. */
  initial?: Partial<ViewParams>
}

/** The training loss as logged, and its terms where there are any; all of the same range of steps. */
export function LossCard({ run, losses, initial }: LossCardProps) {
  const [{ x: range }, setView] = useView(initial)
  const [, startTransition] = useTransition()
  const whole = wholeRange(losses)
  const zoom: Zoom | undefined = whole
    ? {
        range,
        whole,
        // null would be the range a frozen view was made with
        onRange: (x) => setView({ x: x ?? (initial?.x ? whole : null) }, { shallow: false, startTransition }),
      }
    : undefined
  const main = losses.filter(({ name }) => sharedAxis.includes(name))
  const others = losses.filter(({ name }) => !sharedAxis.includes(name))
  return (
    <Card>
      {main.length > 0 && (
        <LossChart
          zoom={zoom}
          run={run}
          losses={main}
          title="Training loss"
          height={others.length > 0 ? 190 : 230}
        />
      )}
      {others.map((loss) => (
        <div key={loss.name} className="loss-terms">
          <LossChart
            zoom={zoom}
            run={run}
            losses={[loss]}
            title={titles[loss.name] ?? loss.name}
            height={140}
            level={3}
          />
        </div>
      ))}
    </Card>
  )
}

type LossChartProps = {
  run: RunHead
  losses: LoggedLoss[]
  zoom?: Zoom
  title: string
  height: number
  level?: 2 | 3
}

function LossChart({ run, losses, zoom, title, height, level }: LossChartProps) {
  const [first] = losses
  const { curves, note } = curvesIn(losses, zoom?.range ?? null)
  const total = Math.max(...losses.map(({ total }) => total))
  return (
    <LineChart
      title={title}
      caption={`${note || 'As logged.'} Log scale, lower is better ↓`}
      message={`${title} of ${run.name} over ${formatCount(total)} logged steps`}
      fileName={first!.name}
      lines={curves.map(({ name, points }, i) => ({
        id: name,
        name,
        slot: run.slot,
        // A logarithm has no place for what is not positive.
        points: points.map(({ x, y }) => ({ x, y: isMeasured(y) && y > 0 ? y : null })),
        weight: 1.2,
        dash: i === 0 ? ('solid' as const) : ('dashed' as const),
      }))}
      x={{ kind: 'linear', label: 'training step →', domain: zoom && (zoom.range ?? zoom.whole) }}
      zoom={zoom}
      y={{
        label: `${first!.name} (log)`,
        kind: 'log',
        format: (v) => String(Number(v.toPrecision(2))),
      }}
      height={height}
      level={level}
    />
  )
}

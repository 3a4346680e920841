import { LineChart } from '../_charts/line-chart'
import { Card } from '../_ui/card'
import { formatCount } from '../_ui/format'
import type { LoggedLoss, RunHead } from './load'

/** What is minimised and the error of the predicted noise share an axis; the other terms have scales of their own. */
const sharedAxis = ['loss', 'eps loss']

const titles: Record<string, string> = {
  'LRM loss': 'Low-rank representation mimicking, before its weight',
  'EBB penalty': 'Penalty on the second bases',
}

/** The training loss as logged, and its terms where there are any. */
export function LossCard({ run, losses }: { run: RunHead; losses: LoggedLoss[] }) {
  const main = losses.filter(({ name }) => sharedAxis.includes(name))
  const others = losses.filter(({ name }) => !sharedAxis.includes(name))
  return (
    <Card>
      {main.length > 0 && (
        <LossChart run={run} losses={main} title="Training loss" height={others.length > 0 ? 190 : 230} />
      )}
      {others.map((loss) => (
        <div key={loss.name} className="loss-terms">
          <LossChart
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
  title: string
  height: number
  level?: 2 | 3
}

function LossChart({ run, losses, title, height, level }: LossChartProps) {
  const [first] = losses
  const shown = Math.min(...losses.map(({ points }) => points.length))
  const total = Math.max(...losses.map(({ total }) => total))
  const kept =
    shown < total ? `${formatCount(shown)} of ${formatCount(total)} points, extremes kept.` : 'As logged.'
  return (
    <LineChart
      title={title}
      caption={`${kept} Log scale, lower is better ↓`}
      message={`${title} of ${run.name} over ${formatCount(total)} logged steps`}
      fileName={first!.name}
      lines={losses.map(({ name, points }, i) => ({
        id: name,
        name,
        slot: run.slot,
        // A logarithm has no place for what is not positive.
        points: points.map(({ x, y }) => ({ x, y: y > 0 ? y : null })),
        weight: 1.2,
        dash: i === 0 ? ('solid' as const) : ('dashed' as const),
      }))}
      x={{ kind: 'linear', label: 'training step →' }}
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

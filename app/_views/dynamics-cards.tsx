'use client'

import { type ReactNode, Suspense, use } from 'react'
import type { LayerDynamics } from '../../lib/diagnostics/dynamics'
import type { LayerPrecision } from '../../lib/record/precision'
import { type Line, LineChart, type LineChartProps } from '../_charts/line-chart'
import type { TermId } from '../_learn/glossary'
import { Card } from '../_ui/card'
import { formatCount, formatPercent } from '../_ui/format'
import { Empty, ErrorState, Loading, TooLarge } from '../_ui/states'
import { TableScroll } from '../_ui/table-scroll'
import { Term } from '../_ui/term'
import type { LayerTraining } from './load-dynamics'
import type { LayerViewData } from './load-layer'

type DynamicsCardsProps = { data: LayerViewData; onStep?: (step: number) => void }

/** What moved in the layer between the checkpoints of its run; the weights are read while the rest of the page stands. */
export function DynamicsCards(props: DynamicsCardsProps) {
  return (
    <Suspense
      fallback={
        <Card title={title}>
          <Loading height={300} what="checkpoints" />
        </Card>
      }
    >
      <Training {...props} />
    </Suspense>
  )
}

const title = 'What moved during training'

function Training({ data, onStep }: DynamicsCardsProps) {
  const training = use(data.training)
  if (training.kind === 'full precision') return null
  if (training.kind === 'measured') return <Measured {...training} data={data} onStep={onStep} />
  return (
    <Card title={title}>
      <Unmeasured training={training} run={data.run.name} />
    </Card>
  )
}

function Unmeasured({
  training,
  run,
}: {
  training: Exclude<LayerTraining, { kind: 'measured' | 'full precision' }>
  run: string
}) {
  if (training.kind === 'fault') return <ErrorState fault={training.fault} />
  if (training.kind === 'too large')
    return (
      <TooLarge
        title="Too large to compare while you wait"
        needs={`${formatCount(training.weights)} weights at ${training.checkpoints} checkpoints. On the command line: dynamics --run ${run}`}
      />
    )
  return (
    <Empty title={training.checkpoints === 1 ? 'One checkpoint' : 'No weights stored'}>
      <p>
        What moved is told between two checkpoints of a run with their weights.
        {training.without.length > 0 &&
          ` Those of step ${training.without.map((step) => formatCount(step)).join(', ')} are stored without.`}
      </p>
    </Empty>
  )
}

type MeasuredProps = DynamicsCardsProps & { dynamics: LayerDynamics; without: number[] }

function Measured({ data, dynamics, without, onStep }: MeasuredProps) {
  return (
    <Card title={title} caption={`${summary(dynamics)} All three charts share their axis of steps.`}>
      <Charts data={data} dynamics={dynamics} onStep={onStep} />
      <div className="columns halves moments">
        <MomentTable dynamics={dynamics} selected={data.checkpoint.step} />
        <Definitions />
      </div>
      {without.length > 0 && (
        <p className="caption">
          The weights of step {without.map((step) => formatCount(step)).join(', ')} are not stored; left out.
        </p>
      )}
    </Card>
  )
}

function summary({ moved, repeated }: LayerDynamics): string {
  const again = repeated === null ? '' : `, ${formatPercent(repeated)} more than once`
  return moved === null
    ? ''
    : `${formatPercent(moved)} of the signs changed since the first checkpoint${again}.`
}

/** Room for the names of lines, the same in all charts so that their steps stand below each other. */
const nameRoom = 84

function Charts({ data, dynamics: { moments, layer }, onStep }: Omit<MeasuredProps, 'without'>) {
  const { slot } = data.run
  const steps = moments.map(({ step }) => step)
  const line = (
    id: string,
    value: (moment: (typeof moments)[number]) => number | null | undefined,
    dash: Line['dash'] = 'solid',
  ): Line => ({
    ...{ id, name: id, slot, dash, marks: true },
    points: moments.map((moment) => ({ x: moment.step, y: percent(value(moment)) })),
  })
  const shared: Pick<LineChartProps, 'level' | 'height' | 'x' | 'selectedX' | 'onSelectX' | 'nameRoom'> = {
    ...{ level: 3, height: 196, nameRoom },
    x: { kind: 'step', label: 'training step (root scale)', domain: [steps[0]!, steps.at(-1)!] },
    selectedX: data.checkpoint.step,
    onSelectX: onStep,
  }
  const flips = begun([
    line('first basis', ({ flips }) => flips?.first),
    line('second basis', ({ flips }) => flips?.second, 'dashed'),
  ])
  const latent = [
    line('near zero', ({ latent }) => latent?.nearZero),
    line('|w| > 1', ({ latent }) => latent?.outside, 'dashed'),
  ]
  const drift = begun([
    line('σ1', ({ drift }) => drift.sigma1),
    line('σ2', ({ drift }) => drift.sigma2, 'dashed'),
  ])
  return (
    <div className="columns alike">
      <LineChart
        {...shared}
        title={<Term id="flips">Signs that flip</Term>}
        caption="Share of the signs that differ from the checkpoint before. Lower is calmer ↓; chance gives 50 %."
        message={`Share of the signs of ${layer} that flipped between ${steps.length} checkpoints, last ${formatPercent(moments.at(-1)!.flips?.first)}`}
        fileName={`${layer}-flips`}
        lines={flips}
        y={{ label: 'flipped, % ↓', domain: fromZero(flips) }}
        notes={turns(data.record.precision, steps)}
      />
      {moments.some(({ latent }) => latent) ? (
        <LineChart
          {...shared}
          title={<Term id="ste">Latent weights at the ends of the estimator</Term>}
          caption="Beyond |w| = 1 they get no gradient and are stuck, lower is better ↓; near zero they are undecided: 6.4 % of Gaussian weights."
          message={`Latent weights of ${layer} outside the straight-through window and near zero, last ${formatPercent(moments.at(-1)!.latent?.outside)} and ${formatPercent(moments.at(-1)!.latent?.nearZero)}`}
          fileName={`${layer}-latent-weights`}
          lines={latent}
          y={{ label: 'of the weights, %', domain: fromZero(latent, 7) }}
          references={[{ y: 6.4, label: 'near zero, Gaussian 6.4 %' }]}
          gapName="not stored"
        />
      ) : (
        <Empty title="Latent weights at the ends of the estimator: not stored">
          <p>These checkpoints are packed: they hold signs and scales, and no latent weights.</p>
        </Empty>
      )}
      <LineChart
        {...shared}
        title={<Term id="drift">Drift of the scales</Term>}
        caption="|σ − start| / |start| over the channels, the start being the first checkpoint with the basis. How far they went; neither direction is better."
        message={`Drift of the scales of ${layer} from their start, last ${formatPercent(moments.at(-1)!.drift.sigma1)}`}
        fileName={`${layer}-drift`}
        lines={drift}
        y={{ label: 'way from the start, %', domain: fromZero(drift) }}
      />
    </div>
  )
}

/** Lines from where each begins: before there is nothing to measure, which is no gap. Those that never do are left out. */
function begun(lines: readonly Line[]): Line[] {
  return lines
    .map((line) => ({ ...line, points: line.points.slice(line.points.findIndex(({ y }) => y !== null)) }))
    .filter(({ points }) => points[0]?.y !== null)
}

const percent = (share: number | null | undefined): number | null =>
  share === null || share === undefined ? null : 100 * share

/** From 0 to the largest value, or to `least` if that is more. */
function fromZero(lines: readonly Line[], least = 1): [number, number] {
  return [0, Math.max(least, ...lines.flatMap(({ points }) => points.map(({ y }) => 1.1 * (y ?? 0))))]
}

/** When the layer took the precision it has, if that is on the axis. */
function turns(
  { since = 0, bases, method }: LayerPrecision,
  steps: readonly number[],
): LineChartProps['notes'] {
  if (since <= steps[0]! || since > steps.at(-1)! || bases === 0) return []
  const label = method === 'ebb' && bases === 1 ? 'second basis dropped' : 'turned binary'
  return [{ x: since, label: `${label} at ${formatCount(since)}` }]
}

function MomentTable({ dynamics: { moments }, selected }: { dynamics: LayerDynamics; selected: number }) {
  const second = moments.some(({ flips, drift }) => flips?.second != null || drift.sigma2 !== null)
  const heads: ReactNode[] = [
    'bases',
    'flips ↓',
    ...(second ? ['flips, second'] : []),
    'most in channel',
    '|w| > 1 ↓',
    'near zero',
    'drift σ1',
    ...(second ? ['drift σ2'] : []),
  ]
  return (
    <TableScroll label="What moved, by checkpoint" className="numbers">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col" className="num">
              step
            </th>
            {heads.map((head, i) => (
              <th key={i} scope="col" className="num">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {moments.map(({ step, bases, flips, latent, drift }) => (
            <tr key={step} className={step === selected ? 'picked' : undefined}>
              <th scope="row" className="num">
                {formatCount(step)}
              </th>
              <td className="num">{bases || 'fp'}</td>
              <td className="num">{formatPercent(flips?.first)}</td>
              {second && <td className="num">{formatPercent(flips?.second)}</td>}
              <td className="num">
                {flips && flips.worst.share > 0
                  ? `${flips.worst.channel}: ${formatPercent(flips.worst.share)}`
                  : '–'}
              </td>
              <td className="num">{formatPercent(latent?.outside)}</td>
              <td className="num">{formatPercent(latent?.nearZero)}</td>
              <td className="num">{formatPercent(drift.sigma1)}</td>
              {second && <td className="num">{formatPercent(drift.sigma2)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

const definitions: [term: TermId, name: string, words: string][] = [
  [
    'flips',
    'flips ↓',
    'signs of a basis ≠ those at the checkpoint before, over all weights; while the layer is in full precision (fp) those it would be binarized with. The second basis holds signs of residuals, which flip sooner.',
  ],
  [
    'repeated',
    'repeated ↓',
    'share of the weights whose first sign changed between two pairs of neighbours or more: they go to and fro instead of deciding.',
  ],
  ['outside', '|w| > 1 ↓', 'latent weights outside the straight-through window, whose gradient is 0.'],
  ['nearZero', 'near zero', '|w| < 0.1 mean |w| of the channel; neither direction is better.'],
  ['drift', 'drift', '‖σ − σ_start‖ / ‖σ_start‖ over the channels; neither direction is better.'],
]

function Definitions() {
  return (
    <dl className="definitions small soft">
      {definitions.map(([term, name, words]) => (
        <div key={name}>
          <dt>
            <Term id={term}>{name}</Term>
          </dt>
          <dd>{words}</dd>
        </div>
      ))}
    </dl>
  )
}

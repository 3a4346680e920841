'use client'

import type { ShareSubject } from '../../lib/record/shared-view'
import { DotRows } from '../_charts/dot-rows'
import { LineChart } from '../_charts/line-chart'
import { isMeasured, meanOf } from '../_charts/series'
import { Card, Sentence } from '../_ui/card'
import { formatCosine, formatCount, formatFixed } from '../_ui/format'
import { type Frozen, PageShell } from '../_ui/page-shell'
import { SampleRows } from '../_ui/sample-rows'
import { Empty } from '../_ui/states'
import { TableScroll } from '../_ui/table-scroll'
import type { ResultsViewData, ResultTableData } from './load-results'
import { PaperRows } from './paper-rows'
import { groupName, type Measure, type ResultGroup, valuesOf } from './results-rows'
import type { AblationStep } from './results-steps'
import { ResultsTable } from './results-table'
import './results.css'

const setNames: Record<string, string> = {
  mnist: 'MNIST',
  'fashion-mnist': 'Fashion-MNIST',
  cifar10: 'CIFAR-10',
}

const setName = (set: string): string => setNames[set] ?? set

/** What every recipe came to, per image set and protocol, beside what the papers report. */
export function ResultsView({ data, frozen }: { data: ResultsViewData; frozen?: Frozen }) {
  const share: ShareSubject = { page: 'results', run: null, layer: null, checkpoints: data.checkpoints }
  return (
    <PageShell crumbs={[{ label: 'Results' }]} frozen={frozen} share={frozen ? undefined : share}>
      <h1>Results</h1>
      {data.sets.length === 0 ? (
        <NothingEvaluated />
      ) : (
        data.sets.map((set) => <SetResults key={set.set} {...set} />)
      )}
      <PaperRows />
    </PageShell>
  )
}

function NothingEvaluated() {
  return (
    <Card>
      <Empty title="Nothing is evaluated yet" level={2}>
        <p>
          An evaluation draws samples of a checkpoint and measures how far they are from real images and from
          the teacher’s:{' '}
          <code>npm run --silent cli -- evaluate FILE... --teacher FILE --out evaluations.json</code>
        </p>
        <p>
          Store the file with{' '}
          <code>
            curl -X PUT -H 'content-type: application/json' --data @evaluations.json
            localhost:3000/api/v1/evaluations
          </code>
        </p>
      </Empty>
    </Card>
  )
}

function SetResults({ set, tables }: ResultsViewData['sets'][number]) {
  return (
    <section className="result-set" aria-label={setName(set)}>
      <h2 className="result-set-name">{setName(set)}</h2>
      {tables.length > 1 && (
        <p className="caption">
          {tables.length} tables, since these checkpoints were measured under {tables.length} protocols: rows
          of different tables cannot be compared.
        </p>
      )}
      {tables.map((table, i) =>
        i === 0 ? (
          <TableResults key={table.key} table={table} name={setName(set)} />
        ) : (
          <TableCard key={table.key} table={table} name={`${setName(set)}, protocol ${i + 1}`} />
        ),
      )}
    </section>
  )
}

/** The table of one protocol, with what is to be known when reading it. */
function TableCard({ table, name }: { table: ResultTableData; name: string }) {
  const several = table.groups.some((group) => group.results.length > 1)
  return (
    <Card title={`${name}: what each part adds`} caption={<ProtocolWords table={table} />}>
      <ResultsTable table={table} label={`Results on ${name}`} />
      <p className="caption results-notes">
        Mean over seeds{several ? ', with the range below it' : ''}. The distance and the cosine lead.{' '}
        <span className="notice">△</span> Precision can reward collapse: a few odd real images reach so far in
        feature space that even noise falls among them. Read it beside coverage and the distance, never alone.
      </p>
    </Card>
  )
}

/** The protocol with most checkpoints of a set: its table and everything that can be drawn from it. */
function TableResults({ table, name }: { table: ResultTableData; name: string }) {
  return (
    <>
      <Sentence>
        <ResultSentence table={table} />
      </Sentence>
      <TableCard table={table} name={name} />
      <div className="columns halves">
        <Card>
          <MeasureDots table={table} name={name} measure="frechet" />
        </Card>
        <Card>
          <MeasureDots table={table} name={name} measure="cosine" />
        </Card>
      </div>
      {table.steps.length > 0 && <StepsCard steps={table.steps} />}
      <Timelines table={table} name={name} />
      {table.pictures && (
        <Card
          title="Same noise, every method"
          caption={`Seed ${table.pictures.seed}, drawn when the checkpoints were stored; of each method the run with the lowest seed.`}
        >
          <SampleRows rows={table.pictures.rows} />
        </Card>
      )}
    </>
  )
}

const groupOf = (table: ResultTableData, recipe: string): ResultGroup | undefined =>
  table.groups.find((group) => group.recipe.id === recipe)

const meanDistance = (group: ResultGroup | undefined): number | null =>
  group ? meanOf(valuesOf(group, 'frechet')) : null

/** "Nearest to real images comes + LMB: Frechet distance 91.3, the baseline 184.1, the teacher 36.4, real images 11.2." */
function ResultSentence({ table }: { table: ResultTableData }) {
  const students = table.groups.filter(({ recipe }) => recipe.id !== 'teacher')
  const ranked = students.toSorted((a, b) => (meanDistance(a) ?? Infinity) - (meanDistance(b) ?? Infinity))
  const best = ranked[0]
  const real = table.references.find(({ subject }) => subject === 'real')?.values.frechet ?? null
  const others = [
    { name: 'the baseline', value: best?.recipe.id === 'sign' ? null : meanDistance(groupOf(table, 'sign')) },
    { name: 'the teacher', value: meanDistance(groupOf(table, 'teacher')) },
    { name: 'real images', value: real },
  ].filter(({ value }) => isMeasured(value))
  if (!best) return <>No student is evaluated under this protocol.</>
  const seeds = best.results.length
  return (
    <>
      Of {students.length} {students.length === 1 ? 'method' : 'methods'}, <b>{groupName(best)}</b> comes
      nearest to real images: Frechet distance <b>{formatFixed(meanDistance(best), 1)}</b> ({seeds}{' '}
      {seeds === 1 ? 'seed' : 'seeds'})
      {others.length > 0 && (
        <> against {others.map(({ name, value }) => `${formatFixed(value, 1)} of ${name}`).join(', ')}</>
      )}
      .
    </>
  )
}

/** How the rows of one table were measured. */
function ProtocolWords({ table: { protocol, sampling } }: { table: ResultTableData }) {
  return (
    <>
      {formatCount(protocol.images)} samples of each checkpoint
      {sampling && (
        <>
          {' '}
          ({sampling.sampler.toUpperCase()}, {sampling.steps} steps, eta {sampling.eta}, noise seed{' '}
          {protocol.seed}
          {sampling.arithmetic && `, at ${sampling.arithmetic}`})
        </>
      )}{' '}
      against as many held-out images. Distance, class and their agreement by the {protocol.features} (
      {protocol.classifier}, {formatPercentOne(protocol.classifierAccuracy)} right on the whole held-out
      split); coverage (k = {protocol.coverageNeighbours}), recall and precision (k = {protocol.neighbours})
      on pixels pooled to {protocol.pooledValues} values. The distance depends on the number of images and is
      not an FID.
    </>
  )
}

const formatPercentOne = (share: number): string => `${formatFixed(share * 100, 1)}\u00a0%`

const dotTexts = {
  frechet: {
    title: 'How far from real images',
    caption: 'One dot per seed, a line at their mean. Log scale, left is better.',
    label: 'Frechet distance (log), lower is better ↓',
    kind: 'log',
    format: (v: number) => (v < 10 ? formatFixed(v, 1) : formatCount(v)),
  },
  cosine: {
    title: 'How near to the teacher’s pictures',
    caption: 'Cosine with the teacher’s sample from the same noise. One dot per seed, right is better.',
    label: 'same-seed cosine, higher is better ↑',
    kind: 'linear',
    format: formatCosine,
  },
} as const

function MeasureDots({
  table,
  name,
  measure,
}: {
  table: ResultTableData
  name: string
  measure: keyof typeof dotTexts
}) {
  const { title, caption, label, kind, format } = dotTexts[measure]
  const students = table.groups.filter(({ recipe }) => recipe.id !== 'teacher')
  const rows = students.map((group) => ({
    id: group.key,
    name: groupName(group),
    dots: group.results.flatMap((result) => {
      const value = result.values[measure as Measure]
      return isMeasured(value) ? [{ id: result.run, name: result.run, slot: result.slot, value }] : []
    }),
  }))
  const teacher = meanDistance(groupOf(table, 'teacher'))
  const real = table.references.find(({ subject }) => subject === 'real')?.values.frechet
  const references =
    measure === 'frechet'
      ? [
          { x: real, label: `real images ${formatFixed(real, 1)}` },
          { x: teacher, label: `teacher ${formatFixed(teacher, 1)}` },
        ].flatMap(({ x, label: text }) => (isMeasured(x) ? [{ x, label: text }] : []))
      : []
  return (
    <DotRows
      title={title}
      caption={caption}
      message={`${label} of ${rows.length} methods on ${name}`}
      fileName={`${table.protocol.set}-${measure}`}
      rows={rows}
      x={{ label, kind, format }}
      references={references}
    />
  )
}

const verdictMark = {
  agrees: '',
  'does not agree': '△ ',
  undecided: '',
  'not comparable': '',
} as const

/** Step by step: what a part changed here, and what the papers say it does. */
function StepsCard({ steps }: { steps: AblationStep[] }) {
  return (
    <Card
      title="Part by part, beside the papers"
      caption="Only the direction of a change is compared, seed by seed where two methods share seeds; below 1 % counts as no change. “Undecided” means the seeds disagree."
    >
      <TableScroll label="Parts of the method">
        <table className="plain steps-table">
          <thead>
            <tr>
              <th scope="col">Part</th>
              <th scope="col">Here</th>
              <th scope="col">The papers</th>
              <th scope="col">So</th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step) => (
              <tr key={step.name}>
                <th scope="row">{step.name}</th>
                <td>{step.here}</td>
                <td>{step.there.length > 0 ? step.there.join('; ') : 'give no row of their own for this'}</td>
                <td className={step.verdict === 'does not agree' ? 'notice' : undefined}>
                  {verdictMark[step.verdict]}
                  {step.verdict}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Card>
  )
}

/** Lines a chart can name. */
const mostLines = 7

/** Quality by training step: from the collapse at step 0 to where it was repaired. */
function Timelines({ table, name }: { table: ResultTableData; name: string }) {
  const students = table.groups.filter(({ recipe }) => recipe.id !== 'teacher')
  const evaluated = students.flatMap((group) => {
    const run = group.results[0]!
    const points = group.history
      .filter((one) => one.run === run.run)
      .map(({ step, values }) => ({ x: step, y: values.frechet }))
    return points.length > 1
      ? [{ id: group.key, name: groupName(group), slot: run.slot, marks: true, points }]
      : []
  })
  const sampled = table.learned.map(({ key, name: of, slot, points }) => ({
    id: key,
    name: of,
    slot,
    marks: true,
    points: points.map(({ step, value }) => ({ x: step, y: value })),
  }))
  const teacher = meanDistance(groupOf(table, 'teacher'))
  const shown = (n: number) => (n > mostLines ? ` ${mostLines} of ${n} shown.` : '')
  if (evaluated.length === 0 && sampled.length === 0) return null
  return (
    <div className={evaluated.length > 0 && sampled.length > 0 ? 'columns halves' : 'columns'}>
      {evaluated.length > 0 && (
        <Card>
          <LineChart
            title="From collapse to repair"
            caption={`Frechet distance of every evaluated checkpoint, one run per method.${shown(evaluated.length)}`}
            message={`Frechet distance by training step of ${evaluated.length} methods on ${name}`}
            fileName={`${table.protocol.set}-frechet-by-step`}
            lines={evaluated.slice(0, mostLines)}
            x={{ kind: 'step', label: 'fine-tuning step (root scale) →' }}
            y={{
              label: 'Frechet distance (log), lower is better ↓',
              kind: 'log',
              format: formatCount,
            }}
            references={
              isMeasured(teacher) ? [{ y: teacher, label: `teacher ${formatFixed(teacher, 1)}` }] : []
            }
          />
        </Card>
      )}
      {sampled.length > 0 && (
        <Card>
          <LineChart
            title="How soon the teacher’s pictures come back"
            caption={`Cosine of the stored samples with the teacher’s from the same noise, one run per method.${shown(sampled.length)}`}
            message={`Sample cosine by training step of ${sampled.length} methods on ${name}`}
            fileName={`${table.protocol.set}-cosine-by-step`}
            lines={sampled.slice(0, mostLines)}
            x={{ kind: 'step', label: 'fine-tuning step (root scale) →' }}
            y={{ label: 'sample cosine, higher is better ↑', format: (v) => formatFixed(v, 2) }}
          />
        </Card>
      )}
    </div>
  )
}

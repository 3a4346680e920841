'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { debounce } from 'nuqs'
import { type ReactNode, useRef } from 'react'
import { pageUrl, type RunColumn, type RunOrder, type ViewParams } from '../../lib/record/view'
import { LineChart } from '../_charts/line-chart'
import { ScatterChart } from '../_charts/scatter-chart'
import { isExact, isMeasured } from '../_charts/series'
import { Sparkline } from '../_charts/sparkline'
import { DropZone } from '../_drop/drop-zone'
import { Card } from '../_ui/card'
import { formatBytes, formatCosine, formatCount, formatDb, formatRatio, formatSqnr } from '../_ui/format'
import { LiveRefresh } from '../_ui/live-refresh'
import { Pixels } from '../_ui/pixels'
import { RunMark, RunName } from '../_ui/run-mark'
import { Empty } from '../_ui/states'
import { TableScroll } from '../_ui/table-scroll'
import { Term } from '../_ui/term'
import { useKeys } from '../_ui/use-keys'
import { useView } from '../_ui/use-view'
import type { RunListRow, RunsViewData } from './load'
import type { Pulse } from './pulse'
import { directionOf, matchesFilter, pageSize } from './run-filter'
import { trainingWords } from './training-now'

export type RunsViewProps = {
  data: RunsViewData
  /** View state of a frozen view; what the URL says goes first. */
  initial?: Partial<ViewParams>
  /** What is going on; absent in a frozen view. */
  pulse?: Pulse
  /** A frozen view: nothing joins and nothing is picked. */
  frozen?: boolean
}

/** All runs: what a smaller file costs, how each student learned, and the list both are drawn from. */
export function RunsView({ data, initial, pulse, frozen = false }: RunsViewProps) {
  const [view, setView] = useView(initial)
  const router = useRouter()
  const filter = useRef<HTMLInputElement>(null)
  // A frozen view has all of its runs here; of others the server sends the page that is asked for.
  const shown = frozen ? data.runs.filter((run) => matchesFilter(run, view.q)) : data.runs
  const students = shown.filter((run) => run.role === 'student')
  const pickable = [...data.runs, ...data.picked]
  const picked = frozen ? [] : view.r.flatMap((name) => pickable.find((run) => run.name === name) ?? [])
  const compareUrl = pageUrl('compare', null, null, { r: picked.map(atLatest) })
  const { teachers, students: studentCount, matching } = data.total
  const total = teachers + studentCount

  function pick(name: string, on: boolean) {
    const others = picked.map((run) => run.name).filter((other) => other !== name)
    setView({ r: on ? [...others, name] : others })
  }
  function filterBy(q: string) {
    // The server is asked when typing pauses.
    setView({ q, page: 1 }, frozen ? {} : { shallow: false, limitUrlUpdates: debounce(q === '' ? 0 : 200) })
  }
  useKeys({
    '/': () => filter.current?.focus(),
    ...(picked.length > 0 && { Escape: () => setView({ r: [] }) }),
    ...(picked.length > 1 && { c: () => router.push(compareUrl) }),
  })

  const partWords = shown.length < total ? ` Of the ${formatCount(shown.length)} runs listed below.` : ''
  const { trainings = [], demo = null } = pulse ?? {}
  const waiting = pulse && (demo !== null || trainings.length > 0) && (
    <LiveRefresh runs={null} stamp={pulse.stamp} />
  )
  if (total === 0) {
    return (
      <>
        {waiting}
        <h1>Runs</h1>
        {demo && <DemoNote demo={demo} />}
        <Card>
          <Empty title="No runs yet" level={2}>
            <p>
              A run is a teacher in full precision or one of its binarized students. Drop a pair of
              checkpoints below, or import them with <code>npm run --silent cli -- import PATH</code>.
            </p>
          </Empty>
        </Card>
        <DropZone />
      </>
    )
  }
  return (
    <>
      {waiting}
      <div className="page-head">
        <h1>Runs</h1>
        <span className="soft small">
          {count(teachers, 'teacher')}, {count(studentCount, 'student')} · {formatCount(shown.length)} of{' '}
          {formatCount(total)} shown
        </span>
        {demo && <DemoNote demo={demo} />}
        <span className="grow" />
        <input
          ref={filter}
          className="field"
          type="search"
          placeholder="bits:W1A4 method:lmb …  /"
          aria-label="Filter runs"
          value={view.q}
          onChange={(event) => filterBy(event.target.value)}
        />
      </div>
      <div className="columns halves">
        <Card>
          <SizeChart students={students} teachers={data.teachers} part={partWords} />
        </Card>
        <Card>
          <LearningChart students={students} part={partWords} />
        </Card>
      </div>
      <Card className="flush">
        {shown.length === 0 ? (
          <Empty
            level={2}
            title={`No run matches “${view.q}”`}
            action={
              <button type="button" className="button" onClick={() => filterBy('')}>
                Show all {formatCount(total)}
              </button>
            }
          />
        ) : (
          <RunTable
            runs={shown}
            trainings={trainings}
            picked={picked.map(({ name }) => name)}
            order={view.order}
            onOrder={frozen ? undefined : (order) => setView({ order, page: 1 }, { shallow: false })}
            onPick={frozen ? undefined : pick}
          />
        )}
        {data.pages > 1 && <Pager view={view} page={data.page} pages={data.pages} matching={matching} />}
      </Card>
      {!frozen && <DropZone />}
      {picked.length > 0 && (
        <section className="compare-bar" aria-label="Picked runs">
          {picked.map(({ name, slot }) => (
            <RunName key={name} name={name} slot={slot} />
          ))}
          {picked.length > 1 ? (
            <Link className="button" href={compareUrl}>
              Compare {picked.length} <kbd>C</kbd>
            </Link>
          ) : (
            <span>Pick one more to compare</span>
          )}
          <button type="button" className="text-button" onClick={() => setView({ r: [] })}>
            Esc clears
          </button>
        </section>
      )}
    </>
  )
}

/** The rest of the demo is on its way; the list grows by itself. */
function DemoNote({ demo }: { demo: NonNullable<Pulse['demo']> }) {
  return (
    <span className="chip" role="status">
      loading the demo: {demo.done} of {demo.total} checkpoints
    </span>
  )
}

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`

const atLatest = ({ name, latestStep }: Pick<RunListRow, 'name' | 'latestStep'>): string =>
  latestStep === null ? name : `${name}@${latestStep}`

type PagerProps = { view: ViewParams; page: number; pages: number; matching: number }

/** Which of the runs that match are on this page, and the way to the others. */
function Pager({ view, page, pages, matching }: PagerProps) {
  const first = (page - 1) * pageSize + 1
  const to = (page: number) => pageUrl('runs', null, null, { ...view, page })
  return (
    <nav className="pager" aria-label="Pages of the list">
      {page > 1 ? <Link href={to(page - 1)}>‹ before</Link> : <span className="faint">‹ before</span>}
      <span>
        {formatCount(first)}–{formatCount(Math.min(matching, first + pageSize - 1))} of{' '}
        {formatCount(matching)}
        {view.q && ' that match'}, page {formatCount(page)} of {formatCount(pages)}
      </span>
      {page < pages ? <Link href={to(page + 1)}>next ›</Link> : <span className="faint">next ›</span>}
    </nav>
  )
}

/** Runs that one chart can name. */
const mostNamed = 7

const lastQuality = (run: RunListRow): number | null => run.quality.at(-1)?.value ?? null

type ChartProps = {
  students: RunListRow[]
  /** Which of the runs are drawn, '' for all. */
  part: string
}

function SizeChart({ students, teachers, part }: ChartProps & Pick<RunsViewData, 'teachers'>) {
  const large = students.some((run) => (run.bytes ?? 0) >= 4 * 1024 ** 2)
  const [unit, unitName] = large ? [1024 ** 2, 'MiB'] : [1024, 'KiB']
  const points = students.flatMap((run) => {
    const value = lastQuality(run)
    return run.bytes !== null && isMeasured(value) && !isExact(value)
      ? [{ id: run.id, name: run.name, slot: run.slot, x: run.bytes / unit, y: value }]
      : []
  })
  const shown = points.map((point, i) => ({ ...point, unnamed: i >= mostNamed }))
  const best = points.toSorted((a, b) => b.y - a.y)[0]
  const teacherName = students.find((run) => run.id === best?.id)?.teacher
  const teacher = teachers.find(({ name }) => name === teacherName)
  return (
    <ScatterChart
      title="What a smaller file costs"
      caption={`Packed size, counted from the layer list, against how well the output follows the teacher’s. Up and left is better.${part}${points.length > mostNamed ? ` ${mostNamed} of ${points.length} named; filter to choose.` : ''}`}
      message={
        best
          ? `Packed size against output SQNR of ${count(points.length, 'student')}; ${best.name} follows best with ${formatDb(best.y)} at ${formatBytes(best.x * unit)}`
          : 'Packed size against output SQNR; nothing measured yet'
      }
      fileName="size-against-sqnr"
      points={shown}
      x={{ label: `← smaller file, packed ${unitName}`, format: formatCount }}
      note={teacher?.bytes ? `${teacher.name}: ${formatBytes(teacher.bytes)}, off this scale →` : undefined}
      y={{ label: 'output SQNR, dB, mean over timesteps, higher is better ↑' }}
    />
  )
}

function LearningChart({ students, part }: ChartProps) {
  const measured = students.filter((run) => run.quality.some(({ value }) => isMeasured(value)))
  const lines = measured.slice(0, mostNamed).map((run) => ({
    id: run.id,
    name: run.name,
    slot: run.slot,
    marks: true,
    points: run.quality.map((c) => ({ x: c.step, y: isExact(c.value) ? null : c.value })),
  }))
  return (
    <LineChart
      title="How each student learned"
      caption={`Output SQNR of every stored checkpoint against its teacher.${part}${measured.length > mostNamed ? ` ${mostNamed} of ${measured.length} shown; filter to choose.` : ''}`}
      message={`Output SQNR by training step of ${count(lines.length, 'student')}`}
      fileName="sqnr-by-step"
      lines={lines}
      x={{ kind: 'step', label: 'fine-tuning step (root scale) →' }}
      y={{ label: 'output SQNR, dB, higher is better ↑' }}
    />
  )
}

type SortHeadProps = Pick<RunTableProps, 'order' | 'onOrder'> & {
  column: RunColumn
  className?: string
  title?: string
  children: ReactNode
}

/** Head of a column the list can be sorted by: the best first, then the other way round. */
function SortHead({ column, order, onOrder, className, title, children }: SortHeadProps) {
  const by = directionOf(order)
  const isOn = by.column === column
  const direction = by.direction === 1 ? 'ascending' : 'descending'
  return (
    <th scope="col" className={className} title={title} aria-sort={isOn && onOrder ? direction : undefined}>
      {onOrder ? (
        <button
          type="button"
          className="sort-button"
          onClick={() => onOrder(order === column ? `-${column}` : column)}
        >
          {children}
          {isOn && <span aria-hidden="true">{by.direction === 1 ? ' ▴' : ' ▾'}</span>}
        </button>
      ) : (
        children
      )}
    </th>
  )
}

type RunTableProps = {
  runs: RunListRow[]
  trainings: Pulse['trainings']
  picked: string[]
  order: RunOrder
  /** Absent in a frozen view, as is `onPick`. */
  onOrder?: (order: RunOrder) => void
  onPick?: (name: string, on: boolean) => void
}

function RunTable({ runs, trainings, picked, order, onOrder, onPick }: RunTableProps) {
  const sorting = { order, onOrder }
  const values = runs
    .flatMap((run) => run.quality.map((c) => c.value))
    .filter((v) => isMeasured(v) && !isExact(v)) as number[]
  const yDomain: [number, number] = [Math.min(0, ...values), Math.max(1, ...values)]
  const maxStep = Math.max(
    1,
    ...runs.filter((r) => r.role === 'student').flatMap((run) => run.quality.map((c) => c.step)),
  )
  const seed = runs.find((run) => run.samples)?.samples?.seed
  return (
    <TableScroll label="Runs">
      <table className="plain runs-table">
        <thead>
          <tr>
            {onPick && (
              <th scope="col" className="roomy">
                <span className="unseen">Pick</span>
              </th>
            )}
            <SortHead column="name" {...sorting}>
              Run
            </SortHead>
            <th scope="col">Samples{seed === undefined ? '' : `, seed ${seed}`}</th>
            <th scope="col" className="roomy">
              <Term id="w1a4">Bits</Term>
            </th>
            <th scope="col" className="num roomy">
              <Term id="lmb">Bases</Term>
            </th>
            <SortHead
              column="size"
              {...sorting}
              className="num"
              title="Counted from the layer list: one bit per weight and basis"
            >
              Packed size
            </SortHead>
            <th scope="col" className="num roomy">
              <Term id="smaller">vs FP32</Term>
            </th>
            <th scope="col" className="roomy">
              <Term id="outputSqnr">Output SQNR</Term> by step ↑
            </th>
            <SortHead column="sqnr" {...sorting} className="num">
              Last, dB ↑
            </SortHead>
            <SortHead
              column="cosine"
              {...sorting}
              className="num roomy"
              title="Mean cosine of the samples with the teacher's from the same noise"
            >
              Sample cosine ↑
            </SortHead>
            <SortHead column="checkpoints" {...sorting} className="num roomy">
              Checkpoints
            </SortHead>
            <SortHead column="changed" {...sorting} className="num roomy">
              Updated
            </SortHead>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => {
            const on = picked.includes(run.name)
            const student = run.role === 'student'
            const training = trainings.find((other) => other.run === run.name)
            return (
              <tr key={run.id} className={on ? 'picked' : undefined}>
                {onPick && (
                  <td className="roomy">
                    {student && (
                      <label className="tick">
                        <input
                          type="checkbox"
                          checked={on}
                          aria-label={`Pick ${run.name} to compare`}
                          onChange={(event) => onPick(run.name, event.target.checked)}
                        />
                      </label>
                    )}
                  </td>
                )}
                <th scope="row">
                  <Link
                    className="run-link"
                    href={pageUrl('run', run.name, null, { c: onPick ? null : run.latestStep })}
                  >
                    <RunMark slot={run.slot} />
                    <b>{run.name}</b>
                  </Link>
                  <span className="run-about">
                    {student ? run.method : 'full precision, the reference'}
                    {training && ` · ${trainingWords(training)}`}
                  </span>
                </th>
                <td>
                  <span className="thumbs">
                    {run.samples?.images.map((image, i) => (
                      <Pixels
                        key={image}
                        {...run.samples!}
                        pixels={image}
                        label={`Sample ${i} of ${run.name}`}
                        size={30}
                      />
                    )) ?? <span className="faint">none drawn</span>}
                  </span>
                </td>
                <td className="roomy">{run.bits}</td>
                <td className="num roomy">{run.bases || '–'}</td>
                <td className="num">{formatBytes(run.bytes)}</td>
                <td className="num soft roomy">{formatRatio(run.ratio)}</td>
                <td className="roomy">
                  {!student ? (
                    <span className="soft">reference</span>
                  ) : run.quality.length > 0 && lastQuality(run) === null ? (
                    <span className="soft">weights only</span>
                  ) : (
                    <Sparkline points={run.quality} slot={run.slot} yDomain={yDomain} maxStep={maxStep} />
                  )}
                </td>
                <td className="num">
                  <b>{student ? formatSqnr(lastQuality(run)) : '–'}</b>
                </td>
                <td className="num roomy">{formatCosine(run.sampleCosine)}</td>
                <td className="num roomy">{formatCount(run.quality.length)}</td>
                <td className="num soft roomy" title={run.updatedAt}>
                  {run.updated}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </TableScroll>
  )
}

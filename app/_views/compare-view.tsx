'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState, useTransition } from 'react'
import { keptParams, pageUrl, type ViewParams } from '../../lib/record/view'
import { checkpointDash } from '../_charts/checkpoint-mark'
import { metricScales } from '../_charts/colour'
import { LineChart } from '../_charts/line-chart'
import { RankedLayers } from '../_charts/ranked-layers'
import { gapNameOf, isExact, isMeasured, nearestIndex, withoutExact } from '../_charts/series'
import { WeightOverlay } from '../_charts/weight-overlay'
import { Card, Sentence } from '../_ui/card'
import { formatBytes, formatCount, formatDb, formatDelta } from '../_ui/format'
import { LiveRefresh } from '../_ui/live-refresh'
import { ContextBar, ContextItem, PageShell } from '../_ui/page-shell'
import { RunName } from '../_ui/run-mark'
import { Empty } from '../_ui/states'
import { useKeys } from '../_ui/use-keys'
import { useView } from '../_ui/use-view'
import './compare.css'
import { CompareCurves } from './compare-curves'
import { CompareFigures, CompareSettings, PublishedReferences } from './compare-figures'
import { comparisonTitle, fullName, shortName } from './compare-names'
import { AddCheckpoint, ComparePicker } from './compare-picker'
import { endsOf, type Ranking, rankLayers } from './compare-rank'
import { CompareSamples } from './compare-samples'
import { CompareWeights } from './compare-weights'
import { wholeRange } from './curve-points'
import type { CompareChoice, ComparedCheckpoint, CompareViewData } from './load-compare'
import type { PackedProps } from './packed'
import type { Pulse } from './pulse'
import { meanLevels } from './run-rows'
import { usePacked } from './use-packed'

export type CompareViewProps = {
  data: CompareViewData
  /** View state of a frozen view; what the URL says goes first. */
  initial?: Partial<ViewParams>
  /** Whether some of them are being trained; absent in a frozen view. */
  pulse?: Pulse
  frozen?: { createdAt: string }
}

const crumbs = [{ label: 'Runs', href: '/' }, { label: 'Compare' }]

/** Two or more checkpoints on shared axes; the first is the baseline. */
export function CompareView({ data: text, initial, pulse, frozen }: PackedProps<CompareViewProps>) {
  const data = usePacked(text)
  const [, setView] = useView(initial)
  const [loading, startTransition] = useTransition()
  const load = (change: Partial<ViewParams>) => setView(change, { shallow: false, startTransition })
  if (data.checkpoints.length < 2)
    return (
      <PageShell crumbs={crumbs} frozen={frozen}>
        <h1>Compare</h1>
        <Card>
          <NothingToCompare data={data} onReferences={frozen ? undefined : (r) => load({ r, l: null })} />
        </Card>
      </PageShell>
    )
  const names = [...new Set(data.checkpoints.map(({ run }) => run.name))]
  return (
    <>
      {pulse && pulse.trainings.length > 0 && <LiveRefresh runs={names} stamp={pulse.stamp} />}
      <Comparison data={data} initial={initial} frozen={frozen} loading={loading} load={load} />
    </>
  )
}

type ComparisonProps = Omit<CompareViewProps, 'pulse'> & {
  loading: boolean
  /** Changes what the server has to load for. */
  load: (change: Partial<ViewParams>) => void
}

function Comparison({ data, initial, frozen, loading, load }: ComparisonProps) {
  const { checkpoints } = data
  const [view, setView] = useView(initial)
  const [allLayers, setAllLayers] = useState(false)
  const [allSettings, setAllSettings] = useState(false)
  const router = useRouter()
  const ranking = rankLayers(checkpoints)
  const layer =
    (ranking.common.includes(view.l ?? '') ? view.l : null) ??
    ranking.layers[0]?.id ??
    ranking.common[0] ??
    null
  const at = view.t === null ? -1 : nearestIndex(ranking.timesteps, view.t)
  const t = ranking.timesteps[at] ?? null
  const last = checkpoints.at(-1)!
  const someRun = checkpoints.some(({ runs }) => runs)
  const layerHref = (id: string) =>
    pageUrl('layer', last.run.name, id, { ...keptParams(view, 'layer'), c: last.step })
  const fromWorst = ranking.layers.toReversed()
  const nextWorse = () => {
    const next = fromWorst[(fromWorst.findIndex((row) => row.id === layer) + 1) % fromWorst.length]
    if (next) setView({ l: next.id })
  }
  useKeys(fromWorst.length > 0 ? { n: nextWorse } : {})

  return (
    <PageShell
      crumbs={crumbs}
      frozen={frozen}
      subject={checkpoints.map((c) => `${c.run.name}@${c.step}`).join(' ')}
      share={
        frozen
          ? undefined
          : { page: 'compare', run: null, layer: null, checkpoints: checkpoints.map((c) => c.id) }
      }
      context={
        <ContextBar>
          {frozen ? (
            checkpoints.map((c, i) => (
              <ContextItem key={c.id} name={i === 0 ? 'baseline' : 'against'}>
                <RunName slot={c.run.slot} name={fullName(c)} />
              </ContextItem>
            ))
          ) : (
            <ComparePicker
              checkpoints={checkpoints}
              choices={data.choices}
              onChange={(r) => load({ r, l: null })}
            />
          )}
        </ContextBar>
      }
    >
      <div className="compare-head" aria-busy={loading}>
        <div>
          <h1>{comparisonTitle(checkpoints)}</h1>
          <Sentence>
            <CompareSentence checkpoints={checkpoints} ranking={ranking} />
          </Sentence>
          <Notices data={data} ranking={ranking} />
        </div>
        <CompareFigures checkpoints={checkpoints} />
      </div>
      {someRun && <CompareSamples data={data} view={view} onChange={setView} />}
      <CompareCurves
        data={data.curves}
        range={view.x}
        onCurve={(y) => load({ y })}
        // null would be the range a frozen view was made with
        onRange={(x) => load({ x: x ?? (initial?.x ? wholeRange(data.curves.curves) : null) })}
      />
      <div className="columns wide-left">
        <div className="stack">
          <Card>
            {checkpoints.every(({ runs }) => runs) ? (
              <RankedCard
                data={data}
                ranking={ranking}
                selected={{ row: layer, t }}
                onSelect={(row, time) => setView(time === null ? { l: row } : { l: row, t: time })}
                onOpen={(id) => router.push(layerHref(id))}
                all={allLayers}
                onAll={setAllLayers}
              />
            ) : (
              <CompareWeights
                checkpoints={checkpoints}
                layers={ranking.common}
                selected={layer}
                onSelect={(l) => setView({ l })}
              />
            )}
          </Card>
          <Card title="What differs in the settings">
            <CompareSettings checkpoints={checkpoints} all={allSettings} onAll={setAllSettings} />
          </Card>
          <PublishedReferences checkpoints={checkpoints} />
        </div>
        {layer && (
          <SelectedLayer
            data={data}
            id={layer}
            t={t}
            onTime={(time) => setView({ t: time })}
            href={frozen ? null : layerHref(layer)}
          />
        )}
      </div>
    </PageShell>
  )
}

/** "Against A, B follows the teacher 4.2 dB closer on average (7.2 → 11.4 dB). 33 of 37 layers got better: ..." */
function CompareSentence({ checkpoints, ranking }: { checkpoints: ComparedCheckpoint[]; ranking: Ranking }) {
  const baseline = checkpoints[0]!
  const last = checkpoints.at(-1)!
  const [from, to] = [baseline.outputSqnr, last.outputSqnr]
  const { layers } = ranking
  const better = layers.filter((row) => row.change > 0).length
  const [best, worst] = [layers[0], layers.at(-1)]
  const bytes = last.packedBytes - baseline.packedBytes
  const unrun = checkpoints.filter(({ runs }) => !runs)
  if (unrun.length > 0)
    return (
      <>
        Only weights are compared: {unrun.map((c) => shortName(c, checkpoints)).join(' and ')}{' '}
        {unrun.length === 1 ? 'has' : 'have'} no forward pass here, so there are no outputs to set side by
        side.
      </>
    )
  if (!isMeasured(from) || !isMeasured(to) || !best || !worst)
    return (
      <>
        Outputs were not measured for both {shortName(baseline, checkpoints)} and{' '}
        {shortName(last, checkpoints)}: a teacher has nothing to be measured against. Weights and samples are
        compared.
      </>
    )
  return (
    <>
      <b>{shortName(last, checkpoints)}</b> follows the teacher{' '}
      {isExact(from) || isExact(to) ? (
        <>
          at <b>{formatDb(to)}</b>, {shortName(baseline, checkpoints)} at <b>{formatDb(from)}</b>
        </>
      ) : (
        <>
          <b>
            {formatDb(Math.abs(to - from))} {to >= from ? 'closer' : 'less closely'}
          </b>{' '}
          than {shortName(baseline, checkpoints)} on average ({formatDb(from)} → {formatDb(to)})
        </>
      )}
      {Math.abs(bytes) >= 1024 && (
        <>
          {' '}
          for {formatBytes(Math.abs(bytes))} {bytes > 0 ? 'more' : 'less'}
        </>
      )}
      . {better === 0 ? 'None' : better === layers.length ? 'All' : better} of {layers.length} binarized
      layers got better
      {better > 0 && (
        <>
          , <b className="mono">{best.id}</b> most ({formatDelta(best.change, 1)} dB)
        </>
      )}
      {worst.change < 0 && (
        <>
          ; <b className="mono">{worst.id}</b> got worse most ({formatDelta(worst.change, 1)} dB)
        </>
      )}
      .
    </>
  )
}

/** What a reader must know before trusting the numbers: missing references, other architectures, other teachers. */
function Notices({ data, ranking }: { data: CompareViewData; ranking: Ranking }) {
  const { checkpoints, teacher, problems } = data
  const students = checkpoints.filter((c) => c.run.role === 'student')
  const notices = [
    ...problems,
    ...(ranking.others.length > 0
      ? [
          ranking.common.length === 0
            ? 'The architectures differ: they have no layer in common.'
            : `The architectures differ: compared by the ${ranking.common.length} layers all of them have, ${ranking.others.length} others are left out.`,
        ]
      : []),
    ...(students.length === checkpoints.length && !teacher
      ? ['They have different teachers: each is measured against its own.']
      : []),
    ...(ranking.layers.length > 0 && ranking.timesteps.length < checkpoints[0]!.timesteps.length
      ? [`Means are over the ${ranking.timesteps.length} timesteps both ends measured.`]
      : []),
  ]
  return notices.map((notice) => (
    <p key={notice} className="small notice">
      △ {notice}
    </p>
  ))
}

type RankedCardProps = {
  data: CompareViewData
  ranking: Ranking
  selected: { row: string | null; t: number | null }
  onSelect: (row: string, t: number | null) => void
  onOpen: (row: string) => void
  all: boolean
  onAll: (all: boolean) => void
}

function RankedCard({ data, ranking, selected, onSelect, onOpen, all, onAll }: RankedCardProps) {
  const { checkpoints } = data
  const { layers, timesteps, kept, exact, unmeasured } = ranking
  if (layers.length === 0)
    return (
      <>
        <h2>Layers ranked by change</h2>
        <Empty title="Nothing to rank">
          <p>
            Ranking needs measured outputs in the first and the last checkpoint. A teacher has none; a student
            gets them when it is diagnosed against its teacher.
          </p>
        </Empty>
      </>
    )
  const { top, bottom } = all ? { top: layers, bottom: [] } : endsOf(layers)
  const names = checkpoints.map((c) => shortName(c, checkpoints))
  const changeName = `${names.at(-1)} − ${names[0]}`
  const hidden = bottom.length > 0 || all
  return (
    <RankedLayers
      title="Layers ranked by change"
      caption={`How far each layer’s output is from the teacher’s in every checkpoint, then when the change happens: ${changeName}.`}
      message={`${layers.length} layers by change of mean output SQNR, ${changeName}: from ${formatDelta(layers[0]!.change, 1)} dB (${layers[0]!.id}) to ${formatDelta(layers.at(-1)!.change, 1)} dB (${layers.at(-1)!.id}). Arrow keys move, Enter opens the layer, T shows the table`}
      fileName="layers-by-change"
      top={top}
      bottom={bottom}
      looks={checkpoints.map((c, i) => ({ name: names[i]!, look: { slot: c.run.slot, age: c.age } }))}
      timesteps={timesteps}
      selected={selected}
      onSelect={onSelect}
      onOpen={onOpen}
      changeName={changeName}
    >
      <p className="small soft">
        {bottom.length > 0
          ? `${top.length} most and ${bottom.length} least improved of ${layers.length} binarized layers`
          : `${layers.length} of ${layers.length} binarized layers`}
        {hidden && layers.length > top.length + bottom.length - (all ? 1 : 0) && (
          <>
            {' · '}
            <button type="button" className="text-button" aria-pressed={all} onClick={() => onAll(!all)}>
              {all ? 'only the ends' : 'show all'}
            </button>
          </>
        )}
        {kept.length > 0 && (
          <>
            <br />
            {kept.length} kept in full precision left out
          </>
        )}
        {exact.length > 0 && (
          <>
            <br />
            {exact.length} exact in {names[0]} or {names.at(-1)}, without a change in dB
          </>
        )}
        {unmeasured.length > 0 && (
          <>
            <br />
            {unmeasured.length} not measured
          </>
        )}
      </p>
    </RankedLayers>
  )
}

type SelectedLayerProps = {
  data: CompareViewData
  id: string
  t: number | null
  onTime: (t: number) => void
  href: string | null
}

/** The selected layer: its weights on one axis and its output error on another. */
function SelectedLayer({ data, id, t, onTime, href }: SelectedLayerProps) {
  const { checkpoints, teacher } = data
  const own = checkpoints.flatMap((c) => {
    const layer = c.layers.find((other) => other.id === id)
    return layer
      ? [{ checkpoint: c, layer, name: shortName(c, checkpoints), look: { slot: c.run.slot, age: c.age } }]
      : []
  })
  const differing = own.map(({ layer }) => withoutExact(layer.sqnr ?? []))
  const measured = own.filter((_, i) => differing[i]!.some(isMeasured))
  const same = own.filter(({ layer }, i) => layer.sqnr?.some(isExact) && !differing[i]!.some(isMeasured))
  const sameNote = same.length > 0 ? ` Exact in ${same.map(({ name }) => name).join(', ')}.` : ''
  const values = differing.flat().filter(isMeasured)
  const unstored = own.filter(({ layer }) => layer.histogram === null).map(({ name }) => name)
  const [low, high] = metricScales.sqnr.domain
  return (
    <div className="stack">
      <Card>
        <WeightOverlay
          title={<>Weights of {href ? <Link href={href}>{id}</Link> : id}</>}
          caption={`Latent weights on one axis${teacher?.weights[id] ? ', the teacher’s in ink' : ''}; below, the levels at the mean scales over channels.${
            unstored.length > 0
              ? ` Not stored, so not drawn: the latent weights of ${unstored.join(', ')}.`
              : ''
          }`}
          message={`Weight distributions of ${id} in ${own.length} checkpoints: ${own
            .map(
              ({ name, layer }) =>
                `${name} ${layer.bases === 0 ? 'kept in full precision' : formatDb(layer.weightsSqnr)}`,
            )
            .join(', ')}`}
          fileName={`${id}-weights`}
          checkpoints={own.map(({ name, layer, look }) => ({
            name,
            look,
            histogram: layer.histogram,
            levels: meanLevels(layer.sigma1, layer.sigma2),
          }))}
          teacher={teacher?.weights[id] ?? null}
        />
      </Card>
      {own.some(({ checkpoint }) => checkpoint.runs) && (
        <Card>
          {measured.length > 0 ? (
            <LineChart
              title="Its output over timesteps"
              caption={`Accumulated output SQNR against the teacher, dB, higher is better ↑.${sameNote}`}
              message={`Output SQNR of ${id} over timesteps in ${measured.length} checkpoints`}
              fileName={`${id}-sqnr`}
              lines={measured.map(({ checkpoint, layer, name, look }) => ({
                id: checkpoint.id,
                name,
                slot: look.slot,
                dash: checkpointDash(look),
                points: checkpoint.timesteps
                  .map((time, i) => ({ x: time, y: withoutExact(layer.sqnr ?? [])[i] ?? null }))
                  .toReversed(),
              }))}
              gapName={gapNameOf(measured.flatMap(({ layer }) => layer.sqnr ?? []))}
              x={{ kind: 'time' }}
              y={{ label: 'SQNR, dB ↑', domain: [Math.min(low, ...values), Math.max(high, ...values)] }}
              references={[{ y: 0, label: '0 dB: error as large as the signal' }]}
              height={290}
              selectedX={t}
              onSelectX={onTime}
            />
          ) : (
            <>
              <h2>Its output over timesteps</h2>
              <Empty title={same.length > 0 ? 'Exact at every timestep' : 'Not measured in any of them'}>
                {sameNote && <p>The output equals the teacher’s within float32.{sameNote}</p>}
              </Empty>
            </>
          )}
        </Card>
      )}
    </div>
  )
}

type NothingProps = {
  data: CompareViewData
  /** Absent in a frozen view: nothing can join. */
  onReferences?: (references: string[]) => void
}

/** Fewer than two checkpoints: what could be compared, one click away. */
function NothingToCompare({ data, onReferences }: NothingProps) {
  const { checkpoints, choices, problems } = data
  const offers = offersOf(choices, checkpoints)
  const one = checkpoints[0]
  return (
    <Empty
      level={2}
      title={one ? `${fullName(one)} needs something to be compared with` : 'Pick two checkpoints to compare'}
    >
      {problems.map((problem) => (
        <p key={problem}>△ {problem}</p>
      ))}
      {offers.length > 0 ? (
        <ul className="offers">
          {offers.map((offer) => (
            <li key={offer.references.join()}>
              <Link className="button" href={pageUrl('compare', null, null, { r: offer.references })}>
                {offer.label}
              </Link>
            </li>
          ))}
        </ul>
      ) : (
        <p>Only one checkpoint is stored. Import another one on the Runs page.</p>
      )}
      {choices.length > 0 && onReferences && (
        <AddCheckpoint
          choices={choices}
          taken={checkpoints.map((c) => `${c.run.name}@${c.step}`)}
          onAdd={(reference) =>
            onReferences([...checkpoints.map((c) => `${c.run.name}@${c.step}`), reference])
          }
        />
      )}
    </Empty>
  )
}

const mostOffers = 6

/** Pairs worth a look: students among each other, and the first and last step of one run. */
function offersOf(choices: readonly CompareChoice[], chosen: readonly ComparedCheckpoint[]) {
  const latest = (choice: CompareChoice) => `${choice.name}@${choice.steps.at(-1)}`
  const students = choices.filter((choice) => choice.role === 'student')
  const one = chosen[0] && `${chosen[0].run.name}@${chosen[0].step}`
  const offers = one
    ? students
        .filter((choice) => latest(choice) !== one)
        .map((choice) => ({
          label: `with ${choice.name} · ${formatCount(choice.steps.at(-1)!)}`,
          references: [one, latest(choice)],
        }))
    : [
        ...students.slice(0, mostOffers + 1).flatMap((a, i, some) =>
          some.slice(i + 1).map((b) => ({
            label: `${b.name} against ${a.name}`,
            references: [latest(a), latest(b)],
          })),
        ),
        ...students
          .filter((choice) => choice.steps.length > 1)
          .map((choice) => ({
            label: `${choice.name}: step ${formatCount(choice.steps[0]!)} to ${formatCount(choice.steps.at(-1)!)}`,
            references: [`${choice.name}@${choice.steps[0]}`, latest(choice)],
          })),
      ]
  return offers.slice(0, mostOffers)
}

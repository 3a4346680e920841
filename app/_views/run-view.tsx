'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import { metrics, pageUrl, type ViewParams } from '../../lib/record/view'
import { CheckpointSlider } from '../_charts/checkpoint-slider'
import { amountScale, type Metric, metricScales } from '../_charts/colour'
import { ColourLegend } from '../_charts/legend'
import { isExact, nearestIndex } from '../_charts/series'
import { StageStrip } from '../_charts/stage-strip'
import { UNetDiagram } from '../_charts/unet-diagram'
import { Card, Sentence } from '../_ui/card'
import {
  formatBytes,
  formatCosine,
  formatCount,
  formatDb,
  formatFixed,
  formatLarge,
  metricNames,
} from '../_ui/format'
import { LiveRefresh } from '../_ui/live-refresh'
import { ContextBar, ContextItem, PageShell } from '../_ui/page-shell'
import { RunName } from '../_ui/run-mark'
import { SampleRows } from '../_ui/sample-rows'
import { Segmented } from '../_ui/segmented'
import { Empty } from '../_ui/states'
import { useKeys } from '../_ui/use-keys'
import { useView } from '../_ui/use-view'
import { AuditCard, AuditChip } from './audit-card'
import { JobCard } from './job-card'
import { LayerSheet } from './layer-sheet'
import { LedgerCard } from './ledger-card'
import type { RunCheckpoint, RunViewData } from './load'
import { LossCard } from './loss-card'
import type { Pulse } from './pulse'
import type { ReadAs } from './read-as'
import { type Parting, partingDb, type RunFinding, runFinding } from './run-finding'
import { type LayerRow, rowMean, worstFirst } from './run-rows'
import { TrainingNow } from './training-now'
import { WeightSheet } from './weight-sheet'

export type RunViewProps = {
  data: RunViewData
  /** View state of a frozen view; what the URL says goes first. */
  initial?: Partial<ViewParams>
  /** Whether it is being trained; absent in a frozen view. */
  pulse?: Pulse
  frozen?: { createdAt: string }
}

/** One run at one checkpoint: which layers hurt, when, and what the file costs. */
export function RunView(props: RunViewProps) {
  const { data, pulse } = props
  const { checkpoint } = data
  const awaited = data.job?.uploads.some(({ state }) => state !== 'refused') ?? false
  const Page = checkpoint?.unrun ? WeightsRun : data.run.role === 'teacher' ? TeacherRun : StudentRun
  return (
    <>
      {pulse && (pulse.trainings.length > 0 || awaited) && (
        <LiveRefresh run={data.run.name} stamp={pulse.stamp} />
      )}
      {checkpoint ? <Page {...props} checkpoint={checkpoint} /> : <UnstoredRun {...props} />}
    </>
  )
}

/** A run that was begun and has stored no checkpoint. */
function UnstoredRun({ data, pulse, frozen }: RunViewProps) {
  const { run, losses } = data
  const [training] = pulse?.trainings ?? []
  return (
    <PageShell crumbs={crumbsOf(run.name)} frozen={frozen}>
      <h1>{run.name}</h1>
      {training && <TrainingNow training={training} />}
      <Card>
        <Empty title="No checkpoint yet" level={2}>
          <p>
            {training ? 'The first one appears here by itself. ' : 'Training writes checkpoints as it goes. '}
            Others are stored with <code>npm run --silent cli -- import PATH --run {run.name}</code>.
          </p>
        </Empty>
      </Card>
      {losses.length > 0 && <LossCard run={run} losses={losses} />}
      {data.job && <JobCard run={run} job={data.job} />}
    </PageShell>
  )
}

const crumbsOf = (name: string) => [{ label: 'Runs', href: '/' }, { label: name }]

type InnerProps = RunViewProps & { checkpoint: RunCheckpoint }

function StudentRun({ data, checkpoint, initial, pulse, frozen }: InnerProps) {
  const { run, rows, teacher } = data
  const { timesteps, output } = checkpoint
  const router = useRouter()
  const [view, setView] = useView(initial)
  const [loading, startTransition] = useTransition()
  const finding = runFinding(timesteps, output?.sqnr ?? null, rows)
  const worst = worstFirst(rows, view.m)
  const layer = rows.find((row) => row.layer.id === view.l) ?? worst[0] ?? null
  const at = nearestIndex(timesteps, view.t ?? startingTimestep(finding?.parting))
  const t = timesteps[at] ?? null
  const steps = data.checkpoints.map((c) => c.step)
  const stepIndex = steps.indexOf(checkpoint.step)

  const layerHref = (id: string) =>
    // A frozen view leads to the layer of the very checkpoint it shows.
    pageUrl('layer', run.name, id, {
      c: frozen ? checkpoint.step : view.c,
      t: view.t,
      m: view.m === 'sqnr' ? undefined : view.m,
    })
  const select = (id: string, time: number | null) => setView(time === null ? { l: id } : { l: id, t: time })
  const open = (id: string) => router.push(layerHref(id))
  const moveTo = (index: number) => {
    const step = steps[index]
    if (step === undefined || frozen) return
    setView({ c: index === steps.length - 1 ? null : step }, { shallow: false, startTransition })
  }
  const moveTime = (by: number) => {
    const next = timesteps[Math.min(timesteps.length - 1, Math.max(0, at + by))]
    if (next !== undefined) setView({ t: next })
  }
  const nextWorst = () => {
    const next = worst[(worst.findIndex((row) => row.layer.id === layer?.layer.id) + 1) % worst.length]
    if (next) setView({ l: next.layer.id })
  }
  useKeys({
    ...(frozen ? {} : { '[': () => moveTo(stepIndex - 1), ']': () => moveTo(stepIndex + 1) }),
    n: nextWorst,
    m: () => setView({ m: metrics[(metrics.indexOf(view.m) + 1) % metrics.length] }),
  })

  return (
    <PageShell
      crumbs={crumbsOf(run.name)}
      frozen={frozen}
      share={frozen ? undefined : { page: 'run', run: run.name, layer: null, checkpoints: [checkpoint.id] }}
      context={
        <ContextBar>
          <ContextItem name="student">
            <RunName slot={run.slot} name={run.name} />
          </ContextItem>
          {teacher && (
            <ContextItem name="against">
              <Link href={pageUrl('run', teacher.name, null)}>
                <RunName slot={null} name={`${teacher.name}, FP32`} />
              </Link>
            </ContextItem>
          )}
          <ContextItem name="step">
            <b>{formatCount(checkpoint.step)}</b> {stepIndex + 1} of {steps.length}
          </ContextItem>
          {t !== null && (
            <ContextItem name="t">
              <button
                type="button"
                className="text-button"
                aria-label="Timestep before"
                onClick={() => moveTime(-1)}
              >
                ‹
              </button>
              <b>{t}</b>
              <button
                type="button"
                className="text-button"
                aria-label="Timestep after"
                onClick={() => moveTime(1)}
              >
                ›
              </button>
            </ContextItem>
          )}
          {checkpoint.protocol && <ContextItem name="seed">{checkpoint.protocol.seed}</ContextItem>}
          <ContextItem name="colour">
            <Segmented
              label="Metric of the map and the U-Net"
              value={view.m}
              onChange={(m) => setView({ m })}
              options={metrics.map((m) => ({ value: m, label: `${metricNames[m].name} ↑` }))}
            />
          </ContextItem>
        </ContextBar>
      }
    >
      <RunHead
        data={data}
        checkpoint={checkpoint}
        finding={finding}
        pulse={pulse}
        frozen={frozen}
        loading={loading}
      >
        <CheckpointSlider
          checkpoints={data.checkpoints}
          selected={checkpoint.step}
          onSelect={frozen ? undefined : (step) => moveTo(steps.indexOf(step))}
          slot={run.slot}
          label="output SQNR by step, dB, higher is better ↑"
        />
      </RunHead>
      <div className="columns wide-left">
        <Card>
          <NetworkChart
            rows={rows}
            metric={view.m}
            t={t}
            at={at}
            selected={layer}
            onSelect={(id) => select(id, null)}
            onOpen={open}
            layerHref={layerHref}
          />
        </Card>
        <LedgerCard ledger={checkpoint.ledger} rows={rows} slot={run.slot}>
          <CheckpointFacts checkpoint={checkpoint} />
        </LedgerCard>
      </div>
      <Card>
        {timesteps.length === 0 ? (
          <Empty title="No activations yet">
            <p>
              Only weights were imported. Diagnose the checkpoint against its teacher to see where they part.
            </p>
            {checkpoint.assumptions.length > 0 && (
              <p className="caption">Notes: {checkpoint.assumptions.join('; ')}.</p>
            )}
          </Empty>
        ) : (
          <LayerSheet
            rows={rows}
            timesteps={timesteps}
            output={view.m === 'lowrank' ? null : (output?.[view.m] ?? null)}
            parting={partingNote(finding?.parting)}
            metric={view.m}
            sort={view.sort}
            onSort={(sort) => setView({ sort })}
            slot={run.slot}
            selected={{ layer: layer?.layer.id ?? null, t }}
            onSelect={select}
            onOpen={open}
            layerHref={layerHref}
            assumptions={checkpoint.assumptions}
            message={sheetMessage(rows, timesteps, worst[0], view.m)}
            note={`${rows.length} of ${rows.length} layers · ${timesteps.length} timesteps · seed ${checkpoint.protocol?.seed ?? '–'}`}
          />
        )}
      </Card>
      {checkpoint.findings && <AuditCard findings={checkpoint.findings} layerHref={layerHref} />}
      {data.stages.length > 0 && <StagesCard data={data} />}
      <RunEvidence data={data} checkpoint={checkpoint} />
      {data.job && <JobCard run={run} job={data.job} />}
    </PageShell>
  )
}

/** Progressive start and EBB's transition: parts of the network change precision while they are trained. */
function StagesCard({ data: { run, stages, checkpoints } }: { data: RunViewData }) {
  const until = checkpoints.at(-1)?.step ?? 0
  const last = Math.max(...stages.flatMap((part) => part.stages.map(({ from }) => from)))
  return (
    <Card>
      <StageStrip
        title="Which part turned binary when"
        caption="Parts in order of the forward pass, from the precisions the checkpoints state."
        message={`Precision of ${stages.length} parts of ${run.name} by training step; the last change at step ${formatCount(last)}`}
        csvName={`${run.name}-precision`}
        rows={stages}
        until={until}
        slot={run.slot}
      />
    </Card>
  )
}

/** The stored file and how its outputs were measured. */
function CheckpointFacts({ checkpoint }: { checkpoint: RunCheckpoint }) {
  const { fileName, bytes, protocol, createdAt } = checkpoint
  return (
    <table className="plain ledger facts">
      <thead>
        <tr>
          <th scope="col" colSpan={2}>
            This checkpoint
          </th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">file, float weights</th>
          <td className="num">
            <code>{fileName}</code>, {formatBytes(bytes)}
          </td>
        </tr>
        {protocol && (
          <tr>
            <th scope="row">measured on</th>
            <td className="num">
              {formatCount(protocol.images)} images of seed {protocol.seed}, the teacher’s own{' '}
              {protocol.steps}
              -step path
            </td>
          </tr>
        )}
        <tr>
          <th scope="row">stored</th>
          <td className="num">{createdAt.slice(0, 10)}</td>
        </tr>
      </tbody>
    </table>
  )
}

/** Where the crosshair stands before the reader chose: where the student parts, else late in sampling. */
function startingTimestep(parting: Parting | undefined): number {
  return parting?.kind === 'from' || parting?.kind === 'between' ? parting.t : 100
}

function partingNote(parting: Parting | undefined): { t: number; label: string } | null {
  if (parting?.kind !== 'from') return null
  return { t: parting.t, label: `parts: below ${partingDb} dB from t ${parting.t}` }
}

function sheetMessage(
  rows: readonly LayerRow[],
  timesteps: readonly number[],
  worst: LayerRow | undefined,
  metric: Metric,
): string {
  const { name, written } = metricNames[metric]
  const ending = worst
    ? `; ${worst.layer.id} is worst with ${written(rowMean(worst, metric))} on average`
    : ''
  return `${name} of ${rows.length} layers at ${timesteps.length} timesteps${ending}. Arrow keys move, Enter opens the layer, T shows the table`
}

type RunHeadProps = InnerProps & {
  finding: RunFinding | null
  loading: boolean
  children?: React.ReactNode
}

function RunHead({ data, checkpoint, finding, pulse, frozen, loading, children }: RunHeadProps) {
  const { run, rows } = data
  const binarized = rows.filter((row) => row.bases > 0).length
  const [training] = pulse?.trainings ?? []
  return (
    <div className="run-head" aria-busy={loading}>
      <div>
        <h1>{run.name}</h1>
        <Sentence>
          {finding ? (
            <FindingSentence finding={finding} />
          ) : checkpoint.unrun ? (
            <>Weights only: there is no forward pass for this network, because {checkpoint.unrun}.</>
          ) : run.role === 'teacher' ? (
            <>The full-precision reference: {formatLarge(checkpoint.ledger.parameters)} parameters.</>
          ) : (
            <>Only the weights of this checkpoint were imported; its outputs were not measured.</>
          )}
        </Sentence>
        {training && <TrainingNow training={training} />}
        <div className="chips">
          <span className="chip">{run.bits}</span>
          <span className="chip">{run.method}</span>
          <span className="chip">
            {checkpoint.family} family, {formatLarge(checkpoint.ledger.parameters)} parameters
          </span>
          {run.role === 'student' && (
            <span className="chip">
              {binarized} of {rows.length} layers binarized
            </span>
          )}
          {checkpoint.findings && <AuditChip findings={checkpoint.findings} />}
        </div>
        <ReadAsLine readAs={checkpoint.readAs} />
        {!frozen && run.role === 'student' && (
          <div className="chips" style={{ marginTop: 10 }}>
            {!checkpoint.unrun && (
              <Link className="button" href={pageUrl('sample', run.name, null, { c: checkpoint.step })}>
                Sample side by side
              </Link>
            )}
            <Link
              className="button"
              href={pageUrl('compare', null, null, { r: compareWith(data, checkpoint.step) })}
            >
              Compare
            </Link>
          </div>
        )}
      </div>
      <div>
        {children}
        {loading && (
          <p className="small soft" role="status">
            Loading the checkpoint …
          </p>
        )}
      </div>
    </div>
  )
}

/** "network EMA (4/) · reading stored · sampler of ermongroup/ddim", as far as it is known. */
function ReadAsLine({ readAs: { network, reading, sampler } }: { readAs: ReadAs }) {
  if (!network && !reading && !sampler) return null
  return (
    <dl className="read-as-line small">
      {network && (
        <div>
          <dt>network</dt>
          <dd>
            {network.role}
            {network.prefix && (
              <>
                {' '}
                (<code>{network.prefix}</code>)
              </>
            )}
          </dd>
        </div>
      )}
      {reading && (
        <div>
          <dt>reading</dt>
          <dd>{reading}</dd>
        </div>
      )}
      {sampler && (
        <div>
          <dt>sampler of</dt>
          <dd>{sampler}</dd>
        </div>
      )}
    </dl>
  )
}

/** What a comparison starts with: the other students of this teacher, else this run's own first checkpoint. */
function compareWith({ run, siblings, checkpoints }: RunViewData, step: number): string[] {
  const shown = `${run.name}@${step}`
  const others = siblings.slice(0, 2).map((sibling) => `${sibling.name}@${sibling.step}`)
  const first = checkpoints[0]?.step
  if (others.length > 0) return [...others, shown]
  return first === undefined || first === step ? [shown] : [`${run.name}@${first}`, shown]
}

/** "At 12.6 dB mean output SQNR the student follows its teacher until t ≈ 280, then parts. X loses most." */
export function FindingSentence({ finding }: { finding: RunFinding }) {
  const { mean, parting, worst } = finding
  if (isExact(mean)) return <>The student’s output equals its teacher’s at every timestep, within float32.</>
  return (
    <>
      At <b>{formatDb(mean)}</b> mean output SQNR the student{' '}
      {parting.kind === 'never' && <>follows its teacher at every timestep (never below {partingDb} dB). </>}
      {parting.kind === 'always' && <>is below {partingDb} dB from the first timestep to the last. </>}
      {parting.kind === 'from' && parting.t > 0 && (
        <>follows its teacher until t ≈ {parting.t}, then parts. </>
      )}
      {parting.kind === 'from' && parting.t === 0 && (
        <>follows its teacher to the last step and parts only there, at t = 0. </>
      )}
      {parting.kind === 'between' && (
        <>
          drops below {partingDb} dB between t ≈ {parting.t} and {parting.until}, then finds back.{' '}
        </>
      )}
      {worst && (
        <>
          <b className="mono">{worst.id}</b> loses most ({formatDb(worst.mean)} on average).
        </>
      )}
    </>
  )
}

type NetworkChartProps = {
  rows: LayerRow[]
  metric: Metric
  t: number | null
  at: number
  selected: LayerRow | null
  onSelect: (id: string) => void
  onOpen: (id: string) => void
  layerHref: (id: string) => string
}

function NetworkChart({ rows, metric, t, at, selected, onSelect, onOpen, layerHref }: NetworkChartProps) {
  const { name, written } = metricNames[metric]
  const values = Object.fromEntries(rows.map((row) => [row.layer.id, row.series?.[metric][at] ?? null]))
  const time = rows.some((row) => row.layer.place.part === 'time')
  return (
    <UNetDiagram
      title={t === null ? 'The network' : `Where it hurts at t = ${t}`}
      caption={`Each square is a layer, coloured by accumulated ${name} against the teacher. Strong colour is large error, hatched is not measured. Curved lines are skips.${time ? ' The time embedding is left out.' : ''}`}
      message={`U-Net of ${rows.length} layers coloured by ${name} at t ${t ?? '–'}${selected ? `; selected ${selected.layer.id}` : ''}`}
      csvName="unet"
      layers={rows.map((row) => row.layer)}
      values={values}
      scale={metricScales[metric]}
      format={written}
      selected={selected?.layer.id}
      onSelect={onSelect}
      onOpen={onOpen}
    >
      <div className="unet-foot">
        <ColourLegend scale={metricScales[metric]} />
        {selected && (
          <div className="small">
            <b className="mono">{selected.layer.id}</b>
            <br />
            <span className="soft">
              {written(values[selected.layer.id])} at t {t ?? '–'} · {written(rowMean(selected, metric))} mean
              over t{selected.weightsSqnr !== null && <> · weights {formatDb(selected.weightsSqnr)}</>}
            </span>
            <br />
            <Link href={layerHref(selected.layer.id)}>Open layer ↵</Link>
          </div>
        )}
      </div>
    </UNetDiagram>
  )
}

/** Loss and samples: what stands below the sheet. A run that was imported without a log has no loss. */
function RunEvidence({ data, checkpoint }: InnerProps) {
  const { losses, run, teacher } = data
  return (
    <div className={losses.length > 0 ? 'columns halves' : 'columns'}>
      {losses.length > 0 && <LossCard run={run} losses={losses} />}
      <Card
        title={run.role === 'teacher' ? 'What it draws' : 'Same noise, two networks'}
        caption={
          checkpoint.samples
            ? `Seed ${checkpoint.samples.seed}, drawn when the checkpoint was stored.${
                checkpoint.sampleCosine === null
                  ? ''
                  : ` Mean cosine with the teacher’s images ${formatCosine(checkpoint.sampleCosine)} ↑`
              }`
            : undefined
        }
      >
        {checkpoint.samples ? (
          <SampleRows
            rows={[
              ...(teacher?.samples ? [{ name: 'teacher', slot: null, samples: teacher.samples }] : []),
              {
                name: run.role === 'teacher' ? 'teacher' : run.name,
                slot: run.slot,
                samples: checkpoint.samples,
              },
            ]}
          />
        ) : (
          <Empty title="No samples stored">
            <p>The Sample page draws them live.</p>
          </Empty>
        )}
      </Card>
    </div>
  )
}

/** A network of which only the weights are known: its layers in the order of the file, and the bytes of a student. */
function WeightsRun({ data, checkpoint, pulse, frozen }: InnerProps) {
  const { run, rows, teacher } = data
  const steps = data.checkpoints.map((c) => c.step)
  const [loading, startTransition] = useTransition()
  const [, setView] = useView()
  return (
    <PageShell
      crumbs={crumbsOf(run.name)}
      frozen={frozen}
      share={frozen ? undefined : { page: 'run', run: run.name, layer: null, checkpoints: [checkpoint.id] }}
      context={
        <ContextBar>
          <ContextItem name={run.role}>
            <RunName slot={run.slot} name={run.name} />
          </ContextItem>
          {teacher && (
            <ContextItem name="against">
              <Link href={pageUrl('run', teacher.name, null)}>
                <RunName slot={null} name={`${teacher.name}, FP32`} />
              </Link>
            </ContextItem>
          )}
          <ContextItem name="step">
            <b>{formatCount(checkpoint.step)}</b> {steps.indexOf(checkpoint.step) + 1} of {steps.length}
          </ContextItem>
        </ContextBar>
      }
    >
      <RunHead
        data={data}
        checkpoint={checkpoint}
        finding={null}
        pulse={pulse}
        frozen={frozen}
        loading={loading}
      >
        {steps.length > 1 && (
          <CheckpointSlider
            checkpoints={data.checkpoints}
            selected={checkpoint.step}
            onSelect={
              frozen
                ? undefined
                : (step) =>
                    setView({ c: step === steps.at(-1) ? null : step }, { shallow: false, startTransition })
            }
            slot={run.slot}
            label="checkpoints by step"
          />
        )}
      </RunHead>
      <Card>
        <WeightSheet
          rows={rows}
          runName={run.name}
          unrun
          layerHref={(id) => pageUrl('layer', run.name, id, { c: checkpoint.step })}
          assumptions={checkpoint.assumptions}
        />
      </Card>
      {run.role === 'student' && (
        <LedgerCard ledger={checkpoint.ledger} rows={rows} slot={run.slot}>
          <CheckpointFacts checkpoint={checkpoint} />
        </LedgerCard>
      )}
    </PageShell>
  )
}

/** A teacher: weights, samples, and its students. */
function TeacherRun({ data, checkpoint, pulse, frozen }: InnerProps) {
  const { run, rows, students } = data
  const [loading, startTransition] = useTransition()
  const [, setView] = useView()
  const macs = Object.fromEntries(rows.map((row) => [row.layer.id, row.layer.macs]))
  const most = Math.max(1, ...Object.values(macs))
  const scale = amountScale(most / 1e6, { label: 'M MACs', direction: 'more' })
  const steps = data.checkpoints.map((c) => c.step)
  const moveTo = (index: number) => {
    const step = steps[index]
    if (step === undefined || frozen) return
    setView({ c: index === steps.length - 1 ? null : step }, { shallow: false, startTransition })
  }
  useKeys(
    frozen || steps.length < 2
      ? {}
      : {
          '[': () => moveTo(steps.indexOf(checkpoint.step) - 1),
          ']': () => moveTo(steps.indexOf(checkpoint.step) + 1),
        },
  )
  return (
    <PageShell
      crumbs={crumbsOf(run.name)}
      frozen={frozen}
      share={frozen ? undefined : { page: 'run', run: run.name, layer: null, checkpoints: [checkpoint.id] }}
      context={
        <ContextBar>
          <ContextItem name="teacher">
            <RunName slot={null} name={run.name} />
          </ContextItem>
          <ContextItem name="step">
            <b>{formatCount(checkpoint.step)}</b> {steps.indexOf(checkpoint.step) + 1} of {steps.length}
          </ContextItem>
        </ContextBar>
      }
    >
      <RunHead
        data={data}
        checkpoint={checkpoint}
        finding={null}
        pulse={pulse}
        frozen={frozen}
        loading={loading}
      >
        {steps.length > 1 && (
          <CheckpointSlider
            checkpoints={data.checkpoints}
            selected={checkpoint.step}
            onSelect={frozen ? undefined : (step) => moveTo(steps.indexOf(step))}
            slot={null}
            label="checkpoints by step"
          />
        )}
      </RunHead>
      <Card
        title="Its students"
        caption="Runs that were binarized from this teacher, with the output SQNR of their last checkpoint."
      >
        {students.length === 0 ? (
          <Empty title="No students yet">
            <p>
              <code>npm run --silent cli -- train CONFIG</code> makes one.
            </p>
          </Empty>
        ) : (
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col">Bits</th>
                <th scope="col">Method</th>
                <th scope="col" className="num">
                  Output SQNR ↑
                </th>
              </tr>
            </thead>
            <tbody>
              {students.map((student) => (
                <tr key={student.id}>
                  <th scope="row">
                    <Link href={pageUrl('run', student.name, null)}>
                      <RunName slot={student.slot} name={student.name} />
                    </Link>
                  </th>
                  <td>{student.bits}</td>
                  <td>{student.method}</td>
                  <td className="num">{formatDb(student.outputSqnr)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Card>
      <RunEvidence data={data} checkpoint={checkpoint} />
      {data.job && <JobCard run={run} job={data.job} />}
      <Card>
        <UNetDiagram
          title="Where the work is"
          caption="Each square is a layer, coloured by its multiply-accumulates per image. Curved lines are skips."
          message={`U-Net of ${rows.length} layers coloured by multiply-accumulates`}
          csvName="unet-macs"
          layers={rows.map((row) => row.layer)}
          values={Object.fromEntries(Object.entries(macs).map(([id, v]) => [id, v / 1e6]))}
          scale={scale}
          format={(v) => `${formatFixed(v, 2)} M`}
        >
          <div className="unet-foot">
            <ColourLegend scale={scale} />
          </div>
        </UNetDiagram>
      </Card>
      <Card>
        <WeightSheet
          rows={rows}
          runName={run.name}
          layerHref={(id) => pageUrl('layer', run.name, id, { c: checkpoint.step })}
          assumptions={checkpoint.assumptions}
        />
      </Card>
      {checkpoint.findings && (
        <AuditCard
          findings={checkpoint.findings}
          layerHref={(id) => pageUrl('layer', run.name, id, { c: checkpoint.step })}
        />
      )}
    </PageShell>
  )
}

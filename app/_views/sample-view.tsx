'use client'

import Link from 'next/link'
import { useEffect, useMemo, useState, useSyncExternalStore, useTransition } from 'react'
import { readSwitches, type Switches, switchesText } from '../../lib/record/switches'
import {
  keptParams,
  pageUrl,
  samplers,
  sampleStates,
  sampleViews,
  studentWays,
  type ViewParams,
} from '../../lib/record/view'
import { ColourLegend } from '../_charts/legend'
import { nearestIndex } from '../_charts/series'
import { agreementOf } from '../_sample/agreement'
import { AgreementWords } from '../_sample/agreement-words'
import { FilmStrip } from '../_sample/film-strip'
import { NumberField } from '../_sample/number-field'
import { pictureDifference } from '../_sample/picture'
import '../_sample/sample.css'
import { SampleGrid } from '../_sample/sample-grid'
import { SampleSentence } from '../_sample/sample-sentence'
import { sampleTensors } from '../_sample/sample-tensors'
import type { SamplingState } from '../_sample/sampling'
import {
  engineObstacle,
  imageCounts,
  jobsOf,
  mostThreads,
  type Obstacle,
  obstacleOf,
} from '../_sample/settings'
import { type Measured, SpeedTable } from '../_sample/speed-table'
import {
  imageSqnr,
  isUnderWay,
  type SampleFinding,
  sampleFinding,
  type Trace,
  type Way,
  wayNames,
} from '../_sample/trace'
import { usePlay, usePlayKey } from '../_sample/use-play'
import { type SamplingControl, useSampling } from '../_sample/use-sampling'
import { WhatIf } from '../_sample/what-if'
import { switchedCost } from '../_sample/what-if-ledger'
import { Card, Sentence } from '../_ui/card'
import { download } from '../_ui/download'
import { formatBytes, formatCount, formatFixed, formatRatio } from '../_ui/format'
import { ContextBar, ContextItem, PageShell } from '../_ui/page-shell'
import { RunName } from '../_ui/run-mark'
import { SampleRows } from '../_ui/sample-rows'
import { Segmented } from '../_ui/segmented'
import { Empty, ErrorState, TooLarge } from '../_ui/states'
import { useKeys } from '../_ui/use-keys'
import { useView } from '../_ui/use-view'
import type { SampleJob } from '../_workers/sampler-messages'
import type { SampleNetwork, SampleViewData } from './load-sample'
import { partingDb } from './run-finding'

export type SampleViewProps = {
  data: SampleViewData
  /** View state of a frozen view; what the URL says goes first. */
  initial?: Partial<ViewParams>
  frozen?: { createdAt: string }
}

type View = ReturnType<typeof useView>

/** Teacher and student drawing from the same noise, live, each way of running in a worker of its own. */
export function SampleView({ data, initial, frozen }: SampleViewProps) {
  const { run, steps, teacher, student } = data
  const own = student ?? teacher
  const viewState = useView(initial)
  const [view] = viewState
  const obstacle = obstacleOf(data, view)
  const moveTo = useCheckpointSwitch(steps, viewState, Boolean(frozen))
  const at = own ? steps.indexOf(own.step) : -1
  useKeys({ '[': () => moveTo(at - 1), ']': () => moveTo(at + 1) })

  return (
    <PageShell
      crumbs={[
        { label: 'Runs', href: '/' },
        { label: run.name, href: pageUrl('run', run.name, null, keptParams(view, 'run')) },
        { label: 'Sample' },
      ]}
      frozen={frozen}
      share={
        frozen || !own
          ? undefined
          : {
              page: 'sample',
              run: run.name,
              layer: null,
              checkpoints: [own, ...(student && teacher ? [teacher] : [])].map((n) => n.checkpointId),
            }
      }
      context={<SampleBar data={data} viewState={viewState} at={at} moveTo={frozen ? undefined : moveTo} />}
    >
      <h1 className="unseen">Sample {run.name}</h1>
      {!own ? (
        <Card>
          <Empty title="No checkpoint yet">
            <p>
              Store one with <code>npm run --silent cli -- import PATH --run {run.name}</code>.
            </p>
          </Empty>
        </Card>
      ) : obstacle.kind === 'nothing' && teacher ? (
        <LiveSamples teacher={teacher} student={student} viewState={viewState} />
      ) : (
        <Hindered data={data} obstacle={obstacle} viewState={viewState} />
      )}
    </PageShell>
  )
}

/** Moves to another checkpoint of the run, which the server has to load. */
function useCheckpointSwitch(steps: readonly number[], [, setView]: View, frozen: boolean) {
  const [, startTransition] = useTransition()
  return (index: number) => {
    const step = steps[index]
    if (step === undefined || frozen) return
    setView({ c: index === steps.length - 1 ? null : step }, { shallow: false, startTransition })
  }
}

type SampleBarProps = {
  data: SampleViewData
  viewState: View
  at: number
  moveTo?: (index: number) => void
}

function SampleBar({ data, viewState: [view, setView], at, moveTo }: SampleBarProps) {
  const { run, teacher, student, steps } = data
  const own = student ?? teacher
  const image = Math.min(Math.max(0, view.i), view.n - 1)
  const counts = imageCounts.includes(view.n as 1) ? imageCounts : [...imageCounts, view.n]
  return (
    <ContextBar>
      <ContextItem name={student ? 'student' : 'teacher'}>
        <RunName slot={run.slot} name={run.name} />
        {own && (
          <>
            {moveTo && at > 0 && <Step label="Checkpoint before" sign="‹" onClick={() => moveTo(at - 1)} />}
            <span>
              step <b>{formatCount(own.step)}</b>
              {at < 0 && ' (replaced since)'}
            </span>
            {moveTo && at >= 0 && at < steps.length - 1 && (
              <Step label="Checkpoint after" sign="›" onClick={() => moveTo(at + 1)} />
            )}
          </>
        )}
      </ContextItem>
      {student && teacher && (
        <ContextItem name="against">
          <Link href={pageUrl('run', teacher.run.name, null, keptParams(view, 'run', { sameRun: false }))}>
            <RunName slot={null} name={`${teacher.run.name}, FP32`} />
          </Link>
        </ContextItem>
      )}
      <ContextItem name="seed">
        <NumberField
          label="Seed"
          value={view.seed}
          min={0}
          max={Number.MAX_SAFE_INTEGER}
          onCommit={(seed) => setView({ seed })}
        />
        <button
          type="button"
          className="text-button"
          aria-label="Roll another seed"
          title="Another seed"
          onClick={() => setView({ seed: crypto.getRandomValues(new Uint16Array(1))[0]! })}
        >
          ⟳
        </button>
      </ContextItem>
      <ContextItem name="sampler">
        <Segmented
          label="Sampler"
          value={view.sampler}
          onChange={(sampler) => setView({ sampler })}
          options={samplers.map((value) => ({
            value,
            label: value.toUpperCase(),
            title: value === 'ddim' ? 'Deterministic, η 0' : 'Fresh noise at every step, from the seed',
          }))}
        />
      </ContextItem>
      <ContextItem name="steps">
        <NumberField
          label="Sampling steps"
          value={view.steps}
          min={1}
          max={1000}
          onCommit={(count) => setView({ steps: count })}
        />
      </ContextItem>
      <ContextItem name="images">
        <select
          className="number-field"
          aria-label="Images"
          value={view.n}
          onChange={(event) => setView({ n: Number(event.target.value), i: 0 })}
        >
          {counts.map((count) => (
            <option key={count}>{count}</option>
          ))}
        </select>
      </ContextItem>
      <ContextItem name="show">
        <Segmented
          label="What the pictures show"
          value={view.show}
          onChange={(show) => setView({ show })}
          options={sampleStates.toReversed().map((value) => ({
            value,
            label: value === 'x0' ? 'x̂0' : 'x_t',
            title: value === 'x0' ? 'The clean image the network predicts at t' : 'The noisy state at t',
          }))}
        />
      </ContextItem>
      {student && <WayItem student={student} viewState={[view, setView]} />}
      {student && <ThreadsItem viewState={[view, setView]} />}
      <ContextItem name="image">
        {image > 0 && <Step label="Image before" sign="‹" onClick={() => setView({ i: image - 1 })} />}
        <span>
          <b>#{image}</b> of {view.n}
        </span>
        {image < view.n - 1 && (
          <Step label="Image after" sign="›" onClick={() => setView({ i: image + 1 })} />
        )}
      </ContextItem>
    </ContextBar>
  )
}

/** Which way of running draws the student's pictures. */
function WayItem({ student, viewState: [view, setView] }: { student: SampleNetwork; viewState: View }) {
  const obstacle = engineObstacle(student, readSwitches(view.sw) ?? new Map())
  const titles = {
    simulated: 'Quantized floats, multiplied as floats in tfjs',
    engine: obstacle === null ? 'By the packed engine' : `Not here: ${obstacle}`,
  }
  return (
    <ContextItem name="student run">
      <Segmented
        label="How the student shown is run"
        value={obstacle === null ? view.way : 'simulated'}
        onChange={(way) => setView({ way })}
        options={studentWays.map((value) => ({
          value,
          label: wayNames[value],
          title: titles[value],
          disabled: value === 'engine' && obstacle !== null,
        }))}
      />
    </ContextItem>
  )
}

/** One thread or one for each core, where the browser lets threads share memory. */
function ThreadsItem({ viewState: [view, setView] }: { viewState: View }) {
  // what the browser has is not known where the page is rendered first
  const cores = useSyncExternalStore(
    () => () => {},
    () => (window.crossOriginIsolated ? Math.min(mostThreads, navigator.hardwareConcurrency) : 1),
    () => 1,
  )
  if (cores === 1 && view.threads === 1) return null
  const counts = [...new Set([1, cores, view.threads])].sort((a, b) => a - b)
  return (
    <ContextItem name="engine threads">
      <Segmented
        label="Threads of the engine"
        value={String(view.threads)}
        onChange={(threads) => setView({ threads: Number(threads) })}
        options={counts.map((count) => ({
          value: String(count),
          label: String(count),
          title: count === 1 ? 'As tfjs has' : `Every step of the engine shared out among ${count} threads`,
        }))}
      />
    </ContextItem>
  )
}

function Step({ label, sign, onClick }: { label: string; sign: string; onClick: () => void }) {
  return (
    <button type="button" className="text-button" aria-label={label} onClick={onClick}>
      {sign}
    </button>
  )
}

/**
 * What the samples say of the student as it is switched now and, once they were drawn from the same noise, of the student as stored;
 * null until they were drawn.
 */
function useFindings(
  finding: SampleFinding | null,
  wanted: SampleJob | null,
  drawn: SampleJob | null,
): { now: SampleFinding | null; stored: SampleFinding | null } {
  const [known, setKnown] = useState<{ job: string; finding: SampleFinding } | null>(null)
  const [job, of] = [JSON.stringify(wanted), JSON.stringify(drawn)]
  useEffect(() => {
    if (finding && drawn && drawn.switched === null) setKnown({ job: JSON.stringify(drawn), finding })
  }, [finding, drawn])
  const asStored = JSON.stringify(wanted && { ...wanted, switched: null })
  return { now: job === of ? finding : null, stored: known?.job === asStored ? known.finding : null }
}

/** The student as it draws now, for what is said of its size. */
function withSwitches(student: SampleNetwork, switches: Switches): SampleNetwork {
  if (switches.size === 0) return student
  const layers = switches.size === 1 ? '1 layer' : `${switches.size} layers`
  const bits = `${student.run.bits}, ${layers} switched`
  return {
    ...student,
    run: { ...student.run, bits },
    packedBytes: switchedCost(student, switches).bytes.counted,
  }
}

type LiveSamplesProps = {
  teacher: SampleNetwork
  student: SampleNetwork | null
  viewState: View
}

/** Renders with every step, which is why it holds the sampling and nothing above it does. */
function LiveSamples({ teacher, student, viewState: [view, setView] }: LiveSamplesProps) {
  const jobs = jobsOf({ teacher, student }, view)
  const sampling = useSampling(jobs)
  const { state } = sampling
  const { traces } = state
  const images = view.n
  const image = Math.min(Math.max(0, view.i), images - 1)
  const way = jobs.engine ? view.way : 'simulated'
  const [a, b, sqnr] = [traces.full, student ? traces[way] : null, state.sqnr[way]]
  const timesteps = a.timesteps.length > 0 ? a.timesteps : (b?.timesteps ?? [])
  const done = b ? Math.min(a.steps.length, b.steps.length) : a.steps.length
  // Until the reader chooses a timestep, the newest step that both networks have done.
  const wanted = view.t === null ? timesteps.length - 1 : nearestIndex(timesteps, view.t)
  const at = Math.max(0, Math.min(wanted, done - 1))
  const moveTo = (index: number) => {
    const t = timesteps[index]
    if (t !== undefined) setView({ t: index === timesteps.length - 1 ? null : t })
  }
  const move = (by: number) => moveTo(Math.min(done - 1, Math.max(0, at + by)))
  const { playing, toggle } = usePlay(at, done - 1, view.speed, moveTo)
  usePlayKey(toggle)
  useKeys({ ArrowLeft: () => move(-1), ArrowRight: () => move(1) })

  const finding = useMemo(() => b && sampleFinding(a, b, sqnr.xt), [a, b, sqnr.xt])
  const switches = useMemo(() => readSwitches(view.sw) ?? new Map(), [view.sw])
  const findings = useFindings(finding, jobs[way], state.jobs[way])
  const drawn = useMemo(() => student && withSwitches(student, switches), [student, switches])
  const ofImage = useMemo(() => (b ? imageSqnr(a, b, view.show, image) : []), [a, b, view.show, image])
  const { simulated, engine } = traces
  const agreement = useMemo(() => agreementOf(simulated, engine), [simulated, engine])
  const running = (['full', 'simulated', 'engine'] as const).filter((way) => jobs[way] !== null)
  const select = (i: number) => setView({ i })
  const single = view.view === 'single'
  const grid = { index: at, shown: view.show, images, selected: image, single, onSelect: select }
  const t = timesteps[at]
  const save = () => {
    const { seed, sampler, steps, n } = view
    const protocol = {
      seed,
      sampler,
      steps,
      images: n,
      teacher: teacher.run.name,
      student: student?.run.name ?? '',
      ...(student && { way }),
    }
    const bytes = sampleTensors({ teacher: a, student: b }, protocol)
    if (bytes) download(`samples-seed-${seed}.safetensors`, bytes, 'application/octet-stream')
  }

  return (
    <>
      <div className="sample-head">
        <Sentence>
          {finding && student ? (
            <SampleSentence
              student={student.run.name}
              switched={switches.size}
              seed={view.seed}
              images={images}
              finding={finding}
            />
          ) : a.final && !student ? (
            <>
              {images} images of <b>{teacher.run.name}</b> from the noise of seed {view.seed}.
            </>
          ) : (
            <>
              {student ? 'Teacher and student draw' : 'The teacher draws'} {images}{' '}
              {images === 1 ? 'image' : 'images'} from the noise of seed {view.seed}.
            </>
          )}
        </Sentence>
        <Progress
          ways={running}
          traces={traces}
          total={timesteps.length || view.steps}
          sampling={sampling}
          onSave={a.final && (!b || b.final) ? save : undefined}
        />
      </div>
      <Faults ways={running} traces={traces} retry={sampling.retry} />
      <Card>
        <div className="card-head">
          <h2>{student ? 'Same noise, two networks' : 'What it draws'}</h2>
          <p className="caption">
            {view.show === 'x0' ? 'predicted image x̂0' : 'noisy state x_t'}
            {t !== undefined && ` at t = ${t}`}
          </p>
          <Segmented
            label="How many images are shown"
            value={view.view}
            onChange={(next) => setView({ view: next })}
            options={sampleViews.map((value) => ({ value, label: value }))}
          />
        </div>
        <div className={single ? 'sample-grids single' : 'sample-grids'}>
          <SampleGrid
            {...grid}
            name="the teacher"
            trace={a}
            heading={
              <>
                <RunName slot={null} name="Teacher" /> <span className="soft">FP32</span>
              </>
            }
          />
          {drawn && b && (
            <>
              <SampleGrid
                {...grid}
                name="the student"
                trace={b}
                heading={
                  <>
                    <RunName slot={drawn.run.slot} name="Student" />{' '}
                    <span className="soft">
                      {drawn.run.bits} {wayNames[way]},{' '}
                      {formatRatio(drawn.fullPrecisionBytes / drawn.packedBytes)} smaller packed
                    </span>
                  </>
                }
              />
              <div>
                <SampleGrid
                  {...grid}
                  name="the difference"
                  trace={b}
                  against={a}
                  heading={
                    <>
                      Difference <span className="soft">student − teacher</span>
                    </>
                  }
                />
                <ColourLegend scale={pictureDifference} width={220} />
              </div>
            </>
          )}
        </div>
        <hr className="hairline" />
        <div className="card-head">
          <h2>Image #{image} on its way from noise</h2>
          <p className="caption">
            <kbd>Space</kbd> plays, <kbd>←</kbd> <kbd>→</kbd> steps.
            {student && ` Bars are this image, the line all ${images}; 30+ is 30 dB and better.`}
          </p>
        </div>
        <FilmStrip
          teacher={a}
          student={b}
          timesteps={timesteps}
          image={image}
          shown={view.show}
          sqnr={{ image: ofImage, all: sqnr[view.show] }}
          at={at}
          onMove={moveTo}
          note={
            finding?.parting.kind === 'from'
              ? {
                  t: finding.parting.t,
                  label: `x_t parts: below ${partingDb} dB from t ${finding.parting.t}`,
                }
              : null
          }
          playing={playing}
          onPlay={toggle}
          speed={view.speed}
          onSpeed={(speed) => setView({ speed })}
        />
      </Card>
      {student && (
        <WhatIf
          student={student}
          switches={switches}
          onChange={(next) => setView({ sw: switchesText(next) })}
          {...findings}
        />
      )}
      <SpeedTable
        rows={measured(teacher, drawn, traces, drawn && engineObstacle(drawn, switches))}
        images={images}
        engineThreads={view.threads}
      >
        {agreement && (
          <p className="agreement">
            <AgreementWords
              agreement={agreement}
              steps={timesteps.length}
              againstTeacher={finding?.finalSqnr ?? null}
            />
          </p>
        )}
      </SpeedTable>
    </>
  )
}

/** The rows of the speed table: the teacher, and a student in both ways. */
function measured(
  teacher: SampleNetwork,
  student: SampleNetwork | null,
  traces: SamplingState['traces'],
  obstacle: string | null,
): Measured[] {
  const full: Measured = { way: 'full', network: teacher, trace: traces.full }
  if (!student) return [full]
  return [
    full,
    { way: 'simulated', network: student, trace: traces.simulated },
    { way: 'engine', network: student, trace: traces.engine, obstacle },
  ]
}

type WaysProps = { ways: readonly Way[]; traces: SamplingState['traces'] }

type ProgressProps = WaysProps & {
  total: number
  sampling: SamplingControl
  /** Saves the finished samples; undefined until there are any. */
  onSave?: () => void
}

/** How far each is, with cancel; once at rest, the way to draw again. */
function Progress({ ways, traces, total, sampling, onSave }: ProgressProps) {
  const all = ways.map((way) => traces[way])
  const busy = all.some((trace) => isUnderWay(trace) || trace.phase === 'waiting')
  const cancelled = all.some((trace) => trace.phase === 'cancelled')
  return (
    <div className="sample-progress">
      <div role="status">
        {ways.map((way) => (
          <div key={way} className="small soft">
            <div className="progress">
              <div style={{ width: `${(100 * traces[way].steps.length) / total}%` }} />
            </div>
            {wayNames[way]} {progressWords(traces[way], total)}
          </div>
        ))}
      </div>
      {busy ? (
        <button type="button" className="button" onClick={sampling.cancel}>
          Cancel
        </button>
      ) : (
        <button type="button" className="button" onClick={sampling.again}>
          {cancelled ? 'Draw' : 'Measure again'}
        </button>
      )}
      {onSave && (
        <button
          type="button"
          className="button"
          onClick={onSave}
          title="The finished samples as float32 tensors (safetensors)"
        >
          Save tensors
        </button>
      )}
    </div>
  )
}

function progressWords({ phase, steps }: Trace, total: number): string {
  if (phase === 'loading') return 'loads its weights'
  const done = `${steps.length} of ${total} steps`
  return phase === 'cancelled' || phase === 'failed' ? `${done}, ${phase}` : done
}

function Faults({ ways, traces, retry }: WaysProps & { retry: () => void }) {
  return ways.map((way) => {
    const { fault } = traces[way]
    if (!fault) return null
    return (
      <Card key={way} title={`Stopped: ${wayNames[way]}`}>
        <ErrorState
          fault={fault}
          action={
            <button type="button" className="button" onClick={retry}>
              Try again
            </button>
          }
        />
      </Card>
    )
  })
}

type HinderedProps = { data: SampleViewData; obstacle: Obstacle; viewState: View }

/** Why nothing is drawn here, and what was drawn when the checkpoints were stored. */
function Hindered({ data, obstacle, viewState: [view, setView] }: HinderedProps) {
  return (
    <>
      <Card title="Live samples">
        {obstacle.kind === 'fault' && <ErrorState fault={obstacle.fault} />}
        {obstacle.kind === 'unrun' && (
          <Empty title={`${obstacle.network.run.name} cannot be drawn with here`} level={2}>
            <p>
              There is no forward pass for this network: {obstacle.reason}. Its weights are on its run’s page.
            </p>
          </Empty>
        )}
        {obstacle.kind === 'no-weights' && (
          <Empty
            title={
              obstacle.teacherMissing
                ? 'The teacher of this student is not stored here'
                : `The weights of ${obstacle.networks.map((network) => network.run.name).join(' and ')} are not stored here`
            }
          >
            <p>
              Only the diagnosis was kept, so nothing can be drawn. Import the checkpoint
              {obstacle.networks.length > 1 ? 's' : ''} again with weights:{' '}
              <code>npm run --silent cli -- import PATH</code>, or drop the pair on the Runs page.
            </p>
          </Empty>
        )}
        {obstacle.kind === 'too-large' && (
          <TooLarge
            title={`${obstacle.network.run.name}: ${view.n} images in ${view.steps} steps are too much for a browser tab`}
            needs={`A step would take about ${formatFixed(obstacle.need.seconds, 0)} s and the tab about ${formatBytes(obstacle.need.bytes)}; the limits are ${obstacle.limit.seconds} s and ${formatBytes(obstacle.limit.bytes)}. Fewer images or steps may fit; the CLI has no such limit: npm run --silent cli -- sample FILE.`}
            action={
              view.n > 1 ? (
                <button type="button" className="button" onClick={() => setView({ n: 1, i: 0 })}>
                  Try one image
                </button>
              ) : undefined
            }
          />
        )}
      </Card>
      <Recorded data={data} />
    </>
  )
}

function Recorded({ data }: { data: SampleViewData }) {
  const rows = [data.teacher, data.student].flatMap((network) =>
    network?.recorded ? [{ network, recorded: network.recorded }] : [],
  )
  const first = rows[0]?.recorded
  if (!first) return null
  return (
    <Card
      title="Recorded samples"
      caption={`Seed ${first.seed}, ${first.sampler.toUpperCase()}, ${first.steps} steps, drawn when the checkpoints were stored.`}
    >
      <SampleRows
        rows={rows.map(({ network, recorded }) => ({
          name: network.run.name,
          slot: network.run.slot,
          samples: { ...recorded, images: splitImages(recorded) },
        }))}
      />
    </Card>
  )
}

/** Base64 of each image out of the base64 of all. */
function splitImages({
  pixels,
  images,
  width,
  height,
  channels,
}: NonNullable<SampleNetwork['recorded']>): string[] {
  const bytes = atob(pixels)
  const size = width * height * channels
  return Array.from({ length: images }, (_, i) => btoa(bytes.slice(i * size, (i + 1) * size)))
}

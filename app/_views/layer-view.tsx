'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import type { LayerPrecision } from '../../lib/record/precision'
import type { Layer, LayerRecord } from '../../lib/record/run'
import { detailOf, type LayerGrid, rowOf, unpackGrids } from '../../lib/record/sweep'
import { pageUrl, type ViewParams } from '../../lib/record/view'
import { BasisScales } from '../_charts/basis-scales'
import { metricScales } from '../_charts/colour'
import { levelsPerChannel, shareOutside, valueDomain } from '../_charts/levels'
import { LineChart } from '../_charts/line-chart'
import { gapNameOf, isExact, isMeasured, nearestIndex, type Series, withoutExact } from '../_charts/series'
import { UNetPlace } from '../_charts/unet-place'
import { WeightDistribution } from '../_charts/weight-distribution'
import { WeightRidgeline } from '../_charts/weight-ridgeline'
import { Card, KeyFigure, Sentence } from '../_ui/card'
import {
  formatCosine,
  formatCount,
  formatDb,
  formatFixed,
  formatPercent,
  formatScale,
  formatSqnr,
  shortLayerId,
} from '../_ui/format'
import { LayerName } from '../_ui/layer-name'
import { ContextBar, ContextItem, PageShell } from '../_ui/page-shell'
import { RunName } from '../_ui/run-mark'
import { Empty } from '../_ui/states'
import { useKeys } from '../_ui/use-keys'
import { useView } from '../_ui/use-view'
import { LayerAudit } from './audit-card'
import { BasisCards } from './basis-cards'
import { DynamicsCards } from './dynamics-cards'
import { ErrorNumbers, ErrorSpread } from './error-numbers'
import { InputUse } from './input-use'
import './layer.css'
import { type LayerFinding, layerFinding, ordinal, worstLayers } from './layer-finding'
import { BinarizedNumbers, leadingAxes, OutputNumbers, WeightNumbers } from './layer-numbers'
import type { LayerMoment, LayerViewData } from './load-layer'
import { partingDb } from './run-finding'

export type LayerViewProps = {
  data: LayerViewData
  /** View state of a frozen view; what the URL says goes first. */
  initial?: Partial<ViewParams>
  frozen?: { createdAt: string }
}

/** One layer of one checkpoint: its weights and levels, its scales, its output against the teacher's over t. */
export function LayerView({ data, initial, frozen }: LayerViewProps) {
  const { run, record, layers } = data
  const { timesteps, step } = data.checkpoint
  const { id } = record.layer
  const router = useRouter()
  const [view, setView] = useView(initial)
  const [loading, startTransition] = useTransition()
  const finding = layerFinding(id, timesteps, record.alignment?.sqnr ?? null, layers)
  const at = nearestIndex(timesteps, view.t ?? startingTimestep(finding))
  const t = timesteps[at] ?? null
  const channels = record.weights.sigma1?.length ?? 0
  const channel = Math.min(Math.max(0, view.ch), Math.max(0, channels - 1))
  const steps = data.history.map((moment) => moment.step)

  // A frozen view leads to what there is of the very checkpoint it shows.
  const c = frozen ? step : view.c
  const href = (layer: string) => pageUrl('layer', run.name, layer, { c, t: view.t })
  const place = layers.findIndex((other) => other.layer.id === id)
  const before = layers[place - 1]?.layer.id
  const after = layers[place + 1]?.layer.id
  const go = (layer: string | undefined) => layer && !frozen && router.push(href(layer))
  const moveTo = (next: number | undefined) => {
    if (next === undefined || frozen) return
    setView({ c: next === steps.at(-1) ? null : next }, { shallow: false, startTransition })
  }
  const selectTime = (next: number) => setView({ t: next })
  const worst = worstLayers(layers)
  useKeys({
    ...(steps.length > 1 &&
      !frozen && {
        '[': () => moveTo(steps[steps.indexOf(step) - 1]),
        ']': () => moveTo(steps[steps.indexOf(step) + 1]),
      }),
    ...(worst.length > 0 && !frozen && { n: () => go(worst[(worst.indexOf(id) + 1) % worst.length]) }),
  })

  return (
    <PageShell
      crumbs={[
        { label: 'Runs', href: '/' },
        { label: run.name, href: pageUrl('run', run.name, null, { c, t: view.t }) },
        { label: id, mono: true },
      ]}
      frozen={frozen}
      share={
        frozen ? undefined : { page: 'layer', run: run.name, layer: id, checkpoints: [data.checkpoint.id] }
      }
      context={
        <ContextBar>
          <ContextItem name={run.role}>
            <RunName slot={run.slot} name={run.name} />
          </ContextItem>
          {data.teacher && (
            <ContextItem name="against">
              <RunName slot={null} name={`${data.teacher}, FP32`} />
            </ContextItem>
          )}
          <ContextItem name="step">
            <b>{formatCount(step)}</b> {steps.indexOf(step) + 1} of {steps.length}
          </ContextItem>
          {t !== null && (
            <ContextItem name="t">
              <b>{t}</b>
            </ContextItem>
          )}
          {channels > 0 && (
            <ContextItem name="channel">
              <b>{channel}</b> 0–{channels - 1}
            </ContextItem>
          )}
          {!frozen && (
            <ContextItem name="layer">
              {before && (
                <Link href={href(before)} className="mono layer-step">
                  <span aria-hidden>‹ </span>
                  <span className="unseen">Layer before: </span>
                  <LayerName id={before} wide={shortLayerId(before)} narrow={shortLayerId(before, 15)} />
                </Link>
              )}
              <b>
                {place + 1} of {layers.length}
              </b>
              {after && (
                <Link href={href(after)} className="mono layer-step">
                  <span className="unseen">Layer after: </span>
                  <LayerName id={after} wide={shortLayerId(after)} narrow={shortLayerId(after, 15)} />
                  <span aria-hidden> ›</span>
                </Link>
              )}
            </ContextItem>
          )}
        </ContextBar>
      }
    >
      <LayerHead data={data} finding={finding} at={at} t={t} loading={loading} />
      <div className="columns wide-left">
        <WeightsCard
          data={data}
          channel={channel}
          onChannel={(ch) => setView({ ch })}
          onStep={frozen ? undefined : moveTo}
        />
        {channels > 0 ? (
          <ScalesCard data={data} channel={channel} onChannel={(ch) => setView({ ch })} />
        ) : (
          <Card title="Numbers of the weights">
            <WeightNumbers record={record} teacherRun={run.role === 'teacher'} />
          </Card>
        )}
      </div>
      <LayerAudit findings={data.findings} />
      <BasisCards data={data} channel={channel} onChannel={(ch) => setView({ ch })} />
      {run.role === 'student' && <DynamicsCards data={data} onStep={frozen ? undefined : moveTo} />}
      <AlignmentCards data={data} t={t} at={at} onTime={selectTime} />
    </PageShell>
  )
}

function sqnrFigure(sqnr: number | null | undefined): { value: string; unit?: string } {
  if (sqnr === null || sqnr === undefined) return { value: '–' }
  return { value: formatSqnr(sqnr), unit: isExact(sqnr) ? undefined : 'dB' }
}

/** Where the crosshair stands before the reader chose: where the layer parts, else where it is worst. */
function startingTimestep(finding: LayerFinding | null): number {
  if (!finding || isExact(finding.worst.value)) return 100
  const { parting } = finding
  return parting.kind === 'from' || parting.kind === 'between' ? parting.t : finding.worst.t
}

type LayerHeadProps = {
  data: LayerViewData
  finding: LayerFinding | null
  at: number
  t: number | null
  loading: boolean
}

function LayerHead({ data, finding, at, t, loading }: LayerHeadProps) {
  const { record, run, layers } = data
  const { layer, precision, weights, alignment } = record
  const values = Object.fromEntries(layers.map((other) => [other.layer.id, other.sqnr?.[at] ?? null]))
  const student = run.role === 'student'
  return (
    <div className="layer-head" aria-busy={loading}>
      <div>
        <h1 className="mono">{layer.id}</h1>
        <p className="caption">
          {layer.kind} {layer.kind === 'conv' && `${kernelOf(layer)}, `}
          {layer.inChannels} → {layer.outChannels}
          {layer.kind === 'conv' && layer.resolution > 0 && `, ${layer.resolution} × ${layer.resolution}`} ·{' '}
          {precision.bases === 0
            ? keptWords(precision)
            : `${precision.method}, ${precision.bases === 2 ? '2 bases' : '1 basis'}, ${
                precision.activationBits === 32 ? 'float' : `${precision.activationBits}-bit`
              } input`}{' '}
          · {formatCount(weightCount(layer))} weights
        </p>
        <Sentence>
          <LayerSentence data={data} finding={finding} />
        </Sentence>
        {loading && (
          <p className="small soft" role="status">
            Loading the checkpoint …
          </p>
        )}
      </div>
      {student && (
        <dl className="figure-list">
          <KeyFigure
            name="Weights, SQNR ↑"
            {...(precision.bases === 0
              ? { value: 'kept' }
              : weights.latent
                ? sqnrFigure(weights.reconstruction?.sqnr)
                : { value: 'not stored' })}
          />
          <KeyFigure name={`Output, t ${t ?? '–'} ↑`} {...sqnrFigure(alignment?.sqnr[at])} />
          <KeyFigure name="Output, mean over t ↑" {...sqnrFigure(finding?.mean)} />
        </dl>
      )}
      {!layer.shape && (
        <UNetPlace
          layers={layers.map((other) => other.layer)}
          values={values}
          scale={metricScales.sqnr}
          selected={layer.id}
          label={`Place of ${layer.id} in the U-Net${t === null ? '' : `, layers coloured by output SQNR at t ${t}`}`}
        />
      )}
    </div>
  )
}

function LayerSentence({ data, finding }: { data: LayerViewData; finding: LayerFinding | null }) {
  const { run, record } = data
  const moments = record.weights.latent?.moments
  if (run.role === 'teacher' && moments)
    return (
      <>
        The full-precision weights spread by <b>{formatScale(moments.std)}</b> around{' '}
        {formatScale(moments.mean)}
        {moments.kurtosis !== null && (
          <>
            {' '}
            with kurtosis <b>{formatFixed(moments.kurtosis, 1)}</b> (a Gaussian has 3)
          </>
        )}
        .
      </>
    )
  const { bases } = record.precision
  return (
    <>
      {bases === 0 ? (
        <>This layer is kept in {keptWords(record.precision)}. </>
      ) : record.weights.reconstruction === null ? (
        <>Its latent weights are not stored in this checkpoint. </>
      ) : (
        <>
          {bases === 2 ? 'Two bases hold' : 'One basis holds'} the latent weights at{' '}
          <b>{formatDb(record.weights.reconstruction?.sqnr)}</b>.{' '}
        </>
      )}
      {finding ? <FindingSentence finding={finding} /> : <>Its output was not measured.</>}
    </>
  )
}

function FindingSentence({ finding }: { finding: LayerFinding }) {
  const { parting, worst, exact, drowned, rank } = finding
  if (isExact(worst.value)) return <>Its output equals the teacher’s at every timestep, within float32.</>
  return (
    <>
      The output {parting.kind === 'never' && <>stays at {partingDb} dB or better at every timestep</>}
      {parting.kind === 'always' && <>is below {partingDb} dB from the first timestep to the last</>}
      {parting.kind === 'from' && <>follows the teacher until t ≈ {parting.t}, then parts</>}
      {parting.kind === 'between' && (
        <>
          drops below {partingDb} dB between t ≈ {parting.t} and {parting.until}, then finds back
        </>
      )}
      ; it is furthest at t = {worst.t} (<b>{formatDb(worst.value)}</b>).
      {exact > 0 && (
        <> At {formatPercent(exact)} of the timesteps it is exact; the mean is over the others.</>
      )}
      {drowned > 0 && <> At {formatPercent(drowned)} of the timesteps the error is larger than the signal.</>}
      {rank && (
        <>
          {' '}
          {rank.place === 1 ? 'Worst' : `${ordinal(rank.place)} worst`} of {rank.of} binarized layers.
        </>
      )}
    </>
  )
}

/** How a layer that is not binarized is kept. */
const keptWords = (precision: LayerPrecision): string =>
  precision.method === 'lsq' ? '8-bit weights' : 'full precision'

const weightCount = ({ shape, kernel, inChannels, outChannels }: Layer): number =>
  shape ? shape.reduce((product, size) => product * size, 1) : kernel ** 2 * inChannels * outChannels

/** "3×3", "1" for a convolution along one axis. */
const kernelOf = ({ shape, kernel }: Layer): string => shape?.slice(2).join('×') ?? `${kernel}×${kernel}`

type WeightsCardProps = {
  data: LayerViewData
  channel: number
  onChannel: (channel: number) => void
  onStep?: (step: number) => void
}

const momentLevels = ({ sigma1, sigma2 }: Omit<LayerMoment, 'histogram'>, channel: number): number[] =>
  (levelsPerChannel(sigma1, sigma2)[channel] ?? []).map((level) => level.value)

function weightsCaption({ weights, precision }: LayerRecord): string {
  const stems =
    'Height of a stem is the share of all weights at that level; the ticks below are the levels of all channels.'
  const unstored = 'Latent weights are not stored in this checkpoint'
  if (precision.bases === 0)
    return weights.latent
      ? 'Distribution of the weights in use. No levels: nothing is cut.'
      : `${unstored}, only their 8-bit codes.`
  if (!weights.latent)
    return `${unstored}, only their signs: drawn are the levels in use${weights.teacher ? ' and the teacher’s weights' : ''}. ${stems}`
  return `Latent weights, the levels they are cut to, and the teacher’s weights on one axis. ${stems}`
}

/** Height of the distribution where no ridgeline follows: it ends with the scales, or numbers, beside it. */
function aloneHeight(sigma1: number[] | null, sigma2: number[] | null): number | undefined {
  if (!sigma1) return undefined
  return sigma2 ? 300 : 262
}

function WeightsCard({ data, channel, onChannel, onStep }: WeightsCardProps) {
  const { run, record, history } = data
  const { latent, teacher, sigma1, sigma2, levelShares } = record.weights
  const channels = levelsPerChannel(sigma1, sigma2)
  const ridges = history.flatMap(({ histogram, ...moment }) => (histogram ? [{ histogram, moment }] : []))
  const histograms = [latent, teacher, ...ridges].flatMap((floats) => (floats ? [floats.histogram] : []))
  const values = [
    ...channels.flatMap((levels) => levels.map((level) => level.value)),
    ...history.flatMap((m) => momentLevels(m, channel)),
  ]
  const domain = valueDomain(histograms, values)
  const outside = Math.max(
    latent ? shareOutside(latent.histogram, domain) : 0,
    teacher ? shareOutside(teacher.histogram, domain) : 0,
  )
  const binarized = channels.length > 0
  const ratio = record.weights.reconstruction?.sqnr
  const kept = keptWords(record.precision)
  return (
    <Card>
      <WeightDistribution
        title={
          binarized
            ? 'Weights: what full precision was, what one bit made of it'
            : run.role === 'teacher'
              ? 'Weights in full precision'
              : `Weights: kept in ${kept}`
        }
        caption={`${weightsCaption(record)}${outside >= 0.0005 ? ` Up to ${formatPercent(outside)} of the weights lie beyond the axis.` : ''}`}
        message={`Distribution of ${formatCount(weightCount(record.layer))} weights, ${
          latent ? `standard deviation ${formatScale(latent.moments.std)}` : 'latent ones not stored'
        }${
          binarized
            ? `, cut to ${channels[0]?.length} levels per channel${latent ? ` at ${formatDb(ratio)}` : ''}; channel ${channel} selected`
            : `, in ${kept}`
        }`}
        csvName={`${record.layer.id}-weights`}
        latent={latent?.histogram ?? null}
        teacher={teacher?.histogram ?? null}
        channels={channels}
        channel={channel}
        onChannel={onChannel}
        shares={levelShares}
        domain={domain}
        slot={run.slot}
        height={ridges.length > 1 ? undefined : aloneHeight(sigma1, sigma2)}
        latentName={
          run.role === 'teacher' ? 'full precision' : binarized ? 'latent, student' : 'kept, student'
        }
      />
      {ridges.length > 1 && (
        <WeightRidgeline
          level={3}
          title="The same over training"
          caption={
            binarized
              ? `Latent weights per checkpoint on the same axis, the levels of channel ${channel} as ticks.${onStep ? ' A row selects its checkpoint.' : ''}`
              : 'Weights per checkpoint on the same axis.'
          }
          message={`Weights at ${ridges.length} checkpoints from step ${formatCount(ridges[0]!.moment.step)} to ${formatCount(ridges.at(-1)!.moment.step)}`}
          csvName={`${record.layer.id}-weights-over-training`}
          rows={ridges.map(({ histogram, moment }) => ({
            step: moment.step,
            histogram,
            levels: momentLevels(moment, channel),
          }))}
          teacher={teacher?.histogram ?? null}
          selected={data.checkpoint.step}
          onSelect={onStep}
          domain={domain}
          slot={run.slot}
        />
      )}
    </Card>
  )
}

function ScalesCard({ data, channel, onChannel }: Omit<WeightsCardProps, 'onStep'>) {
  const { run, record, history } = data
  const { sigma1, sigma2, latent, teacher } = record.weights
  const first = history[0]
  if (!sigma1) return null
  const start =
    first?.sigma1 && first.step < data.checkpoint.step
      ? { step: first.step, sigma1: first.sigma1, sigma2: first.sigma2 }
      : null
  const way = start ? ` The hair is its way since step ${formatCount(start.step)}.` : ''
  const dead = record.weights.bases?.dead ?? 0
  return (
    <Card>
      <BasisScales
        title="Basis scales per channel"
        caption={
          sigma2
            ? `One mark per output channel, the selected one in ink.${way} The lines are where least squares puts weights of a Laplace, Gaussian or uniform row.`
            : `One mark per output channel, the selected one in ink.${way} Least squares puts σ1 at the channel’s mean |w|; the lines are that mean over the whole layer.`
        }
        message={`Scales of ${sigma1.length} channels, σ1 from ${formatScale(Math.min(...sigma1))} to ${formatScale(Math.max(...sigma1))}${
          sigma2 ? `, σ2 from ${formatScale(Math.min(...sigma2))} to ${formatScale(Math.max(...sigma2))}` : ''
        }; channel ${channel} selected`}
        csvName={`${record.layer.id}-scales`}
        sigma1={sigma1}
        sigma2={sigma2}
        start={start}
        meanAbs={[
          ...(latent
            ? [{ name: 'latent mean |w|', value: latent.moments.meanAbs, slot: run.slot, dash: '4 3' }]
            : []),
          ...(teacher ? [{ name: 'teacher mean |w|', value: teacher.moments.meanAbs, slot: null }] : []),
        ]}
        slot={run.slot}
        channel={channel}
        onChannel={onChannel}
      />
      <p className="small soft">
        Channel <b>{channel}</b>: σ1 {formatScale(sigma1[channel])}
        {sigma2 && (
          <>
            , σ2 {formatScale(sigma2[channel])}, σ2/σ1 {formatScale(sigma2[channel]! / sigma1[channel]!)}
          </>
        )}
        {dead > 0 && (
          <>
            {' '}
            · △ {dead} of {sigma1.length} channels are dead: their levels are below 5 % of the largest
          </>
        )}
      </p>
    </Card>
  )
}

type AlignmentProps = { data: LayerViewData; t: number | null; at: number; onTime: (t: number) => void }

function AlignmentCards({ data, t, at, onTime }: AlignmentProps) {
  const { run, record } = data
  const { timesteps, protocol } = data.checkpoint
  const { alignment } = record
  const kept = record.precision.bases === 0
  if (run.role === 'teacher') return null
  if (!alignment || timesteps.length === 0)
    return (
      <>
        <Card title="Alignment over timesteps">
          <Empty
            title={
              kept ? 'Kept in full precision' : record.layer.shape ? 'Weights only' : 'No activations yet'
            }
          >
            <p>
              {kept
                ? 'This layer computes with the teacher’s precision and its output was not compared.'
                : record.layer.shape
                  ? 'There is no forward pass for this network, so only its weights are known.'
                  : 'Only weights were imported. Diagnose the checkpoint against its teacher to see where they part.'}
            </p>
          </Empty>
        </Card>
        {!kept && (
          <div className="columns halves">
            <WeightCards record={record} />
          </div>
        )}
      </>
    )
  const points = (series: Series) =>
    timesteps.map((time, i) => ({ x: time, y: series[i] ?? null })).toReversed()
  const time = { kind: 'time' as const }
  const own = (series: Series, name = run.name) => ({
    id: name,
    name,
    slot: run.slot,
    points: points(series),
  })
  const select = { selectedX: t, onSelectX: onTime }
  const measuredOn = protocol
    ? `${protocol.images} images of seed ${protocol.seed} along the teacher’s own ${protocol.steps}-step path`
    : 'both networks fed the same x_t'
  const axes = leadingAxes(alignment.rank)
  const grids = data.sweep && unpackGrids(data.sweep)
  const detail = detailOf(timesteps.length)
  const detailAt = nearestIndex(
    detail.map((i) => timesteps[i]!),
    timesteps[at]!,
  )
  const detailT = timesteps[detail[detailAt]!]!
  const apart = (name: LayerGrid, words: string) => {
    const sqnr = withoutExact(rowOf(grids?.get(name), 0))
    return {
      ...{ id: words, name: words, slot: run.slot, dash: 'dotted' as const, marks: true },
      points: detail.map((i, column) => ({ x: timesteps[i]!, y: sqnr[column] ?? null })).toReversed(),
    }
  }
  const sqnrLines = [
    { ...own(withoutExact(alignment.sqnr), alignment.local ? 'accumulated' : run.name), weight: 2.2 },
    ...(alignment.local
      ? [{ ...own(withoutExact(alignment.local.sqnr), 'local'), dash: 'dashed' as const }]
      : []),
    ...(grids?.has('weightsOnly')
      ? [apart('weightsOnly', 'weights only'), apart('activationsOnly', 'input only')]
      : []),
  ]
  return (
    <>
      <div className="columns halves">
        <Card>
          {alignment.sqnr.some((v) => isMeasured(v) && !isExact(v)) ? (
            <LineChart
              title="Alignment over timesteps"
              caption={`Output SQNR against the teacher, dB, higher is better ↑. Accumulated: on the student’s own input${alignment.local ? '; local: on the teacher’s' : ''}${grids?.has('weightsOnly') ? '; weights only (W1A32) and input only (W32A4): local, one of the two quantized' : ''}. ${measuredOn}.`}
              message={`Output SQNR of ${record.layer.id} from t ${timesteps[0]} to ${timesteps.at(-1)}: ${formatDb(alignment.sqnr[at])} at t ${t}`}
              csvName={`${record.layer.id}-sqnr`}
              lines={sqnrLines}
              gapName={gapNameOf(alignment.sqnr)}
              x={time}
              y={{
                label: 'SQNR, dB ↑',
                domain: shared(
                  metricScales.sqnr.domain,
                  sqnrLines.flatMap(({ points }) => points.map(({ y }) => y)),
                ),
              }}
              references={[{ y: 0, label: '0 dB: error as large as the signal' }]}
              {...select}
            />
          ) : (
            <>
              <h2>Alignment over timesteps</h2>
              <Empty title={alignment.sqnr.some(isExact) ? 'Exact at every timestep' : 'Not measured'}>
                <p>
                  {alignment.sqnr.some(isExact)
                    ? 'The output equals the teacher’s within float32: what the layer reads and its weights are the same in both.'
                    : 'The teacher’s output of this layer has no energy to compare with.'}
                </p>
              </Empty>
            </>
          )}
        </Card>
        <Card>
          <LineChart
            title="Direction of the output"
            caption="Cosine of the layer’s output with the teacher’s, 1 is the same direction, higher is better ↑."
            message={`Cosine of the output of ${record.layer.id} with the teacher’s: ${formatCosine(alignment.cosine[at])} at t ${t}`}
            csvName={`${record.layer.id}-cosine`}
            lines={[
              { ...own(alignment.cosine, alignment.local ? 'accumulated' : run.name), weight: 2.2 },
              ...(alignment.local
                ? [{ ...own(alignment.local.cosine, 'local'), dash: 'dashed' as const }]
                : []),
            ]}
            x={time}
            y={{
              label: 'cosine ↑',
              domain: shared(metricScales.cosine.domain, alignment.cosine),
              format: (v) => formatFixed(v, 2),
            }}
            {...select}
          />
        </Card>
      </div>
      {grids && (
        <>
          <div className="columns wide-left">
            <Card title={`Errors at t = ${t}`}>
              <ErrorNumbers grids={grids} at={at} detail={detailAt} timesteps={timesteps} detailT={detailT} />
            </Card>
            <Card
              title="Which images, which channels"
              caption="The same error image by image (each from noise of its own) and channel by channel."
            >
              <ErrorSpread grids={grids} at={at} detail={detailAt} detailT={detailT} />
            </Card>
          </div>
          <InputUse
            grids={grids}
            layerId={record.layer.id}
            precision={record.precision}
            alpha={record.weights.alpha}
            timesteps={timesteps}
            at={at}
            detail={detailAt}
            slot={run.slot}
            onTime={onTime}
          />
        </>
      )}
      {alignment.lowRankCosine.some(isMeasured) ? (
        <div className="columns halves">
          <Card>
            <LineChart
              title="Low-rank alignment"
              caption={`Cosine after projection on the teacher’s ${axes}, the same at every t (rank ${alignment.rank} of ${record.layer.outChannels} channels), higher is better ↑.`}
              message={`Low-rank cosine of ${record.layer.id} at rank ${alignment.rank}: ${formatCosine(alignment.lowRankCosine[at])} at t ${t}`}
              csvName={`${record.layer.id}-low-rank-cosine`}
              lines={[{ ...own(alignment.lowRankCosine), weight: 2.2 }]}
              x={time}
              y={{
                label: `cosine in the ${axes} ↑`,
                domain: shared(metricScales.lowrank.domain, alignment.lowRankCosine),
                format: (v) => formatFixed(v, 2),
              }}
              height={220}
              {...select}
            />
          </Card>
          <Card>
            <LineChart
              title={alignment.rank === 1 ? 'Energy this axis holds' : 'Energy these axes hold'}
              caption={`Share of each network’s output energy in the same ${axes}. Far apart: the student uses other directions.`}
              message={`Energy share of the ${axes} at t ${t}: teacher ${formatPercent(alignment.lowRankTeacherEnergy[at])}, student ${formatPercent(alignment.lowRankStudentEnergy[at])}`}
              csvName={`${record.layer.id}-low-rank-energy`}
              lines={[
                {
                  id: 'teacher',
                  name: 'teacher',
                  slot: null,
                  points: points(alignment.lowRankTeacherEnergy),
                },
                own(alignment.lowRankStudentEnergy, 'student'),
              ]}
              x={time}
              y={{ label: 'share of energy', domain: [0, 1], format: (v) => formatPercent(v) }}
              height={220}
              {...select}
            />
          </Card>
        </div>
      ) : (
        <Card title="Low-rank alignment">
          <p className="caption">
            {record.layer.place.part === 'time' || record.layer.place.role === 'time_proj'
              ? 'Left out: at one timestep the output of this layer is the same for every image.'
              : 'Left out; the notes below the run’s layers say why.'}
          </p>
        </Card>
      )}
      <div className={kept ? 'columns' : 'columns thirds'}>
        <Card
          title={`Numbers at t = ${t}`}
          caption="Every measure with its direction; accumulated: the student’s own input."
        >
          <OutputNumbers record={record} timesteps={timesteps} at={at} />
        </Card>
        {!kept && <WeightCards record={record} />}
      </div>
    </>
  )
}

/** The float weights in numbers, and what binarization made of them. */
function WeightCards({ record }: Pick<LayerViewData, 'record'>) {
  return (
    <>
      <Card title="Numbers of the weights">
        <WeightNumbers record={record} teacherRun={false} />
      </Card>
      <Card title="After binarization">
        <BinarizedNumbers record={record} />
      </Card>
    </>
  )
}

/** The metric's domain of every page, made wider only where values lie outside. */
function shared(domain: readonly [number, number], series: Series): [number, number] {
  const values = series.filter((v) => v !== null)
  return [Math.min(domain[0], ...values), Math.max(domain[1], ...values)]
}

'use client'

import { detailOf, type LayerGrid, rowOf, unpackGrids } from '../../lib/record/sweep'
import { metricScales } from '../_charts/colour'
import { LineChart } from '../_charts/line-chart'
import { gapNameOf, isExact, isMeasured, nearestIndex, type Series, withoutExact } from '../_charts/series'
import { Card } from '../_ui/card'
import { formatCosine, formatDb, formatFixed, formatPercent } from '../_ui/format'
import { Empty } from '../_ui/states'
import { Term } from '../_ui/term'
import { ErrorNumbers, ErrorSpread } from './error-numbers'
import { InputUse } from './input-use'
import { BinarizedNumbers, leadingAxes, OutputNumbers, WeightNumbers } from './layer-numbers'
import type { LayerViewData } from './load-layer'

type AlignmentProps = { data: LayerViewData; t: number | null; at: number; onTime: (t: number) => void }

/** The layer’s output against the teacher’s over timesteps: errors by their origin, use of the input, low-rank alignment, numbers. */
export function AlignmentCards({ data, t, at, onTime }: AlignmentProps) {
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
              title={<Term id="sqnr">Alignment over timesteps</Term>}
              caption={`Output SQNR against the teacher, dB, higher is better ↑. Accumulated: on the student’s own input${alignment.local ? '; local: on the teacher’s' : ''}${grids?.has('weightsOnly') ? '; weights only (W1A32) and input only (W32A4): local, one of the two quantized' : ''}. ${measuredOn}.`}
              message={`Output SQNR of ${record.layer.id} from t ${timesteps[0]} to ${timesteps.at(-1)}: ${formatDb(alignment.sqnr[at])} at t ${t}`}
              fileName={`${record.layer.id}-sqnr`}
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
            title={<Term id="cosine">Direction of the output</Term>}
            caption="Cosine of the layer’s output with the teacher’s, 1 is the same direction, higher is better ↑."
            message={`Cosine of the output of ${record.layer.id} with the teacher’s: ${formatCosine(alignment.cosine[at])} at t ${t}`}
            fileName={`${record.layer.id}-cosine`}
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
              title={<Term id="lowrank">Low-rank alignment</Term>}
              caption={`Cosine after projection on the teacher’s ${axes}, the same at every t (rank ${alignment.rank} of ${record.layer.outChannels} channels), higher is better ↑.`}
              message={`Low-rank cosine of ${record.layer.id} at rank ${alignment.rank}: ${formatCosine(alignment.lowRankCosine[at])} at t ${t}`}
              fileName={`${record.layer.id}-low-rank-cosine`}
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
              title={
                <Term id="energy">
                  {alignment.rank === 1 ? 'Energy this axis holds' : 'Energy these axes hold'}
                </Term>
              }
              caption={`Share of each network’s output energy in the same ${axes}. Far apart: the student uses other directions.`}
              message={`Energy share of the ${axes} at t ${t}: teacher ${formatPercent(alignment.lowRankTeacherEnergy[at])}, student ${formatPercent(alignment.lowRankStudentEnergy[at])}`}
              fileName={`${record.layer.id}-low-rank-energy`}
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

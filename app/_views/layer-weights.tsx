'use client'

import type { LayerRecord } from '../../lib/record/run'
import { BasisScales } from '../_charts/basis-scales'
import { levelsPerChannel, shareOutside, valueDomain } from '../_charts/levels'
import { WeightDistribution } from '../_charts/weight-distribution'
import { WeightRidgeline } from '../_charts/weight-ridgeline'
import { Card } from '../_ui/card'
import { formatCount, formatDb, formatPercent, formatScale } from '../_ui/format'
import { Term } from '../_ui/term'
import { keptWords, weightCount } from './layer-words'
import type { LayerMoment, LayerViewData } from './load-layer'

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

/** Float weights, the levels they are cut to and the teacher’s on one axis; below, the same over training. */
export function WeightsCard({ data, channel, onChannel, onStep }: WeightsCardProps) {
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
        fileName={`${record.layer.id}-weights`}
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
          fileName={`${record.layer.id}-weights-over-training`}
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

/** Scales of every output channel, and those of the selected one in numbers. */
export function ScalesCard({ data, channel, onChannel }: Omit<WeightsCardProps, 'onStep'>) {
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
        title={<Term id="scales">Basis scales per channel</Term>}
        caption={
          sigma2
            ? `One mark per output channel, the selected one in ink.${way} The lines are where least squares puts weights of a Laplace, Gaussian or uniform row.`
            : `One mark per output channel, the selected one in ink.${way} Least squares puts σ1 at the channel’s mean |w|; the lines are that mean over the whole layer.`
        }
        message={`Scales of ${sigma1.length} channels, σ1 from ${formatScale(Math.min(...sigma1))} to ${formatScale(Math.max(...sigma1))}${
          sigma2 ? `, σ2 from ${formatScale(Math.min(...sigma2))} to ${formatScale(Math.max(...sigma2))}` : ''
        }; channel ${channel} selected`}
        fileName={`${record.layer.id}-scales`}
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

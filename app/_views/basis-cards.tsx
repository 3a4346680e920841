'use client'

import { fitOf, reasonInWords } from '../../lib/diagnostics/standouts'
import type { BasisStats } from '../../lib/record/run'
import { LeftOnTable } from '../_charts/left-on-table'
import { SignBalance } from '../_charts/sign-balance'
import { Card } from '../_ui/card'
import { formatCount, formatFixed, formatPercent } from '../_ui/format'
import { Empty } from '../_ui/states'
import { Term } from '../_ui/term'
import { BasisNumbers } from './basis-numbers'
import type { LayerViewData } from './load-layer'

type BasisCardsProps = { data: LayerViewData; channel: number; onChannel: (channel: number) => void }

/** How well the sign bases of a layer hold its weights, and how their signs are balanced, channel by channel. */
export function BasisCards({ data, channel, onChannel }: BasisCardsProps) {
  const { run, record, reasons } = data
  const { bases } = record.weights
  if (!bases)
    return (
      <Card>
        <Empty level={2} title={record.precision.bases === 0 ? 'No bases' : 'Bases not measured'}>
          <p>
            {record.precision.bases === 0
              ? `${run.role === 'teacher' ? 'A teacher' : 'This layer'} has no sign bases: its weights are not binarized, so no signs can flip and no scales drift.`
              : 'This checkpoint was stored before these measures existed, or its scales are not finite. `diagnose` measures its file.'}
          </p>
        </Empty>
      </Card>
    )
  return (
    <div className="columns halves">
      <Card
        title="How well the bases hold the weights"
        caption={`w: the latent weights${bases.latent ? '' : ', which this checkpoint does not store (packed)'}; beside them the teacher’s, and what Gaussian weights would have. ↓ lower is better, ↑ higher.`}
      >
        <BasisNumbers bases={bases} />
        {reasons.length > 0 && (
          <p className="small">
            Of all layers this one is furthest out: {reasons.map(reasonInWords).join('; ')}.
          </p>
        )}
      </Card>
      <Card>
        <Balance data={data} bases={bases} channel={channel} onChannel={onChannel} />
        <Left data={data} bases={bases} channel={channel} onChannel={onChannel} />
      </Card>
    </div>
  )
}

type ChannelChartProps = BasisCardsProps & { bases: BasisStats }

function Balance({ data, bases, channel, onChannel }: ChannelChartProps) {
  const { id } = data.record.layer
  const shares = bases.positive.map((counts) => counts.map((count) => count / bases.perChannel))
  const furthest = shares[0]!.reduce((far, share) =>
    Math.abs(share - 0.5) > Math.abs(far - 0.5) ? share : far,
  )
  return (
    <SignBalance
      title={<Term id="balance">Balance of the signs</Term>}
      caption="Share of +1 among the signs of each output channel. Nearer to 50 % is better: a channel of equal signs sees only the sum of its inputs."
      message={`Share of signs +1 in ${shares[0]!.length} channels of ${id}, furthest from balance ${formatPercent(furthest)}; channel ${channel} selected`}
      fileName={`${id}-balance`}
      shares={shares}
      perChannel={bases.perChannel}
      slot={data.run.slot}
      channel={channel}
      onChannel={onChannel}
    />
  )
}

/** Channels this close to the best scales are right. */
const closeDb = 0.5

function Left({ data, bases, channel, onChannel }: ChannelChartProps) {
  const fit = fitOf(bases)
  const { id } = data.record.layer
  if (!fit)
    return (
      <Empty title="Left on the table: not known">
        <p>
          Neither latent weights nor a teacher’s are stored, or they have no energy, so the scales have
          nothing to be held against.
        </p>
      </Empty>
    )
  const close = fit.left.filter((dB) => dB <= closeDb).length
  const worst = fit.left.indexOf(Math.max(...fit.left))
  return (
    <LeftOnTable
      title={<Term id="left">Left on the table</Term>}
      caption={`SQNR with least-squares scales − SQNR in use, of each channel against ${bases.latent?.fit ? 'the latent' : 'the teacher’s'} weights. ${formatCount(close)} of ${formatCount(fit.left.length)} channels are within ${closeDb} dB of their best scales${close < fit.left.length ? `; channel ${worst} leaves most, ${formatFixed(fit.left[worst], 1)} dB` : ''}.`}
      message={`What the scales of ${fit.left.length} channels of ${id} leave, at most ${formatFixed(fit.left[worst], 2)} dB; channel ${channel} selected`}
      fileName={`${id}-left-on-the-table`}
      left={fit.left}
      slot={data.run.slot}
      channel={channel}
      onChannel={onChannel}
    />
  )
}

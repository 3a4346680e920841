'use client'

import { scaleLinear } from 'd3'
import type { ReactNode } from 'react'
import { formatPercent } from '../_ui/format'
import { AxisBottom, GridY } from './axis'
import { axisNumber } from './axis-number'
import { ChannelPlane, channelKeys } from './channel-plane'
import { ChartFrame } from './chart-frame'
import { runColour } from './colour'
import { useWidth } from './use-width'

export type SignBalanceProps = {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  /** Share of the signs +1 of each output channel, 0 to 1, a list per basis. */
  shares: number[][]
  /** Signs of one output channel. */
  perChannel: number
  slot: number | null
  channel: number
  onChannel?: (channel: number) => void
  width?: number
  level?: 2 | 3
}

const height = 236

/** Half of the span around one half in which 19 of 20 channels of n random signs lie. */
const chance = (n: number): number => 0.98 / Math.sqrt(n)

/** Share of +1 among the signs of every channel: the first basis as marks, the second as rings. */
export function SignBalance(props: SignBalanceProps) {
  const { shares, perChannel, channel, onChannel } = props
  const [ref, width] = useWidth(420, props.width)
  const [first = [], second] = shares
  return (
    <ChartFrame
      {...props}
      table={{
        columns: ['channel', 'share of +1, first basis', ...(second ? ['second basis'] : [])],
        rows: first.map((share, i) => [i, share, ...(second ? [second[i]!] : [])]),
      }}
      onKey={onChannel && channelKeys(channel, first.length, onChannel)}
    >
      <div className="run-legend" aria-hidden>
        <LegendKey name={second ? 'first basis' : 'the only basis'}>
          <circle cx={6} cy={5} r={3.4} style={{ fill: runColour(props.slot) }} />
        </LegendKey>
        {second && (
          <LegendKey name="second basis">
            <circle cx={6} cy={5} r={3} fill="none" style={{ stroke: runColour(props.slot) }} />
          </LegendKey>
        )}
        <LegendKey name={`19 of 20 channels of ${perChannel} random signs`}>
          <rect y={1} width={12} height={8} style={{ fill: 'var(--sunken)', stroke: 'var(--line)' }} />
        </LegendKey>
      </div>
      <div ref={ref}>
        <Balances {...props} width={width} half={chance(perChannel)} />
      </div>
    </ChartFrame>
  )
}

function LegendKey({ name, children }: { name: string; children: ReactNode }) {
  return (
    <span className="run-name">
      <svg width={14} height={10} aria-hidden>
        {children}
      </svg>
      {name}
    </span>
  )
}

function Balances({
  shares: [first = [], second],
  half,
  width,
  slot,
  channel,
  onChannel,
}: SignBalanceProps & { width: number; half: number }) {
  const [left, right, top, bottom] = [44, width - 12, 26, height - 36]
  const x = scaleLinear([-0.5, first.length - 0.5], [left, right])
  const reach = Math.max(half, ...[...first, ...(second ?? [])].map((share) => Math.abs(share - 0.5)))
  const span = Math.min(50, 100 * reach * 1.15)
  const y = scaleLinear([50 - span, 50 + span], [bottom, top])
  const percent = (share: number) => y(100 * share)
  return (
    <ChannelPlane
      dots={first.map((share, i) => ({ x: x(i), y: percent(share) }))}
      slot={slot}
      channel={channel}
      onChannel={onChannel}
      width={width}
      height={height}
      describe={(i) =>
        `+1: ${formatPercent(first[i])}${second ? `, second basis ${formatPercent(second[i])}` : ''}`
      }
    >
      <rect
        x={left}
        width={right - left}
        y={percent(0.5 + half)}
        height={Math.max(1, percent(0.5 - half) - percent(0.5 + half))}
        style={{ fill: 'var(--sunken)', stroke: 'var(--line)' }}
      />
      <GridY
        scale={y}
        ticks={y.ticks(4)}
        format={axisNumber(y)}
        x={left}
        width={right - left}
        label="signs +1, % of the channel"
        top={top}
      />
      <line className="reference-line" x1={left} x2={right} y1={percent(0.5)} y2={percent(0.5)} />
      <AxisBottom
        scale={x}
        ticks={x.ticks(Math.min(first.length, width < 380 ? 4 : 8)).filter(Number.isInteger)}
        y={bottom}
        from={left}
        to={right}
        label="output channel"
      />
      {second?.map((share, i) => (
        <circle
          key={i}
          cx={x(i)}
          cy={percent(share)}
          r={3}
          fill="none"
          style={{ stroke: runColour(slot), strokeWidth: 1.2 }}
        />
      ))}
    </ChannelPlane>
  )
}

'use client'

import { scaleLinear } from 'd3'
import type { ReactNode } from 'react'
import { formatScale } from '../_ui/format'
import { AxisBottom, GridY } from './axis'
import { axisNumber } from './axis-number'
import { basisYardsticks, gaussianYardstick, yardstickLabel } from './basis-yardsticks'
import { ChannelPlane, channelKeys } from './channel-plane'
import { ChartFrame } from './chart-frame'
import { runColour } from './colour'
import { useWidth } from './use-width'

export type BasisScalesProps = {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  /** Per output channel. */
  sigma1: number[]
  /** null with one basis: then the scales stand over the channel index. */
  sigma2: number[] | null
  /** Scales at the first recorded checkpoint, where the hairs begin; null if there is no earlier one. */
  start: { step: number; sigma1: number[]; sigma2: number[] | null } | null
  /** mean|w| over the layer, for one basis: the least-squares scale if all channels were alike. */
  meanAbs: { name: string; value: number; slot: number | null; dash?: string }[]
  slot: number | null
  channel: number
  onChannel?: (channel: number) => void
  width?: number
}

/** Scales of every channel: sigma1 against sigma2, or sigma1 by channel with one basis. */
export function BasisScales(props: BasisScalesProps) {
  const { sigma1, sigma2, channel, onChannel } = props
  const [ref, width] = useWidth(420, props.width)
  return (
    <ChartFrame
      {...props}
      table={{
        columns: ['channel', 'sigma1', ...(sigma2 ? ['sigma2', 'sigma2/sigma1'] : [])],
        rows: sigma1.map((s, i) => [i, s, ...(sigma2 ? [sigma2[i]!, s === 0 ? null : sigma2[i]! / s] : [])]),
      }}
      onKey={onChannel && channelKeys(channel, sigma1.length, onChannel)}
    >
      {!sigma2 && <MeanLegend meanAbs={props.meanAbs} />}
      <div ref={ref}>
        {sigma2 ? (
          <TwoBases {...props} sigma2={sigma2} width={width} />
        ) : (
          <OneBasis {...props} width={width} />
        )}
      </div>
    </ChartFrame>
  )
}

/** Named beside the chart: the marks lie on these lines. */
function MeanLegend({ meanAbs }: Pick<BasisScalesProps, 'meanAbs'>) {
  return (
    <div className="run-legend" aria-hidden>
      {meanAbs.map((m) => (
        <span key={m.name} className="run-name">
          <svg width={22} height={10} aria-hidden>
            <line x2={22} y1={5} y2={5} strokeDasharray={m.dash} style={{ stroke: runColour(m.slot) }} />
          </svg>
          {m.name} {formatScale(m.value)}
        </span>
      ))}
    </div>
  )
}

type PlotProps = Omit<BasisScalesProps, 'width'> & { width: number }

function TwoBases({
  sigma1,
  sigma2,
  start,
  slot,
  channel,
  onChannel,
  width,
}: PlotProps & { sigma2: number[] }) {
  const [left, right, top] = [44, width - 88, 26]
  const bottom = top + Math.max(200, Math.min(380, right - left))
  const reach = (values: number[]): [number, number] => [
    Math.min(0, ...values) * 1.06,
    Math.max(1e-9, ...values) * 1.06,
  ]
  const x = scaleLinear(reach([...sigma1, ...(start?.sigma1 ?? [])]), [left, right]).nice(4)
  const y = scaleLinear(reach([...sigma2, ...(start?.sigma2 ?? [])]), [bottom, top]).nice(4)
  const dots = sigma1.map((s, i) => ({ x: x(s), y: y(sigma2[i]!) }))
  const [xEnd, yEnd] = [x.domain()[1]!, y.domain()[1]!]
  return (
    <ChannelPlane
      dots={dots}
      slot={slot}
      channel={channel}
      onChannel={onChannel}
      width={width}
      height={bottom + 36}
      describe={(i) => `σ1 ${formatScale(sigma1[i])}, σ2 ${formatScale(sigma2[i])}`}
    >
      <GridY
        scale={y}
        ticks={y.ticks(4)}
        format={axisNumber(y)}
        x={left}
        width={right - left}
        label="σ2, second basis"
        top={top}
      />
      <AxisBottom
        scale={x}
        ticks={x.ticks(width < 380 ? 3 : 4)}
        format={axisNumber(x)}
        y={bottom}
        from={left}
        to={right}
        label="σ1, scale of the first basis"
      />
      {basisYardsticks.map((yardstick, i) => {
        const { name, ratio } = yardstick
        const end = Math.min(xEnd, yEnd / ratio)
        const gaussian = yardstick === gaussianYardstick
        const leaves = end < xEnd
        // Lines that leave through the top are close together there: their names stand one below the other.
        const label = leaves ? end * (1 - 0.055 * i) : end
        return (
          <g key={name}>
            <line
              className={gaussian ? undefined : 'reference-line'}
              style={gaussian ? { stroke: 'var(--ink2)' } : undefined}
              x1={x(0)}
              y1={y(0)}
              x2={x(end)}
              y2={y(end * ratio)}
            />
            <text
              className={gaussian ? 'strong halo' : 'halo'}
              x={x(label) + (leaves ? -8 : 6)}
              y={y(label * ratio) + 4}
              textAnchor={leaves ? 'end' : 'start'}
            >
              {yardstickLabel(yardstick)}
            </text>
          </g>
        )
      })}
      {start?.sigma2 && (
        <path
          d={dots
            .flatMap((dot, i) => {
              const [s1, s2] = [start.sigma1[i], start.sigma2?.[i]]
              return s1 === undefined || s2 === undefined ? [] : `M${x(s1)},${y(s2)}L${dot.x},${dot.y}`
            })
            .join('')}
          fill="none"
          style={{ stroke: runColour(slot), opacity: 0.45 }}
        />
      )}
    </ChannelPlane>
  )
}

function OneBasis({ sigma1, start, meanAbs, slot, channel, onChannel, width }: PlotProps) {
  const [left, right, top, bottom] = [44, width - 12, 26, 306]
  const x = scaleLinear([-0.5, sigma1.length - 0.5], [left, right])
  const values = [...sigma1, ...meanAbs.map((m) => m.value), ...(start?.sigma1 ?? [])]
  const y = scaleLinear([Math.min(0, ...values), Math.max(1e-9, ...values) * 1.06], [bottom, top]).nice(4)
  const dots = sigma1.map((s, i) => ({ x: x(i), y: y(s) }))
  return (
    <ChannelPlane
      dots={dots}
      slot={slot}
      channel={channel}
      onChannel={onChannel}
      width={width}
      height={bottom + 36}
      describe={(i) => `σ1 ${formatScale(sigma1[i])}`}
    >
      <GridY
        scale={y}
        ticks={y.ticks(4)}
        format={axisNumber(y)}
        x={left}
        width={right - left}
        label="σ1, scale of the only basis"
        top={top}
      />
      <AxisBottom
        scale={x}
        ticks={x.ticks(Math.min(sigma1.length, width < 380 ? 4 : 8)).filter(Number.isInteger)}
        y={bottom}
        from={left}
        to={right}
        label="output channel"
      />
      {meanAbs.map((m) => (
        <line
          key={m.name}
          strokeDasharray={m.dash}
          x1={left}
          x2={right}
          y1={y(m.value)}
          y2={y(m.value)}
          style={{ stroke: runColour(m.slot) }}
        />
      ))}
      {start && (
        <path
          d={dots
            .flatMap((dot, i) => {
              const from = start.sigma1[i]
              return from === undefined ? [] : `M${dot.x},${y(from)}V${dot.y}`
            })
            .join('')}
          fill="none"
          style={{ stroke: runColour(slot), opacity: 0.45 }}
        />
      )}
    </ChannelPlane>
  )
}

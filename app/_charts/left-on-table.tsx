'use client'

import { scaleLinear } from 'd3'
import type { ReactNode } from 'react'
import { formatFixed } from '../_ui/format'
import { AxisBottom } from './axis'
import { axisNumber } from './axis-number'
import { ChannelPlane, channelKeys } from './channel-plane'
import { ChartFrame } from './chart-frame'
import { useWidth } from './use-width'

export type LeftOnTableProps = {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  /** dB of SQNR that the scales of each channel leave against least squares. */
  left: number[]
  slot: number | null
  channel: number
  onChannel?: (channel: number) => void
  width?: number
  level?: 2 | 3
}

/** px between channels that are stacked, if there is room. */
const dotSize = 8
const tallest = 150

/** Channels stacked by what their scales leave on the table, dB. */
export function LeftOnTable(props: LeftOnTableProps) {
  const { left, channel, onChannel } = props
  const [ref, width] = useWidth(420, props.width)
  return (
    <ChartFrame
      {...props}
      table={{ columns: ['channel', 'dB left by its scales'], rows: left.map((dB, i) => [i, dB]) }}
      onKey={onChannel && channelKeys(channel, left.length, onChannel)}
    >
      <div ref={ref}>
        <Stacks {...props} width={width} />
      </div>
    </ChartFrame>
  )
}

function Stacks({ left, slot, channel, onChannel, width }: LeftOnTableProps & { width: number }) {
  const [from, to, top] = [12, width - 28, 16]
  const worst = left.indexOf(Math.max(...left))
  // At least half a decibel wide: below that nothing is worth seeing.
  const x = scaleLinear([0, Math.max(0.5, left[worst] ?? 0)], [from, to]).nice(4)
  const places = stacked(left.map((dB) => Math.round((x(dB) - from) / dotSize)))
  const highest = Math.max(0, ...places.map(({ row }) => row)) + 1
  const rowHeight = Math.min(dotSize, tallest / highest)
  const bottom = top + Math.max(40, highest * rowHeight)
  const dots = places.map(({ column, row }) => ({
    x: from + column * dotSize,
    y: bottom - (row + 0.5) * rowHeight,
  }))
  const outlier = dots[worst]
  return (
    <ChannelPlane
      dots={dots}
      slot={slot}
      channel={channel}
      onChannel={onChannel}
      width={width}
      height={bottom + 34}
      describe={(i) => `${formatFixed(left[i], 2)} dB left`}
    >
      <AxisBottom
        scale={x}
        ticks={x.ticks(4)}
        format={axisNumber(x)}
        y={bottom}
        from={from}
        to={to}
        label="dB left against least-squares scales, lower is better ↓"
      />
      {outlier && worst !== channel && (
        <text className="halo" x={outlier.x + 8} y={outlier.y + 4}>
          {worst}
        </text>
      )}
    </ChannelPlane>
  )
}

/** Places of dots that stand on each other where they share a column, in the order they are given. */
export function stacked(columns: readonly number[]): { column: number; row: number }[] {
  const heights = new Map<number, number>()
  return columns.map((column) => {
    const row = heights.get(column) ?? 0
    heights.set(column, row + 1)
    return { column, row }
  })
}

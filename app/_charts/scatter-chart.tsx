'use client'

import { extent, scaleLinear } from 'd3'
import type { ReactNode } from 'react'
import { AxisBottom, GridY, spreadApart } from './axis'
import { axisNumber } from './axis-number'
import { ChartFrame } from './chart-frame'
import { Mark } from './mark'
import { useWidth } from './use-width'

export type ScatterPoint = {
  id: string
  name: string
  slot: number | null
  x: number
  y: number
  /** Drawn without its name, which the table has. */
  unnamed?: boolean
}

export type ScatterChartProps = {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  points: ScatterPoint[]
  x: {
    label: string
    format: (v: number) => string
    domain?: readonly [number, number]
    ticks?: readonly number[]
  }
  y: { label: string; format?: (v: number) => string; domain?: readonly [number, number] }
  /** Yardsticks beyond or inside the plane, in words. */
  note?: string
  height?: number
  width?: number
}

/** One mark per run with its name beside it. */
export function ScatterChart(props: ScatterChartProps) {
  const { points, height = 240 } = props
  const [ref, width] = useWidth(560, props.width)
  const [left, right, top, bottom] = [44, width - 24, 26, height - 36]
  const x = scaleLinear(props.x.domain ?? padded(points.map((p) => p.x)), [left, right])
  const y = scaleLinear(props.y.domain ?? padded(points.map((p) => p.y)), [bottom, top]).nice(4)
  const named = points.filter((p) => !p.unnamed)
  const labelY = spreadApart(
    named.map((p) => y(p.y)),
    14,
    top,
    bottom - 4,
  )
  return (
    <ChartFrame
      {...props}
      table={{
        columns: ['run', props.x.label, props.y.label],
        rows: points.map((p) => [p.name, p.x, p.y]),
      }}
    >
      <div ref={ref}>
        {/* biome-ignore lint/a11y/noSvgWithoutTitle: the frame around it carries the name */}
        <svg width={width} height={height}>
          <GridY
            scale={y}
            ticks={y.ticks(4)}
            format={props.y.format ?? axisNumber(y)}
            x={left}
            width={right - left}
            label={props.y.label}
            top={top}
          />
          <AxisBottom
            scale={x}
            ticks={props.x.ticks ?? x.ticks(Math.max(2, Math.floor(width / 140)))}
            format={props.x.format}
            y={bottom}
            from={left}
            to={right}
            ends={[props.x.label, '']}
          />
          {points.map((p) => {
            const flip = x(p.x) > (left + right) * 0.62
            return (
              <g key={p.id}>
                <Mark slot={p.slot} x={x(p.x)} y={y(p.y)} size={11} />
                {!p.unnamed && (
                  <text
                    className="label halo"
                    x={x(p.x) + (flip ? -11 : 11)}
                    y={labelY[named.indexOf(p)]! + 4}
                    textAnchor={flip ? 'end' : 'start'}
                  >
                    {p.name}
                  </text>
                )}
              </g>
            )
          })}
          {props.note && (
            <text x={right} y={bottom - 6} textAnchor="end">
              {props.note}
            </text>
          )}
          {points.length === 0 && (
            <text className="label" x={(left + right) / 2} y={(top + bottom) / 2} textAnchor="middle">
              Nothing measured yet
            </text>
          )}
        </svg>
      </div>
    </ChartFrame>
  )
}

function padded(values: number[]): [number, number] {
  const [low = 0, high = 1] = extent(values)
  const pad = (high - low) * 0.25 || Math.abs(high) * 0.1 || 1
  return [low - pad, high + pad]
}

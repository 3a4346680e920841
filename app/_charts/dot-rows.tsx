'use client'

import { extent, scaleLinear } from 'd3'
import type { ReactNode } from 'react'
import { AxisBottom } from './axis'
import { ChartFrame } from './chart-frame'
import { logPixels } from './log-pixels'
import { Mark } from './mark'
import { meanOf } from './series'
import { useWidth } from './use-width'

export type DotRow = {
  id: string
  name: string
  /** One dot each, e.g. one per seed. */
  dots: { id: string; name: string; slot: number | null; value: number }[]
}

export type DotRowsProps = {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  rows: DotRow[]
  x: { label: string; kind?: 'linear' | 'log'; format: (value: number) => string }
  /** Yardsticks: vertical lines with their names above. */
  references?: { x: number; label: string }[]
  level?: 2 | 3
  width?: number
}

const rowHeight = 26

/** One row per name, one dot per value, a tick at the mean of several; yardsticks run through all rows. */
export function DotRows(props: DotRowsProps) {
  const { rows, references = [], x: xOf } = props
  const [ref, width] = useWidth(560, props.width)
  const longest = Math.max(0, ...rows.map((row) => row.name.length))
  const left = Math.min(longest * 6.4 + 14, width * 0.45)
  const right = width - 26
  const labelled = references.toSorted((a, b) => a.x - b.x)
  const top = 14 + 13 * labelled.length
  const bottom = top + rowHeight * rows.length
  const values = [...rows.flatMap((row) => row.dots.map((dot) => dot.value)), ...references.map((r) => r.x)]
  const x = scaleOf(xOf.kind ?? 'linear', values).range([left + 10, right])
  const ticks = tickValues(x.domain() as [number, number], xOf.kind ?? 'linear', x, right - left)
  const characters = Math.floor((left - 10) / 6)
  return (
    <ChartFrame
      {...props}
      table={{
        columns: ['row', 'of', xOf.label],
        rows: [
          ...rows.flatMap((row) => row.dots.map((dot) => [row.name, dot.name, dot.value])),
          ...references.map((reference) => [reference.label, 'yardstick', reference.x]),
        ],
      }}
    >
      <div ref={ref}>
        {/* biome-ignore lint/a11y/noSvgWithoutTitle: the frame around it carries the name */}
        <svg width={width} height={bottom + 36}>
          {ticks.map((tick) => (
            <line key={tick} className="grid-line" x1={x(tick)} x2={x(tick)} y1={top} y2={bottom} />
          ))}
          {rows.map((row, r) => {
            const y = top + rowHeight * (r + 0.5)
            const xs = row.dots.map((dot) => x(dot.value))
            const mean = row.dots.length > 1 ? meanOf(row.dots.map((dot) => dot.value)) : null
            return (
              <g key={row.id}>
                <line className="grid-line" x1={left} x2={right} y1={y} y2={y} />
                <text className="label" x={left - 4} y={y + 4} textAnchor="end">
                  {row.name.length > characters ? `${row.name.slice(0, characters - 1)}…` : row.name}
                  <title>{row.name}</title>
                </text>
                {xs.length > 1 && (
                  <line className="axis-line" x1={Math.min(...xs)} x2={Math.max(...xs)} y1={y} y2={y} />
                )}
                {mean !== null && (
                  <line className="crosshair" x1={x(mean)} x2={x(mean)} y1={y - 8} y2={y + 8} />
                )}
                {row.dots.map((dot) => (
                  <g key={dot.id}>
                    <title>{`${dot.name}: ${xOf.format(dot.value)}`}</title>
                    <Mark slot={dot.slot} x={x(dot.value)} y={y} size={10} />
                  </g>
                ))}
                {row.dots.length === 0 && (
                  <text x={left + 12} y={y + 4}>
                    not measured
                  </text>
                )}
              </g>
            )
          })}
          {labelled.map((reference, i) => {
            const at = x(reference.x)
            const flip = at > (left + right) / 2
            const y = 10 + 13 * i
            return (
              <g key={reference.label}>
                <line className="reference-line" x1={at} x2={at} y1={y + 3} y2={bottom} />
                <text className="halo" x={at} y={y} textAnchor={flip ? 'end' : 'start'}>
                  {reference.label}
                </text>
              </g>
            )
          })}
          <AxisBottom
            scale={x}
            ticks={ticks}
            format={xOf.format}
            y={bottom}
            from={left}
            to={right}
            ends={['', xOf.label]}
          />
        </svg>
      </div>
    </ChartFrame>
  )
}

function scaleOf(kind: 'linear' | 'log', values: number[]) {
  const [low = 0, high = 1] = extent(values)
  if (kind === 'log') {
    const least = Math.max(low, 1e-9)
    return logPixels([least / 1.15, Math.max(high, least) * 1.15])
  }
  const pad = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1
  return scaleLinear([low - pad, high + pad], [0, 1])
}

/** Round values inside the domain, at least 48 px apart: 1, 2, 5 of every decade on a log axis. */
function tickValues(
  [low, high]: [number, number],
  kind: 'linear' | 'log',
  x: (value: number) => number,
  width: number,
): number[] {
  if (kind === 'linear') return scaleLinear([low, high], [0, 1]).ticks(Math.max(2, Math.floor(width / 80)))
  const from = Math.floor(Math.log10(low))
  const decades = Array.from({ length: Math.ceil(Math.log10(high)) - from + 1 }, (_, i) => 10 ** (from + i))
  const kept: number[] = []
  for (const value of decades.flatMap((decade) => [decade, 2 * decade, 5 * decade])) {
    const before = kept.at(-1)
    if (value < low || value > high) continue
    if (before === undefined || x(value) - x(before) > 48) kept.push(value)
  }
  return kept
}

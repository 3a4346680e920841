'use client'

import { area, curveMonotoneX, scaleLinear } from 'd3'
import { type KeyboardEvent, type MouseEvent, type ReactNode, useId } from 'react'
import type { Histogram } from '../../lib/record/run'
import { formatCount } from '../_ui/format'
import { ChartFrame } from './chart-frame'
import { runColour } from './colour'
import { densityOf } from './levels'
import { useWidth } from './use-width'
import { valueRange } from './weight-distribution'

export type RidgeRow = {
  step: number
  histogram: Histogram
  /** Levels at that step, as values. */
  levels: number[]
}

export type WeightRidgelineProps = {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  /** Ascending by step. */
  rows: RidgeRow[]
  /** Drawn as the first row, in grey. */
  teacher: Histogram | null
  selected: number
  onSelect?: (step: number) => void
  /** The axis of the distribution above. */
  domain: readonly [number, number]
  slot: number | null
  level?: 2 | 3
  width?: number
}

const rowHeight = 24
/** How far a ridge may reach into the rows above it. */
const reach = 1.7

/** At most `max` rows: the first, the last, the selected one and others evenly between. */
export function pickRows(rows: readonly RidgeRow[], selected: number, max = 8): RidgeRow[] {
  if (rows.length <= max) return [...rows]
  const even = Array.from({ length: max }, (_, k) => Math.round((k * (rows.length - 1)) / (max - 1)))
  const at = rows.findIndex((row) => row.step === selected)
  if (at >= 0 && !even.includes(at)) {
    const inner = even.slice(1, -1)
    const nearest = inner.reduce((best, i) => (Math.abs(i - at) < Math.abs(best - at) ? i : best))
    even[even.indexOf(nearest)] = at
  }
  return even.toSorted((a, b) => a - b).map((i) => rows[i]!)
}

/** The latent weights of each checkpoint above each other, with their levels as ticks. */
export function WeightRidgeline(props: WeightRidgelineProps) {
  const { teacher, domain, slot, selected, onSelect } = props
  const [ref, width] = useWidth(640, props.width)
  const clip = useId()
  const shown = pickRows(props.rows, selected)
  const [left, right] = valueRange(width)
  const x = scaleLinear(domain, [left, right])
  const ridges = [
    ...(teacher ? [{ key: 'teacher', step: null, points: densityOf(teacher), levels: [] as number[] }] : []),
    ...shown.map((row) => ({
      key: String(row.step),
      step: row.step as number | null,
      points: densityOf(row.histogram),
      levels: row.levels,
    })),
  ]
  const peak = Math.max(1e-9, ...ridges.flatMap((r) => r.points.map((p) => p.y)))
  const top = 12 + rowHeight * (reach - 1)
  const height = top + ridges.length * rowHeight + 4
  const shape = area<{ x: number; y: number }>()
    .x((p) => x(p.x))
    .y0(0)
    .y1((p) => -(p.y / peak) * rowHeight * reach)
    .curve(curveMonotoneX)

  function handleKey(event: KeyboardEvent): boolean {
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    const at = props.rows.findIndex((row) => row.step === selected)
    const next = move ? props.rows[at + move] : undefined
    if (!next || !onSelect) return false
    onSelect(next.step)
    return true
  }
  function handleClick(event: MouseEvent<SVGSVGElement>) {
    const y = event.clientY - event.currentTarget.getBoundingClientRect().top
    const step = ridges[Math.min(ridges.length - 1, Math.max(0, Math.ceil((y - top) / rowHeight) - 1))]?.step
    if (step !== null && step !== undefined) onSelect?.(step)
  }

  return (
    <ChartFrame {...props} table={ridgeTable(props.rows)} onKey={onSelect && handleKey}>
      <div ref={ref}>
        {/* biome-ignore lint/a11y/noSvgWithoutTitle: the frame around it carries the name */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the frame around it handles the keys */}
        <svg
          width={width}
          height={height}
          onClick={handleClick}
          style={{ cursor: onSelect ? 'pointer' : undefined }}
        >
          <clipPath id={clip}>
            <rect x={left} y={-rowHeight * 3} width={right - left} height={rowHeight * 3 + 2} />
          </clipPath>
          {x.ticks(Math.max(3, Math.floor(width / 110))).map((tick) => (
            <line key={tick} className="grid-line" x1={x(tick)} x2={x(tick)} y2={height} />
          ))}
          <text x={left - 6} y={top} textAnchor="end">
            step
          </text>
          {ridges.map((ridge, i) => {
            const own = ridge.step === selected
            const colour = ridge.step === null ? 'var(--teacher)' : runColour(slot)
            const strength = own ? 46 : ridge.step === null ? 14 : 18
            return (
              <g key={ridge.key} transform={`translate(0,${top + (i + 1) * rowHeight})`}>
                <path
                  d={shape(ridge.points) ?? ''}
                  clipPath={`url(#${clip})`}
                  strokeWidth={own ? 2 : 1.1}
                  style={{
                    fill: `color-mix(in srgb, ${colour} ${strength}%, var(--surface))`,
                    stroke: colour,
                  }}
                />
                <text className={own ? 'strong' : undefined} x={left - 6} y={0} textAnchor="end">
                  {ridge.step === null ? 'teacher' : formatCount(ridge.step)}
                </text>
              </g>
            )
          })}
          {ridges.map((ridge, i) => (
            <path
              key={ridge.key}
              d={ridge.levels.map((v) => `M${x(v)},${top + (i + 1) * rowHeight}v-8`).join('')}
              strokeWidth={2}
              style={{ stroke: runColour(slot) }}
            />
          ))}
        </svg>
        {shown.length < props.rows.length && (
          <p className="small soft">
            {shown.length} of {props.rows.length} checkpoints shown
          </p>
        )}
      </div>
    </ChartFrame>
  )
}

function ridgeTable(rows: readonly RidgeRow[]) {
  const most = Math.max(0, ...rows.map((row) => row.levels.length))
  return {
    columns: [
      'step',
      'lowest bin',
      'highest bin',
      ...Array.from({ length: most }, (_, i) => `level ${i + 1}`),
    ],
    rows: rows.map((row) => [
      row.step,
      row.histogram.lo,
      row.histogram.hi,
      ...Array.from({ length: most }, (_, i) => row.levels[i] ?? null),
    ]),
  }
}

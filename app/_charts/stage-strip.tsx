'use client'

import { scaleSqrt } from 'd3'
import { type ReactNode, useId } from 'react'
import { formatCount } from '../_ui/format'
import { AxisBottom } from './axis'
import { ChartFrame } from './chart-frame'
import { runColour } from './colour'
import { HatchPattern } from './hatch'
import { useWidth } from './use-width'

export type StageRow = { name: string; stages: { from: number; bases: number }[] }

export type StageStripProps = {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  /** In order of the forward pass. */
  rows: StageRow[]
  /** Last step drawn. */
  until: number
  slot: number | null
  width?: number
}

const rowHeight = 18
const stageNames = ['full precision', 'one basis', 'two bases']
/** One basis is paler than two; full precision is hatched. */
const opacity = [1, 0.45, 1]

/** Parts of a network over training steps: full precision, one basis, two bases. */
export function StageStrip(props: StageStripProps) {
  const { rows, until, slot } = props
  const [ref, width] = useWidth(640, props.width)
  const hatch = useId()
  const [left, right] = [Math.min(132, width * 0.36), width - 12]
  const x = scaleSqrt([0, Math.max(1, until)], [left, right])
  const top = 4
  const bottom = top + rowHeight * rows.length
  const changes = [...new Set(rows.flatMap((row) => row.stages.map(({ from }) => from)))].filter((s) => s > 0)
  const used = [...new Set(rows.flatMap((row) => row.stages.map(({ bases }) => bases)))].sort((a, b) => b - a)
  const fill = (bases: number) => (bases === 0 ? `url(#${hatch})` : runColour(slot))
  return (
    <ChartFrame
      {...props}
      table={{
        columns: ['part', 'from step', 'precision'],
        rows: rows.flatMap((row) =>
          row.stages.map(({ from, bases }) => [row.name, from, stageNames[bases] ?? String(bases)]),
        ),
      }}
    >
      <div ref={ref}>
        {/* biome-ignore lint/a11y/noSvgWithoutTitle: the frame around it carries the name */}
        <svg width={width} height={bottom + 34}>
          <defs>
            <HatchPattern id={hatch} />
          </defs>
          {rows.map((row, r) => (
            <g key={row.name} transform={`translate(0,${top + r * rowHeight})`}>
              <text x={left - 8} y={rowHeight / 2 + 4} textAnchor="end">
                {row.name}
              </text>
              {row.stages.map(({ from, bases }, i) => {
                const end = Math.min(until, row.stages[i + 1]?.from ?? until)
                return (
                  <rect
                    key={from}
                    x={x(from)}
                    y={1.5}
                    width={Math.max(0, x(end) - x(from))}
                    height={rowHeight - 3}
                    style={{ fill: fill(bases), opacity: opacity[bases] }}
                  />
                )
              })}
            </g>
          ))}
          <AxisBottom
            scale={x}
            ticks={spaced([0, until, ...changes], x)}
            format={formatCount}
            y={bottom + 2}
            from={left}
            to={right}
            ends={['', 'fine-tuning step (root scale) →']}
          />
        </svg>
        <div className="run-legend">
          {used.map((bases) => (
            <span key={bases} className="run-name">
              <svg width={22} height={12} aria-hidden>
                <rect width={22} height={12} style={{ fill: fill(bases), opacity: opacity[bases] }} />
              </svg>
              {stageNames[bases]}
            </span>
          ))}
        </div>
      </div>
    </ChartFrame>
  )
}

/** Steps whose labels do not run into each other; the first ones given win. */
function spaced(steps: number[], x: (step: number) => number): number[] {
  const kept: number[] = []
  for (const step of steps) if (kept.every((other) => Math.abs(x(other) - x(step)) > 40)) kept.push(step)
  return kept.sort((a, b) => a - b)
}

'use client'

import { curveMonotoneX, line, scaleLinear } from 'd3'
import type { ReactNode } from 'react'
import type { Histogram } from '../../lib/record/run'
import { AxisBottom } from './axis'
import { axisNumber } from './axis-number'
import { ChartFrame } from './chart-frame'
import { CheckpointBadge, type CheckpointLook, checkpointDash, dashArrays } from './checkpoint-mark'
import { runColour } from './colour'
import { densityOf, valueDomain } from './levels'
import { useWidth } from './use-width'
import { valueRange } from './weight-distribution'

export type OverlaidWeights = {
  name: string
  look: CheckpointLook
  /** null if the checkpoint stores no latent weights: its levels are drawn alone. */
  histogram: Histogram | null
  /** Levels at the mean scales over channels; empty in full precision. */
  levels: number[]
}

export type WeightOverlayProps = {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  checkpoints: OverlaidWeights[]
  /** The common teacher's weights; null without one. */
  teacher: Histogram | null
  level?: 2 | 3
  width?: number
}

const [top, bottom] = [26, 190]
const laneHeight = 14

/** Latent weights of several checkpoints as lines on one axis, their mean levels in a lane each below. */
export function WeightOverlay(props: WeightOverlayProps) {
  const { checkpoints, teacher } = props
  const [ref, width] = useWidth(640, props.width)
  const [left, right] = valueRange(width)
  const histograms = [...checkpoints.map((c) => c.histogram), teacher].filter((h) => h !== null)
  const domain = valueDomain(
    histograms,
    checkpoints.flatMap((c) => c.levels),
  )
  const x = scaleLinear(domain, [left, right])
  const peak = Math.max(1e-9, ...histograms.flatMap((h) => densityOf(h).map((p) => p.y)))
  const y = scaleLinear([0, peak], [bottom, top])
  const ticks = x.ticks(Math.max(3, Math.floor(width / 110)))
  const shape = (h: Histogram) =>
    line<{ x: number; y: number }>()
      .x((p) => x(p.x))
      .y((p) => y(p.y))
      .curve(curveMonotoneX)(densityOf(h).filter((p) => p.x >= domain[0] && p.x <= domain[1])) ?? ''
  const lanes = checkpoints.filter((c) => c.levels.length > 0)
  const axisY = bottom + 6 + lanes.length * laneHeight
  return (
    <ChartFrame
      {...props}
      table={{
        columns: ['checkpoint', 'level 1', 'level 2', 'level 3', 'level 4'],
        rows: checkpoints.map((c) => [c.name, ...[0, 1, 2, 3].map((i) => c.levels[i] ?? null)]),
      }}
    >
      <div className="run-legend" aria-hidden>
        {teacher && (
          <span className="run-name">
            <CheckpointBadge look={{ slot: null, age: 0 }} />
            teacher
          </span>
        )}
        {checkpoints.map((c) => (
          <span key={c.name} className="run-name">
            <CheckpointBadge look={c.look} />
            {c.name}
          </span>
        ))}
      </div>
      <div ref={ref}>
        {/* biome-ignore lint/a11y/noSvgWithoutTitle: the frame around it carries the name */}
        <svg width={width} height={axisY + 36}>
          {ticks.map((tick) => (
            <line key={tick} className="grid-line" x1={x(tick)} x2={x(tick)} y1={top} y2={bottom} />
          ))}
          <text x={left} y={top - 9}>
            density
          </text>
          {teacher && (
            <path d={shape(teacher)} fill="none" strokeWidth={1.4} style={{ stroke: 'var(--teacher)' }} />
          )}
          {checkpoints.map((c, i) => (
            <path
              key={c.name}
              d={c.histogram ? shape(c.histogram) : ''}
              fill="none"
              // Equal weights would hide each other: those drawn first are broader.
              strokeWidth={Math.min(6, 2 + 2 * (checkpoints.length - 1 - i))}
              strokeDasharray={dashArrays[checkpointDash(c.look)]}
              style={{ stroke: runColour(c.look.slot) }}
            />
          ))}
          <line className="axis-line" x1={left} x2={right} y1={bottom} y2={bottom} />
          {lanes.map((c, i) => (
            <path
              key={c.name}
              d={c.levels.map((v) => `M${x(v)},${bottom + 6 + i * laneHeight}v${laneHeight - 4}`).join('')}
              strokeWidth={3}
              strokeDasharray={c.look.age > 0 ? '2 1.5' : undefined}
              style={{ stroke: runColour(c.look.slot) }}
            />
          ))}
          {lanes.length > 0 && (
            <text x={left - 6} y={bottom + 6 + 9} textAnchor="end">
              levels
            </text>
          )}
          <AxisBottom
            scale={x}
            ticks={ticks}
            format={axisNumber(x, ticks.length)}
            y={axisY}
            from={left}
            to={right}
            label="weight value"
          />
        </svg>
      </div>
    </ChartFrame>
  )
}

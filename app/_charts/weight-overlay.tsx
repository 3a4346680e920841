'use client'

import { curveMonotoneX, line, scaleLinear } from 'd3'
import type { ReactNode } from 'react'
import type { Histogram } from '../../lib/record/run'
import { AxisBottom } from './axis'
import { axisNumber } from './axis-number'
import { ChartFrame } from './chart-frame'
import {
  CheckpointBadge,
  type CheckpointLook,
  CheckpointMark,
  checkpointDash,
  dashArrays,
} from './checkpoint-mark'
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

const top = 26
const planeHeight = 164
const laneHeight = 14
const ridgeHeight = 52
/** More lines than this in one plane cannot be told apart: each checkpoint gets a ridge of its own, one below the other. */
const mostOverlaid = 4

/**
 * Latent weights of several checkpoints on one axis: as lines with the mean levels in a lane each below, of many as ridges
 * with their levels. Densities share their scale, too.
 */
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
  const ticks = x.ticks(Math.max(3, Math.floor(width / 110)))
  /** The density above a base line, px. */
  const shape = (h: Histogram, base: number, height: number) =>
    line<{ x: number; y: number }>()
      .x((p) => x(p.x))
      .y((p) => base - (p.y / peak) * height)
      .curve(curveMonotoneX)(densityOf(h).filter((p) => p.x >= domain[0] && p.x <= domain[1])) ?? ''
  const stacked = checkpoints.length > mostOverlaid
  const lanes = stacked ? [] : checkpoints.filter((c) => c.levels.length > 0)
  const bottom = top + (stacked ? checkpoints.length * ridgeHeight : planeHeight)
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
        {!stacked &&
          checkpoints.map((c) => (
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
          {teacher && !stacked && (
            <path
              d={shape(teacher, bottom, planeHeight)}
              fill="none"
              strokeWidth={1.4}
              style={{ stroke: 'var(--teacher)' }}
            />
          )}
          {(stacked ? checkpoints : []).map((c, i) => {
            const base = top + (i + 1) * ridgeHeight - 10
            const high = ridgeHeight - 16
            return (
              <g key={c.name}>
                <line className="grid-line" x1={left} x2={right} y1={base} y2={base} />
                {c.histogram && (
                  <path
                    d={shape(c.histogram, base, high)}
                    strokeWidth={1.6}
                    style={{
                      fill: runColour(c.look.slot),
                      fillOpacity: 0.14,
                      stroke: runColour(c.look.slot),
                    }}
                  />
                )}
                {teacher && (
                  <path
                    d={shape(teacher, base, high)}
                    fill="none"
                    strokeWidth={1}
                    style={{ stroke: 'var(--teacher)' }}
                  />
                )}
                <path
                  d={c.levels.map((v) => `M${x(v)},${base}v8`).join('')}
                  strokeWidth={3}
                  style={{ stroke: runColour(c.look.slot) }}
                />
                <CheckpointMark look={c.look} x={left + 6} y={base - high + 10} />
                <text className="label halo" x={left + 16} y={base - high + 14}>
                  {c.name}
                </text>
              </g>
            )
          })}
          {(stacked ? [] : checkpoints).map((c, i) => (
            <path
              key={c.name}
              d={c.histogram ? shape(c.histogram, bottom, planeHeight) : ''}
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

'use client'

import { area, curveMonotoneX, line, scaleLinear } from 'd3'
import type { KeyboardEvent, ReactNode } from 'react'
import type { Histogram } from '../../lib/record/run'
import { formatPercent, formatScale } from '../_ui/format'
import { AxisBottom, spreadApart } from './axis'
import { axisNumber } from './axis-number'
import { ChartFrame } from './chart-frame'
import { runColour } from './colour'
import { densityOf, type Level } from './levels'
import { useWidth } from './use-width'

export type WeightDistributionProps = {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  /** The float weights the layer was trained with; null if they are not stored. */
  latent: Histogram | null
  /** The teacher's weights, drawn as a line; null without a teacher. */
  teacher: Histogram | null
  /** Levels of every channel; empty in full precision. */
  channels: Level[][]
  /** Selected channel; its levels are the stems. */
  channel: number
  onChannel?: (channel: number) => void
  /** Share of all weights at each level, 0 to 1; null if unknown. */
  shares: number[] | null
  /** Value axis; give the same to the ridgeline below. */
  domain: readonly [number, number]
  /** Palette slot of the run; null is a teacher. */
  slot: number | null
  latentName: string
  /** Height of the plane, px; more where nothing stands below. */
  height?: number
  width?: number
}

/** Left and right edge of the value axis, the same for every chart on it. */
export const valueRange = (width: number): [number, number] => [44, width - 12]

const top = 44
const planeHeight = 182

/** Latent weights as an area, the teacher's as a line, the levels they are cut to as stems, on one axis. */
export function WeightDistribution(props: WeightDistributionProps) {
  const { latent, teacher, channels, channel, onChannel, shares, domain, slot } = props
  const bottom = top + (props.height ?? planeHeight)
  const [ref, width] = useWidth(640, props.width)
  const [left, right] = valueRange(width)
  const x = scaleLinear(domain, [left, right])
  const ticks = x.ticks(Math.max(3, Math.floor(width / 110)))
  const inside = (p: { x: number }) => p.x >= domain[0] && p.x <= domain[1]
  const latentShape = latent ? densityOf(latent).filter(inside) : []
  const teacherShape = teacher ? densityOf(teacher).filter(inside) : []
  const peak = Math.max(1e-9, ...latentShape.map((p) => p.y), ...teacherShape.map((p) => p.y))
  const y = scaleLinear([0, peak], [bottom, top + 22])
  const colour = runColour(slot)
  const levels = channels[channel] ?? []
  const tallest = Math.max(0.5, ...(shares ?? []))
  const stemTop = (i: number) => bottom - ((shares?.[i] ?? 0.3) / tallest) * (bottom - top - 10)
  const labelX = spreadApart(
    levels.map((level) => x(level.value)),
    54,
    left + 18,
    right - 18,
  )
  const ticksY = bottom + 8
  const axisY = channels.length > 0 ? bottom + 22 : bottom

  function handleKey(event: KeyboardEvent): boolean {
    const move = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key]
    if (!move || !onChannel || channels.length === 0) return false
    onChannel(Math.min(channels.length - 1, Math.max(0, channel + move)))
    return true
  }

  return (
    <ChartFrame
      {...props}
      table={distributionTable(props)}
      onKey={onChannel && channels.length > 0 ? handleKey : undefined}
    >
      <WeightLegend {...props} />
      <div ref={ref}>
        {/* biome-ignore lint/a11y/noSvgWithoutTitle: the frame around it carries the name */}
        <svg width={width} height={axisY + 36}>
          {ticks.map((tick) => (
            <line key={tick} className="grid-line" x1={x(tick)} x2={x(tick)} y1={top} y2={bottom} />
          ))}
          <text x={left} y={top - 30}>
            density
          </text>
          <path
            d={
              area<{ x: number; y: number }>()
                .x((p) => x(p.x))
                .y0(bottom)
                .y1((p) => y(p.y))
                .curve(curveMonotoneX)(latentShape) ?? ''
            }
            style={{
              fill: `color-mix(in srgb, ${colour} ${slot === null ? 16 : 26}%, transparent)`,
              stroke: colour,
            }}
            strokeWidth={1.4}
          />
          {teacher && (
            <path
              d={
                line<{ x: number; y: number }>()
                  .x((p) => x(p.x))
                  .y((p) => y(p.y))
                  .curve(curveMonotoneX)(teacherShape) ?? ''
              }
              fill="none"
              strokeWidth={1.6}
              style={{ stroke: 'var(--teacher)' }}
            />
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
          {channels.length > 0 && (
            <>
              <line className="axis-line" x1={left} x2={right} y1={bottom} y2={bottom} />
              <text x={left - 6} y={ticksY + 7} textAnchor="end">
                {channels.length} ch.
              </text>
              <path
                d={channels.flatMap((of) => of.map((l) => `M${x(l.value)},${ticksY}v8`)).join('')}
                strokeWidth={1}
                style={{ stroke: colour, opacity: 0.55 }}
              />
            </>
          )}
          {levels.map((level, i) => (
            <g key={level.name}>
              <line
                x1={x(level.value)}
                x2={x(level.value)}
                y1={bottom}
                y2={stemTop(i)}
                strokeWidth={3}
                style={{ stroke: colour }}
              />
              <circle cx={x(level.value)} cy={stemTop(i)} r={4.5} style={{ fill: colour }} />
              <text className="strong halo" x={labelX[i]} y={stemTop(i) - 20} textAnchor="middle">
                {level.name}
              </text>
              <text className="halo" x={labelX[i]} y={stemTop(i) - 8} textAnchor="middle">
                {shares ? formatPercent(shares[i]) : formatScale(level.value)}
              </text>
            </g>
          ))}
          {latentShape.length === 0 && (latent || teacherShape.length + levels.length === 0) && (
            <text className="label" x={(left + right) / 2} y={(top + bottom) / 2} textAnchor="middle">
              {latent ? 'No finite weights' : 'Float weights are not stored'}
            </text>
          )}
        </svg>
      </div>
    </ChartFrame>
  )
}

function WeightLegend({ latent, teacher, channels, channel, slot, latentName }: WeightDistributionProps) {
  const colour = runColour(slot)
  return (
    <div className="run-legend" aria-hidden>
      {teacher && (
        <span className="run-name">
          <svg width={22} height={10} aria-hidden>
            <line x2={22} y1={5} y2={5} strokeWidth={1.6} style={{ stroke: 'var(--teacher)' }} />
          </svg>
          teacher, full precision
        </span>
      )}
      {latent && (
        <span className="run-name">
          <svg width={22} height={10} aria-hidden>
            <rect y={1} width={22} height={9} style={{ fill: colour, opacity: slot === null ? 0.2 : 0.3 }} />
            <line x2={22} y1={1} y2={1} strokeWidth={1.4} style={{ stroke: colour }} />
          </svg>
          {latentName}
        </span>
      )}
      {channels.length > 0 && (
        <span className="run-name">
          <svg width={10} height={12} aria-hidden>
            <line x1={5} x2={5} y1={4} y2={12} strokeWidth={3} style={{ stroke: colour }} />
            <circle cx={5} cy={4} r={4} style={{ fill: colour }} />
          </svg>
          levels of channel {channel}
        </span>
      )}
    </div>
  )
}

/** Densities bin by bin; bins of both histograms are the same by contract (WeightStats). */
function distributionTable({ latent, teacher, latentName }: WeightDistributionProps) {
  const columns = [
    ...(latent ? [{ name: `${latentName}, density`, points: densityOf(latent) }] : []),
    ...(teacher ? [{ name: 'teacher, density', points: densityOf(teacher) }] : []),
  ]
  const longest = columns.find(({ points }) => points.length > 0)?.points ?? []
  return {
    columns: ['weight value', ...columns.map(({ name }) => name)],
    rows: longest.map((p, i) => [p.x, ...columns.map(({ points }) => points[i]?.y ?? null)]),
  }
}

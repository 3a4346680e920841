'use client'

import { max, scaleLinear } from 'd3'
import { useState } from 'react'
import { AxisBottom } from '../_charts/axis'
import { runColour } from '../_charts/colour'
import { useWidth } from '../_charts/use-width'
import { formatFixed, formatPercent, formatScale, formatSqnr } from '../_ui/format'
import { Draggable, within } from './draggable'
import { gridFit, inputs, startOf } from './lsq-grid'

const height = 168
const [low, high] = [0.05, 1]
const reach = 5.2
const start = startOf(inputs)

/** Values, the grid they are rounded to, and how many fall on each code; the step is dragged. */
export function LsqPicture() {
  const [ref, width] = useWidth(360)
  const [alpha, setAlpha] = useState(within(start, low, high))
  const fit = gridFit(inputs, alpha)
  const [left, right] = [8, width - 8]
  const x = scaleLinear([-reach, reach], [left, right])
  const bar = scaleLinear([0, max(fit.codes) ?? 1], [0, 52])
  const [values, levels, foot] = [24, 62, height - 34]
  const last = fit.levels.at(-1)!
  const moved = (value: number) => setAlpha(within(value, low, high))
  const shown = (v: number) => Math.abs(v) <= reach
  return (
    <>
      <div ref={ref}>
        <Draggable
          label="Step α of the four-bit grid: left and right change it"
          value={alpha}
          min={low}
          max={high}
          valueText={`α ${formatScale(alpha)}, ${formatPercent(fit.clipped)} clipped, SQNR ${formatSqnr(fit.sqnr)} dB`}
          width={width}
          height={height}
          sideways
          onPoint={(px) => moved(Math.abs(x.invert(px)) / 7)}
          onArrow={(across, up) => moved(alpha + 0.01 * (across + up))}
        >
          <text x={left} y={10}>
            input values, and the levels they become
          </text>
          {[...inputs].map((v, i) => (
            <g key={i}>
              <line
                x1={x(v)}
                x2={x(fit.quantized[i]!)}
                y1={values}
                y2={levels}
                strokeWidth={0.8}
                style={{ stroke: 'var(--line2)' }}
              />
              <circle cx={x(v)} cy={values} r={2.5} style={{ fill: 'var(--ink)' }} />
            </g>
          ))}
          {fit.levels.map((level, i) => (
            <g key={i} visibility={shown(level) ? undefined : 'hidden'}>
              <line
                x1={x(level)}
                x2={x(level)}
                y1={levels - 5}
                y2={levels + 5}
                strokeWidth={2}
                style={{ stroke: runColour(0) }}
              />
              <rect
                x={x(level) - 3}
                y={foot - bar(fit.codes[i]!)}
                width={6}
                height={bar(fit.codes[i]!)}
                style={{ fill: runColour(0) }}
              />
            </g>
          ))}
          <circle cx={x(Math.min(reach, last))} cy={levels} r={7} style={{ fill: 'var(--ink)' }} />
          <text className="strong halo" x={x(Math.min(reach, last))} y={levels + 20} textAnchor="middle">
            7α
          </text>
          <AxisBottom
            scale={x}
            ticks={[-4, -2, 0, 2, 4]}
            format={(v) => formatFixed(v, 0)}
            y={foot}
            from={left}
            to={right}
            ends={['share at each code', '']}
          />
        </Draggable>
      </div>
      <p className="small">
        α = <b>{formatScale(alpha)}</b> (at the start {formatScale(start)}): {formatPercent(fit.clipped)}{' '}
        clipped, {fit.codes.filter((share) => share > 0).length} of {fit.codes.length} codes in use, SQNR{' '}
        <b>{formatSqnr(fit.sqnr)} dB</b> ↑
      </p>
    </>
  )
}

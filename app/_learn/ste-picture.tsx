'use client'

import { line, range, scaleLinear } from 'd3'
import { useState } from 'react'
import { signOf, steSlope } from '../../lib/quant/ste'
import { AxisBottom, GridY } from '../_charts/axis'
import { runColour } from '../_charts/colour'
import { useWidth } from '../_charts/use-width'
import { formatFixed } from '../_ui/format'
import { Draggable, within } from './draggable'

const [height, reach] = [150, 2]
/** sign before and after 0, and the slope, as the points of their lines. */
const grid = range(-reach, reach + 0.005, 0.01).map((v) => Math.round(100 * v) / 100)

/** sign and the slope that stands for its own, with a weight to drag. */
export function StePicture() {
  const [ref, width] = useWidth(360)
  const [w, setW] = useState(0.6)
  const [left, right] = [30, width - 6]
  const x = scaleLinear([-reach, reach], [left, right])
  const y = scaleLinear([-1.2, 1.2], [height - 36, 8])
  const drawn = (of: (v: number) => number) =>
    line<number>()
      .x((v) => x(v))
      .y((v) => y(of(v)))(grid) ?? ''
  const moved = (value: number) => setW(within(value, -reach, reach))
  const slope = steSlope(w)
  return (
    <div ref={ref}>
      <Draggable
        label="A latent weight on the sign function: left and right move it"
        value={w}
        min={-reach}
        max={reach}
        valueText={`w ${formatFixed(w, 2)}, sign ${signOf(w)}, slope ${slope}`}
        width={width}
        height={height}
        sideways
        onPoint={(px) => moved(x.invert(px))}
        onArrow={(across, up) => moved(w + 0.05 * (across + up))}
      >
        <GridY scale={y} ticks={[-1, 0, 1]} format={(v) => formatFixed(v, 0)} x={left} width={right - left} />
        <AxisBottom
          scale={x}
          ticks={[-2, -1, 0, 1, 2]}
          format={(v) => formatFixed(v, 0)}
          y={height - 30}
          from={left}
          to={right}
        />
        <path d={drawn((v) => signOf(v))} fill="none" strokeWidth={2} style={{ stroke: 'var(--ink)' }} />
        <path
          d={drawn(steSlope)}
          fill="none"
          strokeWidth={2}
          strokeDasharray="5 3"
          style={{ stroke: runColour(0) }}
        />
        <text className="halo" x={x(1.95)} y={y(1) - 5} textAnchor="end">
          sign(w)
        </text>
        <text className="halo" x={x(-1.05)} y={y(0) - 5} textAnchor="end">
          slope 0
        </text>
        <text className="halo" x={x(-0.5)} y={y(1) - 5} textAnchor="middle">
          slope 1
        </text>
        <line
          x1={x(w)}
          x2={x(w)}
          y1={y(0)}
          y2={y(signOf(w))}
          strokeWidth={1}
          style={{ stroke: 'var(--ink2)' }}
        />
        <circle cx={x(w)} cy={y(0)} r={6} style={{ fill: 'var(--ink)' }} />
      </Draggable>
      <p className="small" aria-live="off">
        w = <b>{formatFixed(w, 2)}</b>, sign {formatFixed(signOf(w), 0)}:{' '}
        {slope === 1 ? 'its gradient passes' : 'no gradient reaches it, it is stuck'}.
      </p>
    </div>
  )
}

'use client'

import { scaleLinear } from 'd3'
import { useState } from 'react'
import { errorMeasures, errorSums } from '../../lib/math/errors'
import { runColour } from '../_charts/colour'
import { useWidth } from '../_charts/use-width'
import { formatCosine, formatFixed, formatScale, formatSqnr } from '../_ui/format'
import { Draggable, within } from './draggable'

const height = 180
const reach = 2
/** The teacher's output, of two values. */
const a = Float32Array.of(1.2, 0.6)

/** Two outputs as arrows, the student's to drag, and what every error measure says of them. */
export function ErrorPicture() {
  const [ref, width] = useWidth(360)
  const [b, setB] = useState({ x: 1.1, y: -0.1 })
  const measures = errorMeasures(errorSums(a, Float32Array.of(b.x, b.y)))
  const unit = height / 2 / reach
  const x = scaleLinear([0, 1], [width / 2, width / 2 + unit])
  const y = scaleLinear([0, 1], [height / 2, height / 2 - unit])
  const wide = width / 2 / unit
  const move = (px: number, py: number) => setB({ x: within(px, -wide, wide), y: within(py, -reach, reach) })
  const arrows = [
    { name: 'a, teacher', x: a[0]!, y: a[1]!, colour: 'var(--teacher)' },
    { name: 'b, student', ...b, colour: runColour(0) },
  ]
  const numbers = [
    ['SQNR ↑', `${formatSqnr(measures.sqnr)} dB`],
    ['cosine ↑', formatCosine(measures.cosine)],
    ['normalised L2 ↓', formatScale(measures.normalizedL2)],
    ['MSE ↓', formatScale(measures.mse)],
    ['largest error ↓', formatScale(measures.maxAbs)],
  ]
  return (
    <>
      <div ref={ref}>
        <Draggable
          label="The student’s output b: arrow keys move it"
          value={b.x}
          min={-reach}
          max={reach}
          valueText={`b ${formatFixed(b.x, 2)}, ${formatFixed(b.y, 2)}; SQNR ${formatSqnr(measures.sqnr)} dB, cosine ${formatCosine(measures.cosine)}`}
          width={width}
          height={height}
          onPoint={(px, py) => move(x.invert(px), y.invert(py))}
          onArrow={(across, up) => move(b.x + 0.05 * across, b.y + 0.05 * up)}
        >
          <line x1={0} x2={width} y1={y(0)} y2={y(0)} className="grid-line" />
          <line x1={x(0)} x2={x(0)} y1={0} y2={height} className="grid-line" />
          <line x1={x(a[0]!)} y1={y(a[1]!)} x2={x(b.x)} y2={y(b.y)} className="reference-line" />
          {arrows.map((arrow) => (
            <g key={arrow.name}>
              <line
                x1={x(0)}
                y1={y(0)}
                x2={x(arrow.x)}
                y2={y(arrow.y)}
                strokeWidth={2}
                style={{ stroke: arrow.colour }}
              />
              <circle cx={x(arrow.x)} cy={y(arrow.y)} r={5} style={{ fill: arrow.colour }} />
              <text className="halo" x={x(arrow.x) + 9} y={y(arrow.y) + 4}>
                {arrow.name}
              </text>
            </g>
          ))}
        </Draggable>
      </div>
      <dl className="picture-numbers small">
        {numbers.map(([name, value]) => (
          <div key={name}>
            <dt className="soft">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

'use client'

import { scaleLinear } from 'd3'
import { useState } from 'react'
import { project } from '../../lib/math/pca'
import { runColour } from '../_charts/colour'
import { useWidth } from '../_charts/use-width'
import { formatCosine, formatFixed, formatPercent } from '../_ui/format'
import { RangeInput } from '../_ui/range-input'
import { Draggable } from './draggable'
import { axisAt, axisFit, principalAngle, studentCloud, teacherCloud } from './projection'

const height = 220
const reach = 2.6
const principal = principalAngle()

/** An angle in whole degrees, 0 to 179. */
const turned = (degrees: number): number => ((Math.round(degrees) % 180) + 180) % 180

/** Features of both networks, and the axis they are compared on, which is dragged. */
export function LrmPicture() {
  const [ref, width] = useWidth(360)
  const [degrees, setDegrees] = useState(75)
  const [error, setError] = useState(turned(principal + 90))
  const student = studentCloud(error)
  const fit = axisFit(teacherCloud, student, degrees)
  const unit = Math.min(width, height) / 2 / reach
  const x = scaleLinear([-1, 1], [width / 2 - unit, width / 2 + unit])
  const y = scaleLinear([-1, 1], [height / 2 + unit, height / 2 - unit])
  const axis = axisAt(degrees)
  const ends = (direction: Float32Array, size: number) => ({
    x1: x(-size * direction[0]!),
    y1: y(-size * direction[1]!),
    x2: x(size * direction[0]!),
    y2: y(size * direction[1]!),
  })
  const clouds = [
    { cloud: teacherCloud, colour: 'var(--teacher)', open: true },
    { cloud: student, colour: runColour(0), open: false },
  ]
  const set = (angle: number) => setDegrees(turned(angle))
  return (
    <>
      <div ref={ref}>
        <Draggable
          label="Axis the features are projected on: left and right turn it"
          value={degrees}
          min={0}
          max={179}
          valueText={`${degrees}°, energy ${formatPercent(fit.energy)}, LRM loss ${formatFixed(fit.loss, 4)}`}
          width={width}
          height={height}
          onPoint={(px, py) => set((Math.atan2(y.invert(py), x.invert(px)) * 180) / Math.PI)}
          onArrow={(across, up) => set(degrees + 2 * (up - across))}
        >
          <line {...ends(axisAt(principal), 2.5)} className="reference-line" />
          <line {...ends(axis, 2.4)} strokeWidth={1.5} style={{ stroke: 'var(--ink)' }} />
          {clouds.map(({ cloud, colour, open }) => {
            const feet = project(cloud, axis, 2)
            return (
              <g key={colour}>
                {[...feet].map((foot, i) => {
                  const [px, py] = [x(cloud[2 * i]!), y(cloud[2 * i + 1]!)]
                  const [fx, fy] = [x(foot * axis[0]!), y(foot * axis[1]!)]
                  return (
                    <g key={i}>
                      <line
                        x1={px}
                        y1={py}
                        x2={fx}
                        y2={fy}
                        strokeWidth={0.6}
                        style={{ stroke: 'var(--line2)' }}
                      />
                      <circle
                        cx={px}
                        cy={py}
                        r={2.8}
                        strokeWidth={1.2}
                        style={{ fill: open ? 'var(--surface)' : colour, stroke: colour }}
                      />
                    </g>
                  )
                })}
              </g>
            )
          })}
          <circle cx={x(2.4 * axis[0]!)} cy={y(2.4 * axis[1]!)} r={7} style={{ fill: 'var(--ink)' }} />
          <text x={8} y={12}>
            ○ teacher ● student, dashed: principal axis
          </text>
        </Draggable>
      </div>
      <div className="picture-range small">
        direction of the student’s error{' '}
        <RangeInput
          min={0}
          max={179}
          value={error}
          aria-label="Direction of the student’s error, degrees"
          onValue={setError}
        />{' '}
        <b>{error}°</b>
      </div>
      <p className="small">
        Axis at <b>{degrees}°</b> (principal {formatFixed(principal, 0)}°): it holds{' '}
        {formatPercent(fit.energy)} of the teacher’s energy; LRM loss <b>{formatFixed(fit.loss, 4)}</b> ↓,
        low-rank cosine {formatCosine(fit.cosine)} ↑; plain MSE of both channels {formatFixed(fit.mse, 4)}.
      </p>
    </>
  )
}

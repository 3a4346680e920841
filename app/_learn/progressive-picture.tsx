'use client'

import { scaleLinear } from 'd3'
import { useState } from 'react'
import { turnsBinaryAt } from '../../lib/quant/progressive'
import { runColour } from '../_charts/colour'
import { useWidth } from '../_charts/use-width'
import { formatCount } from '../_ui/format'
import { Draggable } from './draggable'

/** Modules of LDM-4, as in the paper: 12 down, one in the middle, 12 up. */
const modules = Array.from({ length: 25 }, (_, i) => turnsBinaryAt(i, 25))
const last = Math.max(...modules)
const height = 150

/** Which modules are binary at an iteration, which is dragged. */
export function ProgressivePicture() {
  const [ref, width] = useWidth(360)
  const [iteration, setIteration] = useState(4)
  const x = scaleLinear([-0.5, modules.length - 0.5], [4, width - 4])
  const y = (turn: number) => 104 - (turn / last) * 72
  const size = Math.min(13, x(1) - x(0) - 2)
  const binary = modules.filter((turn) => turn <= iteration).length
  const set = (value: number) => setIteration(Math.min(last, Math.max(0, Math.round(value))))
  return (
    <>
      <div ref={ref}>
        <Draggable
          label="Training iteration: left and right move it"
          value={iteration}
          min={0}
          max={last}
          valueText={`iteration ${iteration}: ${binary} of ${modules.length} modules are binary`}
          width={width}
          height={height}
          sideways
          onPoint={(px) => set(turnsBinaryAt(Math.round(x.invert(px)), modules.length))}
          onArrow={(across, up) => set(iteration + across + up)}
        >
          {modules.map((turn, i) => {
            const on = turn <= iteration
            return (
              <g key={i}>
                <rect
                  x={x(i) - size / 2}
                  y={y(turn) - size / 2}
                  width={size}
                  height={size}
                  rx={2}
                  strokeWidth={turn === iteration ? 2 : 1}
                  style={{
                    fill: on ? runColour(0) : 'var(--surface)',
                    stroke: turn === iteration ? 'var(--ink)' : 'var(--line2)',
                  }}
                />
                <text className="tick" x={x(i)} y={130} textAnchor="middle">
                  {i % 4 === 0 ? turn : ''}
                </text>
              </g>
            )
          })}
          <text x={4} y={12}>
            modules in order of the forward pass; filled: binary
          </text>
          <text x={4} y={147}>
            iteration at which a module turns
          </text>
        </Draggable>
      </div>
      <p className="small">
        Iteration <b>{formatCount(iteration)}</b>: {binary} of {modules.length} modules are binary
        {iteration === last ? ', all of them.' : '.'}
      </p>
    </>
  )
}

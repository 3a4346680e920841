import { scaleLinear } from 'd3'
import type { ReactNode } from 'react'
import { formatPercent } from '../_ui/format'
import { GridY } from './axis'
import { ChartFrame } from './chart-frame'
import { runColour } from './colour'
import { useWidth } from './use-width'

export type CodeBarsProps = {
  title: ReactNode
  caption: string
  message: string
  fileName: string
  /** Share of the values at each code, lowest first; a part of the input each. */
  parts: { name: string; shares: readonly number[] }[]
  /** What a bar stands for, lowest first. */
  codes: readonly string[]
  slot: number | null
  width?: number
}

/** How often each code of a quantizer is used: a bar per code, the parts of a concatenated input side by side. */
export function CodeBars(props: CodeBarsProps) {
  const { parts, codes, slot } = props
  const [ref, width] = useWidth(480, props.width)
  const [left, right, top, bottom] = [44, width - 8, 26, 150]
  const most = Math.max(0.1, ...parts.flatMap(({ shares }) => shares))
  const y = scaleLinear([0, most], [bottom, top]).nice(3)
  const slotWidth = (right - left) / codes.length
  const bar = Math.max(1, (slotWidth - 3) / parts.length)
  return (
    <ChartFrame
      {...props}
      level={3}
      table={{
        columns: ['code', ...parts.map(({ name }) => `share of ${name}`)],
        rows: codes.map((code, i) => [code, ...parts.map(({ shares }) => shares[i] ?? null)]),
      }}
    >
      <div ref={ref}>
        <svg width={width} height={bottom + 34} className="chart-text" aria-hidden>
          <GridY
            scale={y}
            ticks={y.ticks(3)}
            x={left}
            width={right - left}
            format={(v) => formatPercent(v)}
          />
          {parts.map(({ name, shares }, p) =>
            shares.map((share, i) => (
              <rect
                key={`${name}-${i}`}
                x={left + i * slotWidth + 1.5 + p * bar}
                y={y(share)}
                width={bar}
                height={bottom - y(share)}
                style={{ fill: runColour(slot), opacity: p === 0 ? 0.85 : 0.4 }}
              />
            )),
          )}
          {codes.map((code, i) => (
            <text
              key={code}
              className="tick"
              x={left + (i + 0.5) * slotWidth}
              y={bottom + 14}
              textAnchor="middle"
            >
              {slotWidth > 18 || i % 2 === 0 ? code : ''}
            </text>
          ))}
          <text x={right} y={bottom + 30} textAnchor="end">
            code
          </text>
        </svg>
      </div>
    </ChartFrame>
  )
}

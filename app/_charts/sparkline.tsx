import { line } from 'd3'
import { runColour } from './colour'
import { Mark } from './mark'
import { isExact, isMeasured } from './series'

/** A run's quality by step in one table cell. All rows share `yDomain`; x is a root scale from 0 to `maxStep`. */
export function Sparkline({
  points,
  slot,
  yDomain,
  maxStep,
  width = 108,
  height = 28,
}: {
  points: { step: number; value: number | null }[]
  slot: number | null
  yDomain: readonly [number, number]
  maxStep: number
  width?: number
  height?: number
}) {
  const measured = points.filter((p) => isMeasured(p.value) && !isExact(p.value))
  const x = (step: number) => 5 + Math.sqrt(step / (maxStep || 1)) * (width - 10)
  const y = (v: number) => height - 4 - ((v - yDomain[0]) / (yDomain[1] - yDomain[0] || 1)) * (height - 8)
  const path = line<{ step: number; value: number | null }>()
    .x((p) => x(p.step))
    .y((p) => y(p.value!))
  const last = measured.at(-1)
  return (
    <svg width={width} height={height} style={{ display: 'block' }} aria-hidden>
      <path d={path(measured) ?? ''} fill="none" strokeWidth={1.6} style={{ stroke: runColour(slot) }} />
      {last && <Mark slot={slot} x={x(last.step)} y={y(last.value!)} size={6} />}
    </svg>
  )
}

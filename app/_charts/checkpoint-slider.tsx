'use client'

import { line, scaleLinear, scaleSqrt } from 'd3'
import type { KeyboardEvent, PointerEvent } from 'react'
import { formatCount, formatSqnr } from '../_ui/format'
import { runColour } from './colour'
import { isExact, isMeasured, nearestIndex } from './series'
import { useWidth } from './use-width'

export type CheckpointSliderProps = {
  /** Ascending by step. */
  checkpoints: { step: number; value: number | null }[]
  selected: number
  /** Absent: shown, not movable (a frozen view). */
  onSelect?: (step: number) => void
  slot: number | null
  /** What the curve above the track shows, with direction. */
  label: string
  format?: (value: number) => string
  width?: number
}

/** Steps on a root scale under their own quality curve. `[` and `]`, arrows, Home and End move it. */
export function CheckpointSlider(props: CheckpointSliderProps) {
  const { checkpoints, selected, onSelect, slot, label, format = (v: number) => formatSqnr(v) } = props
  const [ref, width] = useWidth(520, props.width)
  const steps = checkpoints.map((c) => c.step)
  const at = Math.max(0, nearestIndex(steps, selected))
  const measured = checkpoints.filter((c) => isMeasured(c.value))
  // without a curve the track stands right below its label
  const [left, right, top, bottom, track] = [16, width - 34, 30, 62, measured.length > 0 ? 76 : 28]
  const x = scaleSqrt([0, Math.max(1, steps.at(-1) ?? 1)], [left, right])
  const values = measured.map((c) => c.value!).filter((value) => !isExact(value))
  const y = scaleLinear(atLeast(leastSpan, values), [bottom, top]).clamp(true)
  const curve = line<{ step: number; value: number | null }>()
    .x((c) => x(c.step))
    .y((c) => (values.length > 1 ? y(c.value!) : (top + bottom) / 2))
  const height = (c: { value: number | null }) => (values.length > 1 ? y(c.value!) : (top + bottom) / 2)

  function go(i: number) {
    const step = steps[Math.min(steps.length - 1, Math.max(0, i))]
    if (step !== undefined && step !== steps[at]) onSelect?.(step)
  }
  function handleKey(event: KeyboardEvent) {
    const moves: Record<string, number> = {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      Home: 0,
      End: steps.length - 1,
    }
    const to = moves[event.key]
    if (to === undefined) return
    event.preventDefault()
    go(to)
  }
  function nearest(event: PointerEvent<SVGSVGElement>) {
    const box = event.currentTarget.getBoundingClientRect()
    go(
      nearestIndex(
        steps.map((s) => x(s)),
        event.clientX - box.left,
      ),
    )
  }

  const current = checkpoints[at]
  const shown = labelledSteps(steps, (s) => x(s), at)
  return (
    <div
      ref={ref}
      className="plot"
      role="slider"
      tabIndex={0}
      aria-label={`Checkpoint by training step; ${label}`}
      aria-valuemin={steps[0] ?? 0}
      aria-valuemax={steps.at(-1) ?? 0}
      aria-valuenow={steps[at] ?? 0}
      aria-valuetext={`step ${formatCount(steps[at])}, ${at + 1} of ${steps.length}${
        isMeasured(current?.value) ? `, ${label} ${format(current.value)}` : ''
      }`}
      aria-disabled={!onSelect}
      onKeyDown={handleKey}
    >
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: the slider around it carries the name */}
      <svg
        width={width}
        height={track + 24}
        onPointerDown={nearest}
        onPointerMove={(event) => event.buttons === 1 && nearest(event)}
        className={onSelect ? 'slider-handle' : undefined}
        style={{ touchAction: 'pan-y' }}
      >
        <text x={right} y={10} textAnchor="end">
          {label}
        </text>
        <path d={curve(measured) ?? ''} fill="none" strokeWidth={1.8} style={{ stroke: runColour(slot) }} />
        {measured.map((c) => (
          <circle key={c.step} cx={x(c.step)} cy={height(c)} r={2.5} style={{ fill: runColour(slot) }} />
        ))}
        {current && isMeasured(current.value) && (
          <text
            className="strong halo"
            x={x(current.step)}
            y={height(current) - 8}
            textAnchor={at === 0 && steps.length > 1 ? 'start' : at === steps.length - 1 ? 'end' : 'middle'}
          >
            {format(current.value)}
          </text>
        )}
        <line x1={left} x2={right} y1={track} y2={track} strokeWidth={3} style={{ stroke: 'var(--line2)' }} />
        {steps.map((step, i) => (
          <g key={step}>
            <circle
              cx={x(step)}
              cy={track}
              r={i === at ? 7 : 4.5}
              strokeWidth={1.6}
              style={{ fill: i === at ? 'var(--ink)' : 'var(--page)', stroke: 'var(--ink)' }}
            />
            {shown.has(i) && (
              <text x={x(step)} y={track + 21} textAnchor="middle" className={i === at ? 'strong' : 'tick'}>
                {formatCount(step)}
              </text>
            )}
          </g>
        ))}
      </svg>
    </div>
  )
}

/** dB the curve spans at least: a tenth of a dB must not look like a fall. */
const leastSpan = 3

function atLeast(span: number, values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const pad = Math.max(0, (span - (high - low)) / 2)
  return [low - pad, high + pad]
}

/** Indices whose step can be written without overlap; the selected and the last one always. */
function labelledSteps(steps: number[], x: (step: number) => number, selected: number): Set<number> {
  const kept = new Set<number>()
  for (const i of [selected, steps.length - 1, 0, ...steps.keys()]) {
    if (i < 0) continue
    if ([...kept].every((k) => Math.abs(x(steps[k]!) - x(steps[i]!)) > 40)) kept.add(i)
  }
  return kept
}

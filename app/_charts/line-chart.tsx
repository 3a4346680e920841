'use client'

import { extent, line as linePath, type ScaleContinuousNumeric, scaleLinear, scaleSqrt } from 'd3'
import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useState } from 'react'
import { formatCount, formatFixed } from '../_ui/format'
import { AxisBottom, Crosshair, GridY, spreadApart } from './axis'
import { axisNumber } from './axis-number'
import { ChartFrame } from './chart-frame'
import { runColour } from './colour'
import type { ChartTable } from './data-table'
import { HatchPattern } from './hatch'
import { HoverTime, setHover, useHoverEnd } from './hover'
import { logPixels } from './log-pixels'
import { Mark } from './mark'
import { isMeasured, nearestIndex } from './series'
import { rangeAfterKey, rangeBetween, type Zoom } from './step-range'
import { useWidth } from './use-width'

export type LinePoint = { x: number; y: number | null }

export type Line = {
  id: string
  /** Written at the end of the line. */
  name: string
  /** Palette slot of the run; null is the teacher, in ink. */
  slot: number | null
  /** In order of x. y null is a gap and is hatched. */
  points: LinePoint[]
  /** Variants of one run keep its hue: accumulated solid, local dashed, activations only dotted. */
  dash?: 'solid' | 'dashed' | 'dotted'
  weight?: number
  /** Pale line, e.g. the raw values behind a smoothed one. */
  pale?: boolean
  marks?: boolean
  /** x of points in the reader's selection, e.g. compared checkpoints: ringed. */
  ringed?: readonly number[]
}

export type LineChartProps = {
  title: ReactNode
  caption?: ReactNode
  /** One sentence with the chart's message. */
  message: string
  fileName: string
  lines: Line[]
  x: {
    /** time: 1000 left to 0 right. step: root scale. linear: as the data. */
    kind: 'time' | 'step' | 'linear'
    label?: string
    domain?: readonly [number, number]
    format?: (value: number) => string
  }
  y: {
    label: string
    domain?: readonly [number, number]
    /** 'log' needs positive values. */
    kind?: 'linear' | 'log'
    format?: (value: number) => string
    ticks?: readonly number[]
  }
  /** Yardsticks: horizontal lines with their rule written out. */
  references?: { y: number; label: string }[]
  /** Vertical notes, e.g. "parts: below 10 dB from t 281". */
  notes?: { x: number; label: string }[]
  /** Ids of two lines; the area between them is shaded. */
  between?: readonly [string, string]
  selectedX?: number | null
  onSelectX?: (x: number) => void
  /** Lets a range of x be chosen, by dragging and with keys, instead of one; `lines` hold the points of that range. */
  zoom?: Zoom
  /** What a gap is called: "NaN", "not measured". */
  gapName?: string
  level?: 2 | 3
  height?: number
  /** Fixed width in px; else the chart fills its column. */
  width?: number
  /** px right of the plot for the names of lines; charts that share an axis give the same. */
  nameRoom?: number
  tools?: ReactNode
}

const dashes = { solid: undefined, dashed: '5 3', dotted: '1.5 3' }

/** Lines over timesteps, steps or any number, with direct labels, yardsticks, hatched gaps and a shared crosshair. */
export function LineChart(props: LineChartProps) {
  const { lines, x: xOf, y: yOf, height = 240, selectedX, onSelectX, zoom, gapName = 'not measured' } = props
  const [ref, width] = useWidth(640, props.width)
  const [hoverX, setHoverX] = useState<number | null>(null)
  const [brush, setBrush] = useState<Brush | null>(null)
  useHoverEnd()
  const moveHover = (at: number | null) => {
    setHoverX(at)
    if (xOf.kind === 'time') setHover({ t: at })
  }
  const hatch = useId()
  const formatX = xOf.format ?? (xOf.kind === 'time' ? String : (v: number) => formatCount(v))
  const formatY = yOf.format ?? ((v: number) => formatFixed(v, 1))

  const longest = Math.max(0, ...lines.map((line) => line.name.length))
  const labelRoom =
    props.nameRoom ?? (lines.length > 1 ? Math.min(150, longest * 6.6 + 20, width * 0.36) : 16)
  const left = 44
  const right = Math.max(left + 40, width - labelRoom)
  const top = 26
  const bottom = height - 36
  const x = xScale(xOf, lines).range([left, right])
  const y = yScale(yOf, lines, props.references).range([bottom, top])
  const tickCount = Math.max(2, Math.round(height / 55))
  const yTicks = yOf.ticks ?? (yOf.kind === 'log' ? logTicks(y.domain()) : y.ticks(tickCount))
  const columns = [...new Set(lines.flatMap((line) => line.points.map((p) => p.x)))].sort((a, b) => a - b)
  const draw = linePath<LinePoint>()
    .defined((p) => isMeasured(p.y))
    .x((p) => x(p.x))
    .y((p) => y(p.y!))

  const pixelOf = (event: PointerEvent<SVGSVGElement>) =>
    event.clientX - event.currentTarget.getBoundingClientRect().left

  function nearestColumn(event: PointerEvent<SVGSVGElement>): number | null {
    const i = nearestIndex(
      columns.map((c) => x(c)),
      pixelOf(event),
    )
    return columns[i] ?? null
  }

  function beginBrush(event: PointerEvent<SVGSVGElement>) {
    if (!zoom || event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    setBrush({ from: pixelOf(event), to: pixelOf(event) })
  }
  function endBrush() {
    if (brush && isDrag(brush) && zoom) {
      const inside = (px: number) => x.invert(Math.min(right, Math.max(left, px)))
      const range = rangeBetween(inside(brush.from), inside(brush.to), zoom.range ?? zoom.whole)
      if (range) zoom.onRange(range)
    }
    setBrush(null)
  }

  function handleKey(event: KeyboardEvent): boolean {
    const range = zoom && rangeAfterKey(zoom, event)
    if (range !== undefined) zoom!.onRange(range)
    return range !== undefined || moveSelection(event)
  }
  const keys = [...(onSelectX ? ['arrows'] : []), ...(zoom ? ['zoom'] : [])].join(' ')

  function moveSelection(event: { key: string }): boolean {
    const move = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    if (!move || !onSelectX || columns.length === 0) return false
    const inOrder = xOf.kind === 'time' ? columns.toReversed() : columns
    const at = selectedX == null ? 0 : nearestIndex(inOrder, selectedX) + move
    onSelectX(inOrder[Math.min(inOrder.length - 1, Math.max(0, at))]!)
    return true
  }

  const ends = lines.flatMap((line) => {
    const last = line.points.findLast((p) => isMeasured(p.y))
    return last ? [{ line, x: x(last.x), y: y(last.y!) }] : []
  })
  const labelY = spreadApart(
    ends.map((end) => end.y),
    14,
    top,
    bottom,
  )
  const hovered = hoverX ?? null
  const written = (v: number | null | undefined) => (isMeasured(v) ? formatY(v) : gapName)
  const empty = ends.length === 0

  return (
    <ChartFrame
      {...props}
      table={lineTable(lines, columns, xOf.kind)}
      onKey={keys ? handleKey : undefined}
      keys={keys}
      tools={
        <>
          {zoom?.range && (
            <button type="button" className="text-button" onClick={() => zoom.onRange(null)}>
              all steps
            </button>
          )}
          {props.tools}
        </>
      }
    >
      <div ref={ref}>
        {/* biome-ignore lint/a11y/noSvgWithoutTitle: the frame around it carries the name */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the frame or table around it handles the keys */}
        <svg
          width={width}
          height={height}
          onPointerDown={beginBrush}
          onPointerMove={(event) => {
            moveHover(nearestColumn(event))
            if (brush) setBrush({ ...brush, to: pixelOf(event) })
          }}
          onPointerUp={endBrush}
          onPointerCancel={() => setBrush(null)}
          onPointerLeave={() => moveHover(null)}
          onClick={() => hovered !== null && onSelectX?.(hovered)}
          onDoubleClick={() => zoom?.range && zoom.onRange(null)}
          style={{ cursor: onSelectX || zoom ? 'crosshair' : undefined, touchAction: 'pan-y' }}
        >
          <defs>
            <HatchPattern id={hatch} />
          </defs>
          <GridY
            scale={y}
            ticks={yTicks}
            format={yOf.format ?? (yOf.kind === 'log' ? String : axisNumber(y, tickCount))}
            x={left}
            width={right - left}
            label={yOf.label}
            top={top}
          />
          <AxisBottom
            scale={x}
            ticks={xTicks(xOf.kind, x, columns, right - left)}
            format={formatX}
            y={bottom}
            from={left}
            to={right}
            label={xOf.kind === 'time' ? undefined : xOf.label}
            ends={xOf.kind === 'time' ? ['noise', 'sampling runs this way →'] : undefined}
          />
          {lines.flatMap((line) =>
            gapsOf(line.points).map(([from, to]) => {
              const [a, b] = [x(from), x(to)].sort((p, q) => p - q) as [number, number]
              return (
                <g key={`${line.id}${from}`}>
                  <rect
                    x={a}
                    y={top}
                    width={Math.max(3, b - a)}
                    height={bottom - top}
                    fill={`url(#${hatch})`}
                  />
                  <text x={(a + b) / 2} y={top + 12} textAnchor="middle" className="halo">
                    {gapName}
                  </text>
                </g>
              )
            }),
          )}
          {props.references?.map((reference) => (
            <g key={reference.label}>
              <line className="reference-line" x1={left} x2={right} y1={y(reference.y)} y2={y(reference.y)} />
              <text className="halo" x={left + 4} y={y(reference.y) - 4}>
                {reference.label}
              </text>
            </g>
          ))}
          {props.between && <Between lines={lines} ids={props.between} x={x} y={y} />}
          {lines.map((line) => (
            <g key={line.id}>
              <path
                d={draw(line.points) ?? ''}
                fill="none"
                style={{ stroke: runColour(line.slot), opacity: line.pale ? 0.35 : 1 }}
                strokeWidth={line.weight ?? 1.8}
                strokeDasharray={dashes[line.dash ?? 'solid']}
                strokeLinejoin="round"
              />
              {(line.marks || line.points.length === 1) &&
                line.points
                  .filter((p) => isMeasured(p.y))
                  .map((p) => <Mark key={p.x} slot={line.slot} x={x(p.x)} y={y(p.y!)} size={8} />)}
            </g>
          ))}
          {lines.flatMap((line) =>
            ringedPoints(line).map((p) => (
              <Ring key={`${line.id} ${p.x}`} slot={line.slot} x={x(p.x)} y={y(p.y!)} />
            )),
          )}
          {brush && isDrag(brush) && (
            <rect
              className="brush"
              x={Math.max(left, Math.min(brush.from, brush.to))}
              y={top}
              width={
                Math.min(right, Math.max(brush.from, brush.to)) -
                Math.max(left, Math.min(brush.from, brush.to))
              }
              height={bottom - top}
            />
          )}
          {props.notes?.map((note) => {
            const at = x(note.x)
            const flip = at > (left + right) / 2
            return (
              <g key={note.label}>
                <line className="reference-line" x1={at} x2={at} y1={top} y2={bottom} />
                <text
                  className="halo"
                  x={at + (flip ? -5 : 5)}
                  y={top + 10}
                  textAnchor={flip ? 'end' : 'start'}
                >
                  {note.label}
                </text>
              </g>
            )
          })}
          {lines.length > 1 &&
            ends.map((end, i) => (
              <g key={end.line.id}>
                {Math.abs(labelY[i]! - end.y) > 3 && (
                  <line className="axis-line" x1={right + 2} x2={right + 9} y1={end.y} y2={labelY[i]} />
                )}
                <text className="label" x={right + 12} y={labelY[i]! + 4}>
                  {end.line.name}
                </text>
              </g>
            ))}
          {xOf.kind === 'time' ? (
            <HoverTime x={x} y1={top} y2={bottom} />
          ) : (
            hovered !== null && (
              <line className="hover-line" x1={x(hovered)} x2={x(hovered)} y1={top} y2={bottom} />
            )
          )}
          {selectedX != null && !empty && (
            <Crosshair
              x={x(selectedX)}
              y1={top}
              y2={bottom}
              flag={xOf.kind === 'time' ? `t ${selectedX}` : formatX(selectedX)}
            />
          )}
          {empty && (
            <text x={(left + right) / 2} y={(top + bottom) / 2} textAnchor="middle" className="label">
              {zoom?.range ? 'No points between these steps' : 'Nothing measured yet'}
            </text>
          )}
        </svg>
        {hovered !== null && (
          <div
            className="tooltip floating"
            style={
              x(hovered) > width / 2
                ? { top: top + 4, right: width - x(hovered) + 10 }
                : { top: top + 4, left: x(hovered) + 10 }
            }
          >
            {xOf.kind === 'time' ? `t ${hovered}` : `${xOf.label ?? ''} ${formatX(hovered)}`}
            <dl>
              {lines.slice(0, 5).map((line) => (
                <div key={line.id} style={{ display: 'contents' }}>
                  <dt className="soft">{line.name}</dt>
                  <dd>{written(line.points.find((p) => p.x === hovered)?.y)}</dd>
                </div>
              ))}
            </dl>
          </div>
        )}
      </div>
    </ChartFrame>
  )
}

type Scale = ScaleContinuousNumeric<number, number>

/** Where a range is being dragged, px. */
type Brush = { from: number; to: number }

/** Whether the pointer has gone far enough to mean a range and not a point. */
const isDrag = ({ from, to }: Brush): boolean => Math.abs(to - from) >= 6

/** The measured points nearest to those that are ringed. */
function ringedPoints({ points, ringed = [] }: Line): LinePoint[] {
  const measured = points.filter((p) => isMeasured(p.y))
  const xs = measured.map((p) => p.x)
  const [first = Infinity, last = -Infinity] = extent(xs)
  const inside = (at: number) => at >= first && at <= last
  return ringed.filter(inside).map((at) => measured[nearestIndex(xs, at)]!)
}

/** A point in the selection: its mark in a ring of ink that stands off from what is below it. */
function Ring({ slot, x, y }: { slot: number | null; x: number; y: number }) {
  return (
    <g data-ringed>
      <circle className="ring-halo" cx={x} cy={y} r={8} />
      <circle className="ring" cx={x} cy={y} r={8} />
      <Mark slot={slot} x={x} y={y} size={8} />
    </g>
  )
}

function Between({
  lines,
  ids,
  x,
  y,
}: {
  lines: Line[]
  ids: readonly [string, string]
  x: Scale
  y: Scale
}) {
  const [a, b] = ids.map((id) => lines.find((line) => line.id === id)?.points.filter((p) => isMeasured(p.y)))
  if (!a || !b || a.length === 0 || b.length === 0) return null
  const path = [...a, ...b.toReversed()].map((p) => `${x(p.x)},${y(p.y!)}`).join('L')
  const slot = lines.find((line) => line.id === ids[0])?.slot ?? null
  return <path d={`M${path}Z`} style={{ fill: runColour(slot), opacity: 0.13 }} />
}

function xScale({ kind, domain }: LineChartProps['x'], lines: Line[]): Scale {
  const all = extent(lines.flatMap((line) => line.points.map((p) => p.x)))
  const data: [number, number] = all[0] === undefined ? [0, 1] : all
  if (kind === 'time') return scaleLinear(domain ?? [1000, 0], [0, 1])
  const shown = domain ?? (data[0] === data[1] ? [data[0] - 1, data[1] + 1] : data)
  return kind === 'step' ? scaleSqrt([Math.max(0, shown[0]), shown[1]], [0, 1]) : scaleLinear(shown, [0, 1])
}

function yScale({ domain, kind }: LineChartProps['y'], lines: Line[], references?: { y: number }[]): Scale {
  const values = [
    ...lines.flatMap((line) => line.points.map((p) => p.y).filter(isMeasured)),
    ...(references ?? []).map((r) => r.y),
  ]
  if (domain) return kind === 'log' ? logScale(domain) : scaleLinear(domain, [0, 1])
  const [low = 0, high = 1] = extent(values)
  if (kind === 'log') return logScale([Math.max(low, 1e-12), Math.max(high, 1e-12)])
  const shown = low === high ? [low - 1, high + 1] : [low, high]
  return scaleLinear(shown, [0, 1]).nice(4)
}

const logScale = ([low, high]: readonly [number, number]): Scale =>
  logPixels(low === high ? [low / 2, high * 2] : [atTick(low, Math.floor), atTick(high, Math.ceil)])

/** The 1, 2 or 5 of a decade at a value or next to it, below or above. */
function atTick(value: number, round: typeof Math.floor): number {
  const decade = 10 ** Math.floor(Math.log10(value) + 1e-9)
  const marks = [1, 2, 5, 10].map((mark) => mark * decade)
  return round === Math.floor
    ? marks.findLast((mark) => mark <= value * (1 + 1e-8))!
    : marks.find((mark) => mark >= value * (1 - 1e-8))!
}

/** 1, 2, 5 of every decade inside the domain; only powers of ten beyond three decades. */
function logTicks([low = 1, high = 10]: number[]): number[] {
  const from = Math.floor(Math.log10(low))
  const to = Math.ceil(Math.log10(high))
  const steps = to - from > 3 ? [1] : [1, 2, 5]
  const all = Array.from({ length: to - from + 1 }, (_, i) => steps.map((s) => s * 10 ** (from + i))).flat()
  return all.filter((v) => v >= low * 0.999 && v <= high * 1.001)
}

/** Ticks of the x axis: every 200 timesteps, the recorded steps themselves where they fit, else round numbers. */
function xTicks(kind: LineChartProps['x']['kind'], x: Scale, columns: number[], width: number): number[] {
  if (kind === 'time') return width < 240 ? [1000, 500, 0] : [1000, 800, 600, 400, 200, 0]
  if (kind === 'linear' || columns.length > 12) return x.ticks(Math.max(2, Math.floor(width / 80)))
  const kept: number[] = []
  for (const step of columns.toReversed()) {
    const next = kept.at(-1)
    if (next === undefined || x(next) - x(step) > 42) kept.push(step)
  }
  return kept.reverse()
}

/** Stretches without a value: from the last measured x before to the first after. */
function gapsOf(points: LinePoint[]): [number, number][] {
  const gaps: [number, number][] = []
  if (!points.some((p) => isMeasured(p.y))) return gaps
  for (let i = 0; i < points.length; i++) {
    if (isMeasured(points[i]!.y)) continue
    const from = points[Math.max(0, i - 1)]!.x
    while (i < points.length && !isMeasured(points[i]!.y)) i++
    gaps.push([from, points[Math.min(i, points.length - 1)]!.x])
  }
  return gaps
}

function lineTable(lines: Line[], columns: number[], kind: LineChartProps['x']['kind']): ChartTable {
  const inOrder = kind === 'time' ? columns.toReversed() : columns
  const byX = lines.map((line) => new Map(line.points.map((p) => [p.x, p.y])))
  return {
    columns: [kind === 'time' ? 't' : kind === 'step' ? 'step' : 'x', ...lines.map((line) => line.name)],
    rows: inOrder.map((c) => [c, ...byX.map((values) => values.get(c) ?? null)]),
  }
}

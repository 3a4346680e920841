'use client'

import {
  type KeyboardEvent,
  memo,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useRef,
  useState,
} from 'react'
import { shortLayerId } from '../_ui/format'
import { AxisBottom, Crosshair } from './axis'
import { ChartFrame } from './chart-frame'
import type { ColourScale, Theme } from './colour'
import { hatchCanvas } from './hatch'
import { HoverTime, setHover, useHover, useHoverEnd } from './hover'
import { ColourLegend } from './legend'
import { paintOn } from './paintings'
import { isMeasured, nearestIndex } from './series'
import { useTheme } from './use-theme'
import { useWidth } from './use-width'

export type HeatRow = {
  id: string
  values: readonly (number | null)[]
  /** Written over a row without any value: "kept in full precision". */
  reason?: string
}

export type HeatSelection = { row: string | null; t: number | null }

export type HeatGridProps = {
  rows: HeatRow[]
  /** Timesteps of the columns, descending: noise left, image right. */
  timesteps: readonly number[]
  scale: ColourScale
  selected?: HeatSelection
  onSelect?: (row: string, t: number) => void
  onOpen?: (row: string) => void
  rowHeight?: number
  /** Ids of rows above which a separating line is drawn. */
  groupStarts?: ReadonlySet<string>
  width?: number
  /** Largest timestep of the axis. */
  tMax?: number
  format?: (value: number) => string
}

export type HeatCell = { x: number; y: number; width: number; height: number; value: number | null }

/** Edges in px of the columns: halfway between neighbouring timesteps, cut off at the axis' ends. */
export function columnEdges(timesteps: readonly number[], width: number, tMax = 1000): number[] {
  const x = (t: number) => (1 - t / tMax) * width
  const n = timesteps.length
  if (n === 0) return []
  if (n === 1) return [0, width]
  const inner = timesteps.slice(1).map((t, i) => x((t + timesteps[i]!) / 2))
  const first = 2 * x(timesteps[0]!) - inner[0]!
  const last = 2 * x(timesteps[n - 1]!) - inner[n - 2]!
  return [first, ...inner, last].map((e) => Math.min(width, Math.max(0, e)))
}

/** Cells of the map in px, row after row. Pure: what the canvas shows. */
export function heatCells(
  rows: readonly HeatRow[],
  timesteps: readonly number[],
  width: number,
  rowHeight: number,
  tMax = 1000,
): HeatCell[] {
  const edges = columnEdges(timesteps, width, tMax)
  return rows.flatMap((row, r) =>
    timesteps.map((_, c) => ({
      x: edges[c]!,
      y: r * rowHeight,
      width: edges[c + 1]! - edges[c]!,
      height: rowHeight,
      value: isMeasured(row.values[c]) ? row.values[c]! : null,
    })),
  )
}

/** Paints cells; a cell without a value is hatched, never coloured. */
export function paintCells(
  context: CanvasRenderingContext2D,
  cells: readonly HeatCell[],
  scale: ColourScale,
  theme: Theme,
): void {
  context.strokeStyle = theme === 'light' ? '#85878c' : '#6f747b'
  context.lineWidth = 0.7
  for (const cell of cells) {
    if (cell.value === null) {
      hatchCanvas(context, cell.x, cell.y + 1, cell.width, cell.height - 2)
      continue
    }
    context.fillStyle = scale.at(cell.value, theme)
    context.fillRect(cell.x, cell.y + 1, Math.max(0.5, cell.width - 0.4), cell.height - 2)
  }
}

/** The next selection for an arrow key; null if the key is none of the map's. */
export function moveSelection(
  key: string,
  rows: readonly HeatRow[],
  timesteps: readonly number[],
  selected: HeatSelection,
): { row: string; t: number } | null {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key]
  if (!step || rows.length === 0 || timesteps.length === 0) return null
  const clamp = (i: number, n: number) => Math.min(n - 1, Math.max(0, i))
  const r = rows.findIndex((row) => row.id === selected.row)
  const c = selected.t === null ? -1 : nearestIndex(timesteps, selected.t)
  const row = rows[clamp(r < 0 ? 0 : r + step[0]!, rows.length)]!
  const t = timesteps[clamp(c < 0 ? 0 : c + step[1]!, timesteps.length)]!
  return { row: row.id, t }
}

/** Rows by timesteps on a canvas with crosshair; without frame, for tables whose rows it continues. */
export function HeatGrid(props: HeatGridProps) {
  const { rows, timesteps, scale, selected, onSelect, onOpen, rowHeight = 18, tMax = 1000 } = props
  const [ref, width] = useWidth(400, props.width)
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = useTheme()
  const [hover, setOwnHover] = useState<{ r: number; c: number } | null>(null)
  useHoverEnd()
  const moveHover = (cell: { r: number; c: number } | null) => {
    setOwnHover(cell)
    setHover(cell ? { layer: rows[cell.r]!.id, t: timesteps[cell.c]! } : undefined)
  }
  const height = rows.length * rowHeight

  useEffect(() => {
    const element = canvas.current
    if (!element) return
    const density = window.devicePixelRatio || 1
    element.width = Math.round(width * density)
    element.height = Math.round(height * density)
    const cells = heatCells(rows, timesteps, width, rowHeight, tMax)
    paintOn(element, theme, (context, as) => {
      context.scale(density, density)
      paintCells(context, cells, scale, as)
    })
  }, [rows, timesteps, width, height, rowHeight, scale, theme, tMax])

  function cellAt(event: PointerEvent<SVGSVGElement>): { r: number; c: number } | null {
    const box = event.currentTarget.getBoundingClientRect()
    const r = Math.min(rows.length - 1, Math.max(0, Math.floor((event.clientY - box.top) / rowHeight)))
    const c = nearestIndex(timesteps, (1 - (event.clientX - box.left) / width) * tMax)
    return r < 0 || c < 0 ? null : { r, c }
  }

  const x = (t: number) => (1 - t / tMax) * width
  const selectedRow = rows.findIndex((row) => row.id === selected?.row)
  const hovered = hover && rows[hover.r]
  const value = hovered && hover ? hovered.values[hover.c] : null

  return (
    <div ref={ref} className="heat-map" style={{ position: 'relative', height }}>
      <canvas ref={canvas} style={{ width, height }} aria-hidden />
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: the frame or table around it carries the name */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the frame or table around it handles the keys */}
      <svg
        width={width}
        height={height}
        style={{ cursor: onSelect ? 'crosshair' : undefined, touchAction: 'pan-y' }}
        onPointerMove={(event) => moveHover(cellAt(event))}
        onPointerLeave={() => moveHover(null)}
        onClick={() => hover && onSelect?.(rows[hover.r]!.id, timesteps[hover.c]!)}
        onDoubleClick={() => hover && onOpen?.(rows[hover.r]!.id)}
      >
        <RowWords rows={rows} rowHeight={rowHeight} width={width} groupStarts={props.groupStarts} />
        <HoveredRow rows={rows} rowHeight={rowHeight} width={width} />
        <HoverTime x={x} y2={height} />
        {selected?.t != null && timesteps.length > 0 && <Crosshair x={x(selected.t)} y1={0} y2={height} />}
        {selectedRow >= 0 && selected?.t != null && timesteps.length > 0 && (
          <g pointerEvents="none" fill="none">
            <rect
              x={x(selected.t) - 6}
              y={selectedRow * rowHeight - 1}
              width={12}
              height={rowHeight + 2}
              style={{ stroke: 'var(--surface)', strokeWidth: 5 }}
            />
            <rect
              x={x(selected.t) - 6}
              y={selectedRow * rowHeight - 1}
              width={12}
              height={rowHeight + 2}
              style={{ stroke: 'var(--ink)', strokeWidth: 2 }}
            />
          </g>
        )}
      </svg>
      {hover && hovered && (
        <div
          className="tooltip floating"
          style={{
            top: (hover.r + 1) * rowHeight + 6,
            ...(hover.c > timesteps.length / 2
              ? { right: width - x(timesteps[hover.c]!) }
              : { left: x(timesteps[hover.c]!) }),
          }}
        >
          <b className="mono">{hovered.id}</b>
          <dl>
            <dt className="soft">t {timesteps[hover.c]}</dt>
            <dd>
              {isMeasured(value) ? `${(props.format ?? String)(value)}` : (hovered.reason ?? 'not measured')}
            </dd>
          </dl>
        </div>
      )}
    </div>
  )
}

/** Lines between groups, and why a row is empty: what does not change with the pointer. */
const RowWords = memo(function RowWords({
  rows,
  rowHeight,
  width,
  groupStarts,
}: Pick<HeatGridProps, 'rows' | 'groupStarts'> & { rowHeight: number; width: number }) {
  return rows.map((row, r) => {
    const starts = r > 0 && groupStarts?.has(row.id)
    const isSaid = row.reason && width > 6 * row.reason.length && !row.values.some(isMeasured)
    return (
      (starts || isSaid) && (
        <g key={row.id}>
          {starts && <line x2={width} y1={r * rowHeight} y2={r * rowHeight} className="axis-line" />}
          {isSaid && (
            <text
              className="halo"
              x={width / 2}
              y={r * rowHeight + rowHeight / 2 + 4}
              textAnchor="middle"
              pointerEvents="none"
            >
              {row.reason}
            </text>
          )}
        </g>
      )
    )
  })
})

/** The hovered layer in a map: a line around its row. */
function HoveredRow({ rows, rowHeight, width }: { rows: HeatRow[]; rowHeight: number; width: number }) {
  const layer = useHover((now) => now.layer)
  const r = layer === null ? -1 : rows.findIndex((row) => row.id === layer)
  return r >= 0 && <rect className="hover-row" y={r * rowHeight} width={width} height={rowHeight} />
}

/** t = 1000 to 0 under or over a map of the same width. */
export function TimeAxis({ width, tMax = 1000 }: { width: number; tMax?: number }) {
  const ticks = width < 240 ? [tMax, tMax / 2, 0] : [5, 4, 3, 2, 1, 0].map((k) => (k * tMax) / 5)
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: axis of the chart beside it
    <svg width={width} height={34} className="chart-text">
      <AxisBottom
        scale={(t) => (1 - t / tMax) * width}
        ticks={ticks}
        y={1}
        from={0}
        to={width}
        ends={['noise', 'image']}
        label="timestep t"
      />
    </svg>
  )
}

export type HeatMapProps = HeatGridProps & {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  level?: 2 | 3
  tools?: ReactNode
  /** Room for row names at the left, px; 0 leaves them out. */
  labelWidth?: number
  label?: (row: HeatRow) => string
}

/** A heat map as a chart of its own: row names, time axis, legend, table, arrow keys. */
export function HeatMap(props: HeatMapProps) {
  const { rows, timesteps, labelWidth = 150, rowHeight = 18, selected, onSelect, onOpen } = props
  const [ref, width] = useWidth(640, props.width)
  const mapWidth = Math.max(80, width - labelWidth)

  function handleKey(event: KeyboardEvent): boolean {
    if (event.key === 'Enter' && onOpen && selected?.row) {
      onOpen(selected.row)
      return true
    }
    const next = onSelect && moveSelection(event.key, rows, timesteps, selected ?? { row: null, t: null })
    if (next) onSelect(next.row, next.t)
    return Boolean(next)
  }

  return (
    <ChartFrame
      {...props}
      table={{
        columns: ['layer', ...timesteps.map((t) => `t ${t}`)],
        rows: rows.map((row) => [row.id, ...timesteps.map((_, c) => row.values[c] ?? null)]),
      }}
      onKey={onSelect && handleKey}
      opens={Boolean(onOpen)}
    >
      <div ref={ref}>
        <div style={{ display: 'flex' }}>
          {labelWidth > 0 && (
            <div style={{ width: labelWidth, flex: 'none' }} className="mono small">
              {rows.map((row) => (
                <div key={row.id} title={row.id} style={{ height: rowHeight, lineHeight: `${rowHeight}px` }}>
                  {props.label?.(row) ?? shortLayerId(row.id, Math.floor(labelWidth / 7))}
                </div>
              ))}
            </div>
          )}
          <div style={{ width: mapWidth }}>
            <HeatGrid {...props} width={mapWidth} />
            <TimeAxis width={mapWidth} tMax={props.tMax} />
          </div>
        </div>
        <ColourLegend scale={props.scale} />
      </div>
    </ChartFrame>
  )
}

'use client'

import { scaleLinear } from 'd3'
import { Fragment, type KeyboardEvent, type ReactNode } from 'react'
import { formatDelta, formatFixed, shortLayerIds } from '../_ui/format'
import { LayerName } from '../_ui/layer-name'
import { ChartFrame } from './chart-frame'
import { type CheckpointLook, CheckpointMark } from './checkpoint-mark'
import { differenceScale } from './colour'
import { HeatGrid, moveSelection } from './heat-map'
import { HoverRow } from './hover'
import { ColourLegend } from './legend'
import { isMeasured, withoutExact } from './series'

export type RankedRow = {
  id: string
  /** One value per checkpoint, in the order of `looks`. */
  means: (number | null)[]
  change: number
  /** Change at every timestep. */
  changes: (number | null)[]
}

export type RankedLayersProps = {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  tools?: ReactNode
  /** Most improved first. */
  top: RankedRow[]
  /** Least improved, drawn below a gap; may be empty. */
  bottom: RankedRow[]
  looks: { name: string; look: CheckpointLook }[]
  /** Descending: noise first. */
  timesteps: readonly number[]
  selected: { row: string | null; t: number | null }
  onSelect: (row: string, t: number | null) => void
  onOpen?: (row: string) => void
  /** Names last minus first, e.g. "lmb − sign". */
  changeName: string
  /** What is left out and how to see it. */
  children?: ReactNode
}

const rowHeight = 24
const plotWidth = 190

/** Change of SQNR in dB; the same symmetric domain on every page. */
export const changeScale = differenceScale(12, { label: 'change, dB', direction: 'better' })

/** Rows of layers: every checkpoint's mean SQNR on one axis, the change as a number, and where in time it is. */
export function RankedLayers(props: RankedLayersProps) {
  const { top, bottom, looks, timesteps, selected, onSelect, onOpen } = props
  const rows = [...top, ...bottom]
  const x = meanScale(rows).range([8, plotWidth - 8])
  const ticks = x.ticks(4)
  const ids = rows.map((row) => row.id)
  const wide = shortLayerIds(ids, 38)
  const narrow = shortLayerIds(ids, 22)
  const heatRows = rows.map((row) => ({ id: row.id, values: row.changes, reason: 'not measured' }))

  function handleKey(event: KeyboardEvent): boolean {
    if (event.key === 'Enter' && selected.row && onOpen) {
      onOpen(selected.row)
      return true
    }
    const next = moveSelection(event.key, heatRows, timesteps, selected)
    if (next) onSelect(next.row, event.key === 'ArrowUp' || event.key === 'ArrowDown' ? null : next.t)
    return Boolean(next)
  }

  return (
    <ChartFrame
      {...props}
      table={{
        columns: [
          'layer',
          ...looks.map(({ name }) => `${name}, mean SQNR dB`),
          `change ${props.changeName}, dB`,
        ],
        rows: rows.map((row) => [row.id, ...row.means, row.change]),
      }}
      onKey={handleKey}
      opens={Boolean(onOpen)}
    >
      <table className="ranked">
        <thead>
          <tr>
            <th scope="col">
              Layer
              <small>most improved first</small>
            </th>
            <th scope="col" className="r-plot">
              Mean SQNR over t, dB
              <small>higher is better →</small>
            </th>
            <th scope="col" className="num">
              Change
              <small>dB ↑</small>
            </th>
            <th scope="col" className="r-map">
              Change by timestep
              <small className="ends">
                <span>t = 1000</span>
                <span>t = 0</span>
              </small>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <HoverRow
              key={row.id}
              layer={row.id}
              className={row.id === selected.row ? 'picked' : undefined}
              onClick={() => onSelect(row.id, null)}
              onDoubleClick={() => onOpen?.(row.id)}
            >
              <th scope="row" className="mono" title={row.id}>
                <LayerName id={row.id} wide={wide[i]} narrow={narrow[i]} />
              </th>
              <td className="r-plot">
                <Dumbbell row={row} looks={looks} x={x} ticks={ticks} gapAbove={i === top.length} />
              </td>
              <td className={`num${row.change < 0 ? ' worse' : ''}`}>
                <b>{formatDelta(row.change, 1)}</b>
              </td>
              {i === 0 && (
                <td className="r-map" rowSpan={rows.length}>
                  <HeatGrid
                    rows={heatRows}
                    timesteps={timesteps}
                    scale={changeScale}
                    selected={selected}
                    onSelect={onSelect}
                    onOpen={onOpen}
                    rowHeight={rowHeight}
                    groupStarts={new Set(bottom[0] ? [bottom[0].id] : [])}
                    format={(v) => `${formatDelta(v, 1)} dB`}
                  />
                </td>
              )}
            </HoverRow>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td>{props.children}</td>
            <td className="r-plot">
              <svg width={plotWidth} height={16} className="chart-text" aria-hidden>
                {ticks.map((tick) => (
                  <text key={tick} className="tick" x={x(tick)} y={12} textAnchor="middle">
                    {formatFixed(tick, 0)}
                  </text>
                ))}
              </svg>
            </td>
            <td />
            <td className="r-map">
              <ColourLegend scale={changeScale} />
            </td>
          </tr>
        </tfoot>
      </table>
    </ChartFrame>
  )
}

/** Layers above it stand at the edge: their outputs can hardly be told from the teacher's. */
const highestDb = 60

/** 0 to 30 dB, made wider only where values lie outside, never beyond 60 dB. */
function meanScale(rows: readonly RankedRow[]) {
  const values = rows.flatMap((row) => withoutExact(row.means)).filter(isMeasured)
  return scaleLinear([Math.min(0, ...values), Math.min(highestDb, Math.max(30, ...values))], [0, 1]).clamp(
    true,
  )
}

type DumbbellProps = {
  row: RankedRow
  looks: RankedLayersProps['looks']
  x: (value: number) => number
  ticks: number[]
  gapAbove: boolean
}

function Dumbbell({ row, looks, x, ticks, gapAbove }: DumbbellProps) {
  const at = row.means.flatMap((mean, i) => (isMeasured(mean) ? [{ px: x(mean), look: looks[i]!.look }] : []))
  const xs = at.map((dot) => dot.px)
  return (
    <svg width={plotWidth} height={rowHeight} aria-hidden>
      {ticks.map((tick) => (
        <line key={tick} className="grid-line" x1={x(tick)} x2={x(tick)} y2={rowHeight} />
      ))}
      {gapAbove && <line className="axis-line" x2={plotWidth} strokeDasharray="2 3" />}
      <line
        className="axis-line"
        x1={Math.min(...xs)}
        x2={Math.max(...xs)}
        y1={rowHeight / 2}
        y2={rowHeight / 2}
      />
      {at.map((dot, i) => (
        <Fragment key={i}>
          <CheckpointMark look={dot.look} x={dot.px} y={rowHeight / 2} />
        </Fragment>
      ))}
    </svg>
  )
}

'use client'

import { line, scaleLinear } from 'd3'
import { type KeyboardEvent, type MouseEvent, useMemo, useRef } from 'react'
import { Crosshair, GridY } from '../_charts/axis'
import { gaussianYardstick, yardstickLabel } from '../_charts/basis-yardsticks'
import { ChartFrame } from '../_charts/chart-frame'
import { type ErrorKind, type Metric, metricScales, runColour, scaleOf } from '../_charts/colour'
import { exactInWords } from '../_charts/data-table'
import { HeatGrid, moveSelection, TimeAxis } from '../_charts/heat-map'
import { HoverTime } from '../_charts/hover'
import { ColourLegend, NoValueLegend } from '../_charts/legend'
import { isExact, isMeasured, type Series, withoutExact } from '../_charts/series'
import { useWidth } from '../_charts/use-width'
import { metricNames, shortLayerIds } from '../_ui/format'
import { Term } from '../_ui/term'
import { useRowsInView } from '../_ui/use-rows-in-view'
import { type LayerRow, rowMean, sortRows } from './run-rows'
import { SheetRow, shapeOf, sheetRowHeight } from './sheet-row'

export type LayerSheetProps = {
  rows: LayerRow[]
  timesteps: readonly number[]
  /** The metric at the network's output, over the map; null if it has none. */
  output: Series | null
  /** t from which the student has parted, with the rule in words. */
  parting: { t: number; label: string } | null
  metric: Metric
  /** Which error the rows hold. */
  error: ErrorKind
  sort: 'forward' | 'worst'
  onSort: (sort: 'forward' | 'worst') => void
  slot: number | null
  selected: { layer: string | null; t: number | null }
  onSelect: (layer: string, t: number | null) => void
  onOpen: (layer: string) => void
  layerHref: (layer: string) => string
  message: string
  note: string
  /** What the diagnosis assumed or left out, as sentences. */
  assumptions: readonly string[]
}

const errorWords: Record<ErrorKind, string> = {
  accumulated: 'how far its output is from the teacher’s',
  local: 'how far it would be on the teacher’s input: the error the layer makes itself,',
  inherited: 'what the error of its input costs it, accumulated less local: 0 inherits nothing,',
}

const empty = (column: string) => <td key={column} className={column} />
/** On either side of the map; on a narrow page some of the columns are left out. */
const emptyCells = {
  before: ['c-layer', 'c-shape', 'c-bases', 'c-weights', 'c-ratio', 'c-sqnr'].map(empty),
  after: ['c-mean', 'c-number', 'c-flips', 'c-audit'].map(empty),
}

/** One row per layer: what it is, how its weights were split, how far its output is from the teacher's. */
export function LayerSheet(props: LayerSheetProps) {
  const { timesteps, metric, error, selected, slot, sort } = props
  const rows = useMemo(() => sortRows(props.rows, sort, metric), [props.rows, sort, metric])
  const scale = scaleOf(metric, error)
  const { name, unit, written } = metricNames[metric]
  const exact = metric === 'sqnr' && rows.some((row) => row.series?.sqnr.some(isExact))
  const { wide, narrow, heatRows, starts, table } = useMemo(() => {
    const ids = rows.map((row) => row.layer.id)
    return {
      wide: shortLayerIds(ids, 27),
      narrow: shortLayerIds(ids, 22),
      heatRows: rows.map((row) => ({
        id: row.layer.id,
        values: row.series ? row.series[metric] : timesteps.map(() => null),
        reason: row.bases > 0 ? 'not measured' : 'kept in full precision: no error of its own',
      })),
      starts: groupStarts(rows, sort),
      table: sheetTable(rows, timesteps, metric),
    }
  }, [rows, timesteps, metric, sort])
  const body = useRef<HTMLTableSectionElement>(null)
  const { from, to } = useRowsInView(body, rows.length, sheetRowHeight)
  const drawnHeatRows = useMemo(() => heatRows.slice(from, to), [heatRows, from, to])

  function handleKey(event: KeyboardEvent): boolean {
    if (event.key === 'Enter' && selected.layer) {
      props.onOpen(selected.layer)
      return true
    }
    const next = moveSelection(event.key, heatRows, timesteps, { row: selected.layer, t: selected.t })
    if (next) props.onSelect(next.row, next.t)
    return Boolean(next)
  }

  return (
    <ChartFrame
      title={
        <>
          Layers × timesteps{' '}
          <span className="soft small" style={{ fontWeight: 400 }}>
            {props.note}
          </span>
        </>
      }
      caption={`One row per layer: what it is, how its weights were split, and ${errorWords[error]} at every timestep. The curve above the map is the network output.`}
      message={props.message}
      fileName="layers-by-timesteps"
      table={table}
      onKey={handleKey}
      opens
      tools={(['forward', 'worst'] as const).map((order) => (
        <button
          key={order}
          type="button"
          className="text-button"
          aria-pressed={sort === order}
          onClick={() => props.onSort(order)}
        >
          {order === 'forward' ? 'forward pass' : 'worst first'}
        </button>
      ))}
    >
      <table className="sheet">
        <colgroup>
          <col className="c-layer" />
          <col className="c-shape" />
          <col className="c-bases" />
          <col className="c-weights" />
          <col className="c-ratio" />
          <col className="c-sqnr" />
          <col className="c-map" />
          <col className="c-mean" />
          <col className="c-number" />
          <col className="c-flips" />
          <col className="c-audit" />
        </colgroup>
        <thead>
          <tr>
            <th scope="col" className="c-layer">
              Layer
              <small>{sort === 'forward' ? 'in order of the forward pass' : 'worst mean first'}</small>
            </th>
            <th scope="col" className="c-shape">
              Shape
              <small>out×in×k²</small>
            </th>
            <th scope="col" className="c-bases num">
              Bases
            </th>
            <th scope="col" className="c-weights">
              Weights
              <small>{rows.some((row) => row.ofTeacher) ? 'teacher’s' : 'latent'}</small>
            </th>
            <th scope="col" className="c-ratio">
              <Term id="ratio">σ2/σ1</Term>
              <small>{yardstickLabel(gaussianYardstick)}</small>
            </th>
            <th scope="col" className="c-sqnr num">
              Weights
              <small>
                <Term id="weightsSqnr">SQNR dB ↑</Term>
              </small>
            </th>
            <th scope="col" className="c-map">
              <span className="unseen">{name} by timestep</span>
              <OutputCurve {...props} label={`output ${name}${unit ? `, ${unit}` : ''} ↑`} />
            </th>
            <th scope="col" className="c-mean">
              Mean over t
              <small>
                <Term id={metric}>{name}</Term> ↑, 10–90 %
              </small>
            </th>
            <th scope="col" className="c-number num">
              <span className="unseen">Mean over t as a number</span>
            </th>
            <th scope="col" className="c-flips num">
              <Term id="flips">Flips</Term>
              <small>of signs</small>
            </th>
            <th scope="col" className="c-audit">
              Audit
            </th>
          </tr>
        </thead>
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the sheet around it takes the keys */}
        <tbody
          ref={body}
          // a click anywhere in a row selects it
          onClick={(event) => withLayer(event, (id) => props.onSelect(id, null))}
          onDoubleClick={(event) => withLayer(event, props.onOpen)}
        >
          <tr className="rest" style={{ height: from * sheetRowHeight }}>
            {emptyCells.before}
            <td className="c-map" rowSpan={to - from + 2}>
              <div style={{ paddingTop: from * sheetRowHeight }}>
                <HeatGrid
                  rows={drawnHeatRows}
                  timesteps={timesteps}
                  scale={scale}
                  selected={{ row: selected.layer, t: selected.t }}
                  onSelect={props.onSelect}
                  onOpen={props.onOpen}
                  rowHeight={sheetRowHeight}
                  groupStarts={starts}
                  format={written}
                />
              </div>
            </td>
            {emptyCells.after}
          </tr>
          {rows.slice(from, to).map((row, i) => (
            <SheetRow
              key={row.layer.id}
              row={row}
              wide={wide[from + i]!}
              narrow={narrow[from + i]!}
              href={props.layerHref(row.layer.id)}
              metric={metric}
              domain={scale.domain}
              slot={slot}
              isPicked={row.layer.id === selected.layer}
              isStart={from + i > 0 && starts.has(row.layer.id)}
            />
          ))}
          <tr className="rest" style={{ height: (rows.length - to) * sheetRowHeight }}>
            {emptyCells.before}
            {emptyCells.after}
          </tr>
        </tbody>
        <tfoot>
          <tr>
            <td className="c-layer">
              <div className="sheet-legend">
                <ColourLegend scale={scale} />
                <NoValueLegend words="no value: kept in full precision, or not measured" />
              </div>
            </td>
            {emptyCells.before.slice(1)}
            <td className="c-map">
              <Axis />
            </td>
            <td className="c-mean">
              <MeanAxis domain={scale.domain} open={scale.openEnded} />
            </td>
            {emptyCells.after.slice(1)}
          </tr>
        </tfoot>
      </table>
      <SheetNotes exact={exact} assumptions={props.assumptions} />
    </ChartFrame>
  )
}

/** What a pointer does in a row, given the row's layer. */
function withLayer({ target }: MouseEvent, work: (layer: string) => void): void {
  const id = (target as Element).closest('tr')?.dataset.layer
  if (id !== undefined) work(id)
}

/** What a reader must know of the numbers above, in a quiet line. */
function SheetNotes({ exact, assumptions }: { exact: boolean; assumptions: readonly string[] }) {
  const notes = [
    ...(exact ? ['exact: equal to the teacher’s output within float32, left out of means'] : []),
    ...assumptions,
  ]
  return notes.length > 0 && <p className="caption sheet-notes">Notes: {notes.join('; ')}.</p>
}

/** Ticks of the strips above: their three grid lines. */
function MeanAxis({ domain, open }: { domain: readonly [number, number]; open: boolean }) {
  return (
    <svg width={92} height={18} className="chart-text" aria-hidden>
      <text x={5} y={12} className="tick" textAnchor="middle">
        {domain[0]}
      </text>
      <text x={46} y={12} className="tick" textAnchor="middle">
        {(domain[0] + domain[1]) / 2}
      </text>
      <text x={87} y={12} className="tick" textAnchor="middle">
        {domain[1]}
        {open && '+'}
      </text>
    </svg>
  )
}

function Axis() {
  const [ref, width] = useWidth(400)
  return (
    <div ref={ref}>
      <TimeAxis width={width} />
    </div>
  )
}

/** The network output over the same t axis as the map, with the flag of the selected timestep. */
function OutputCurve(props: LayerSheetProps & { label: string }) {
  const { output, timesteps, metric, slot, selected, parting } = props
  const [ref, width] = useWidth(400)
  const [top, bottom] = [34, 92]
  const drawn = metric === 'sqnr' ? withoutExact(output ?? []) : (output ?? [])
  const measured = drawn.filter(isMeasured)
  const { domain } = metricScales[metric]
  const y = scaleLinear([Math.min(domain[0], ...measured), Math.max(domain[1], ...measured)], [bottom, top])
  const x = (t: number) => (1 - t / 1000) * width
  const points = timesteps.map((t, i) => ({ t, value: drawn[i] ?? null }))
  const path = line<{ t: number; value: number | null }>()
    .defined((p) => isMeasured(p.value))
    .x((p) => x(p.t))
    .y((p) => y(p.value!))
  const roomy = width > 320
  const flip = parting !== null && x(parting.t) > width / 2
  return (
    <div ref={ref} className="output-curve">
      <svg width={width} height={bottom + 18} aria-hidden>
        <GridY scale={y} ticks={y.ticks(3)} x={0} width={width} />
        {measured.length > 0 && (
          <text className="halo" x={2} y={top - 8}>
            {props.label}
          </text>
        )}
        {parting && metric === 'sqnr' && roomy && (
          <>
            <line className="reference-line" x1={x(parting.t)} x2={x(parting.t)} y1={top} y2={bottom} />
            <text
              className="halo"
              x={x(parting.t) + (flip ? -5 : 5)}
              y={top + 8}
              textAnchor={flip ? 'end' : 'start'}
            >
              {parting.label}
            </text>
          </>
        )}
        <path d={path(points) ?? ''} fill="none" strokeWidth={2} style={{ stroke: runColour(slot) }} />
        {selected.t !== null && (
          <Crosshair x={x(selected.t)} y1={top - 14} y2={bottom + 18} flag={`t ${selected.t}`} />
        )}
        <HoverTime x={x} y1={top} y2={bottom + 18} />
        <text x={0} y={bottom + 14}>
          {roomy ? 't = 1000, noise' : 'noise'}
        </text>
        {roomy && (
          <text className="halo" x={width / 2} y={bottom + 14} textAnchor="middle">
            sampling runs this way →
          </text>
        )}
        <text className="halo" x={width} y={bottom + 14} textAnchor="end">
          {roomy ? 'image, t = 0' : 'image'}
        </text>
      </svg>
    </div>
  )
}

/** Ids of the first layer of each part and level. */
function groupStarts(rows: readonly LayerRow[], sort: 'forward' | 'worst'): Set<string> {
  if (sort !== 'forward') return new Set()
  const group = ({ layer }: LayerRow) => `${layer.place.part}.${layer.place.level ?? ''}`
  return new Set(
    rows.filter((row, i) => i > 0 && group(rows[i - 1]!) !== group(row)).map((row) => row.layer.id),
  )
}

function sheetTable(rows: readonly LayerRow[], timesteps: readonly number[], metric: Metric) {
  const inWords = (v: number | null) => (metric === 'sqnr' ? exactInWords(v) : v)
  return {
    columns: [
      'layer',
      'shape',
      'bases',
      'sigma2/sigma1',
      'weights SQNR dB',
      'flips',
      'audit',
      `mean ${metric}`,
      ...timesteps.map((t) => `t ${t}`),
    ],
    rows: rows.map((row) => [
      row.layer.id,
      shapeOf(row),
      row.bases,
      row.ratio,
      exactInWords(row.weightsSqnr),
      row.flips,
      row.audit && [row.audit.severity, row.audit.verdict].filter(Boolean).join(': '),
      inWords(rowMean(row, metric)),
      ...timesteps.map((_, i) => inWords(row.series?.[metric][i] ?? null)),
    ]),
  }
}

'use client'

import Link from 'next/link'
import { ChartFrame } from '../_charts/chart-frame'
import { HistogramInline } from '../_charts/histogram-inline'
import { HoverRow } from '../_charts/hover'
import {
  formatCount,
  formatLarge,
  formatPercent,
  formatScale,
  formatSqnr,
  shortLayerIds,
} from '../_ui/format'
import { LayerName } from '../_ui/layer-name'
import { TableScroll } from '../_ui/table-scroll'
import type { LayerRow } from './run-rows'
import { shapeOf } from './sheet-row'

type Column = {
  name: string
  note?: string
  value: (row: LayerRow) => number | null
  format: (value: number | null) => string
}

const macs: Column = { name: 'MACs', value: (row) => row.layer.macs, format: (v) => formatLarge(v ?? 0) }

/** What is known of weights alone; a column nothing is known in is left out. */
const weightColumns: Column[] = [
  { name: 'One basis ↑', note: 'SQNR, dB', value: (row) => row.oneBasisSqnr, format: formatSqnr },
  { name: 'Two bases ↑', note: 'SQNR, dB', value: (row) => row.twoBasesSqnr, format: formatSqnr },
  { name: 'Teacher ↑', note: 'SQNR, dB', value: (row) => row.teacherSqnr, format: formatSqnr },
  { name: 'Flips ↓', note: 'signs', value: (row) => row.flips, format: formatPercent },
  {
    name: 'Dead',
    note: 'channels',
    value: (row) => row.flatChannels || null,
    format: (v) => formatCount(v ?? 0),
  },
  { name: 'Not finite', value: (row) => row.nonFinite || null, format: (v) => formatCount(v ?? 0) },
]

/** The weights of a network, one row per layer. */
export function WeightSheet({
  rows,
  runName,
  layerHref,
  assumptions,
  unrun = false,
}: {
  rows: LayerRow[]
  runName: string
  /** Of a network without a forward pass: what sign bases would make of the weights in place of MACs. */
  unrun?: boolean
  layerHref: (layer: string) => string
  /** What the diagnosis assumed or left out, as sentences. */
  assumptions: readonly string[]
}) {
  const narrow = shortLayerIds(
    rows.map((row) => row.layer.id),
    20,
  )
  const columns = unrun
    ? weightColumns.filter(({ value }) => rows.some((row) => value(row) !== null))
    : [macs]
  return (
    <ChartFrame
      title="Layers"
      caption={`Weight distributions in multiples of each layer’s own standard deviation, equal axes in all rows.${
        rows.some((row) => row.ofTeacher) ? ' Where latent weights are not stored, the teacher’s.' : ''
      }`}
      message={`Weights of the ${rows.length} layers of ${runName}`}
      fileName="layers"
      table={{
        columns: ['layer', 'shape', 'parameters', 'standard deviation', ...columns.map(({ name }) => name)],
        rows: rows.map((row) => [
          ...[row.layer.id, shapeOf(row), row.layer.parameters, row.std],
          ...columns.map(({ value }) => value(row)),
        ]),
      }}
    >
      <TableScroll label={`Layers of ${runName}`}>
        <table className="sheet weights-only">
          <thead>
            <tr>
              <th scope="col">
                Layer
                <small>in order of the {unrun ? 'file' : 'forward pass'}</small>
              </th>
              <th scope="col">
                Shape
                <small>{unrun ? 'as stored' : 'out×in×k²'}</small>
              </th>
              <th scope="col">
                Weights
                <small>value / std</small>
              </th>
              <th scope="col" className="num">
                Std
              </th>
              <th scope="col" className="num">
                Parameters
              </th>
              {columns.map(({ name, note }) => (
                <th key={name} scope="col" className="num">
                  {name}
                  {note && <small>{note}</small>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <HoverRow key={row.layer.id} layer={row.layer.id}>
                <th scope="row" className="mono">
                  <Link href={layerHref(row.layer.id)} title={row.layer.id}>
                    <LayerName id={row.layer.id} narrow={narrow[i]} />
                  </Link>
                </th>
                <td className="soft">{shapeOf(row)}</td>
                <td>
                  <HistogramInline histogram={row.histogram} std={row.std} slot={null} width={120} />
                </td>
                <td className="num">{formatScale(row.std)}</td>
                <td className="num">{formatCount(row.layer.parameters)}</td>
                {columns.map(({ name, value, format }) => (
                  <td key={name} className="num">
                    {format(value(row))}
                  </td>
                ))}
              </HoverRow>
            ))}
          </tbody>
        </table>
      </TableScroll>
      {assumptions.length > 0 && <p className="caption sheet-notes">Notes: {assumptions.join('; ')}.</p>}
    </ChartFrame>
  )
}

'use client'

import Link from 'next/link'
import { ChartFrame } from '../_charts/chart-frame'
import { HistogramInline } from '../_charts/histogram-inline'
import { formatCount, formatLarge, formatScale, shortLayerIds } from '../_ui/format'
import { LayerName } from '../_ui/layer-name'
import { TableScroll } from '../_ui/table-scroll'
import { shapeOf } from './layer-sheet'
import type { LayerRow } from './run-rows'

/** The weights of a full-precision network, one row per layer. */
export function WeightSheet({
  rows,
  runName,
  layerHref,
  assumptions,
}: {
  rows: LayerRow[]
  runName: string
  layerHref: (layer: string) => string
  /** What the diagnosis assumed or left out, as sentences. */
  assumptions: readonly string[]
}) {
  const narrow = shortLayerIds(
    rows.map((row) => row.layer.id),
    20,
  )
  return (
    <ChartFrame
      title="Layers"
      caption={`Weight distributions in multiples of each layer’s own standard deviation, equal axes in all rows.${
        rows.some((row) => row.ofTeacher) ? ' Where latent weights are not stored, the teacher’s.' : ''
      }`}
      message={`Weights of the ${rows.length} layers of ${runName}`}
      csvName={`${runName}-layers`}
      table={{
        columns: ['layer', 'shape', 'parameters', 'MACs', 'standard deviation'],
        rows: rows.map((row) => [row.layer.id, shapeOf(row), row.layer.parameters, row.layer.macs, row.std]),
      }}
    >
      <TableScroll label={`Layers of ${runName}`}>
        <table className="sheet weights-only">
          <thead>
            <tr>
              <th scope="col">
                Layer
                <small>in order of the forward pass</small>
              </th>
              <th scope="col">
                Shape
                <small>out×in×k²</small>
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
              <th scope="col" className="num">
                MACs
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={row.layer.id}>
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
                <td className="num">{formatLarge(row.layer.macs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
      {assumptions.length > 0 && <p className="caption sheet-notes">Notes: {assumptions.join('; ')}.</p>}
    </ChartFrame>
  )
}

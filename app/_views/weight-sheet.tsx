'use client'

import { ChartFrame } from '../_charts/chart-frame'
import { HistogramInline } from '../_charts/histogram-inline'
import { formatCount, formatLarge, formatScale } from '../_ui/format'
import { shapeOf } from './layer-sheet'
import type { LayerRow } from './run-rows'

/** The weights of a full-precision network, one row per layer. */
export function WeightSheet({ rows, runName }: { rows: LayerRow[]; runName: string }) {
  return (
    <ChartFrame
      title="Layers"
      caption="Weight distributions in multiples of each layer’s own standard deviation, equal axes in all rows."
      message={`Weights of the ${rows.length} layers of ${runName}`}
      csvName={`${runName}-layers`}
      table={{
        columns: ['layer', 'shape', 'parameters', 'MACs', 'standard deviation'],
        rows: rows.map((row) => [row.layer.id, shapeOf(row), row.layer.parameters, row.layer.macs, row.std]),
      }}
    >
      <div className="table-scroll">
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
            {rows.map((row) => (
              <tr key={row.layer.id}>
                <th scope="row" className="mono">
                  {row.layer.id}
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
      </div>
    </ChartFrame>
  )
}

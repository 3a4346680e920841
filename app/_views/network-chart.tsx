'use client'

import Link from 'next/link'
import { type ErrorKind, type Metric, scaleOf } from '../_charts/colour'
import { ColourLegend } from '../_charts/legend'
import { UNetDiagram } from '../_charts/unet-diagram'
import { formatDb, metricNames } from '../_ui/format'
import { type LayerRow, rowMean } from './run-rows'

type NetworkChartProps = {
  rows: LayerRow[]
  metric: Metric
  error: ErrorKind
  t: number | null
  at: number
  selected: LayerRow | null
  onSelect: (id: string) => void
  onOpen: (id: string) => void
  layerHref: (id: string) => string
}

const errorNames: Record<ErrorKind, string> = {
  accumulated: 'accumulated',
  local: 'local',
  inherited: 'accumulated less local',
}

/** The U-Net, each layer coloured by a metric at one timestep. */
export function NetworkChart({
  rows,
  metric,
  error,
  t,
  at,
  selected,
  onSelect,
  onOpen,
  layerHref,
}: NetworkChartProps) {
  const { name, written } = metricNames[metric]
  const values = Object.fromEntries(rows.map((row) => [row.layer.id, row.series?.[metric][at] ?? null]))
  const time = rows.some((row) => row.layer.place.part === 'time')
  return (
    <UNetDiagram
      title={t === null ? 'The network' : `Where it hurts at t = ${t}`}
      caption={`Each square is a layer, coloured by ${errorNames[error]} ${name} against the teacher. Strong colour is large error, hatched is not measured. Curved lines are skips.${time ? ' The time embedding is left out.' : ''}`}
      message={`U-Net of ${rows.length} layers coloured by ${name} at t ${t ?? '–'}${selected ? `; selected ${selected.layer.id}` : ''}`}
      fileName="unet"
      layers={rows.map((row) => row.layer)}
      values={values}
      scale={scaleOf(metric, error)}
      format={written}
      selected={selected?.layer.id}
      onSelect={onSelect}
      onOpen={onOpen}
    >
      <div className="unet-foot">
        <ColourLegend scale={scaleOf(metric, error)} />
        {selected && (
          <div className="small">
            <b className="mono">{selected.layer.id}</b>
            <br />
            <span className="soft">
              {written(values[selected.layer.id])} at t {t ?? '–'} · {written(rowMean(selected, metric))} mean
              over t{selected.weightsSqnr !== null && <> · weights {formatDb(selected.weightsSqnr)}</>}
            </span>
            <br />
            <Link href={layerHref(selected.layer.id)}>Open layer ↵</Link>
          </div>
        )}
      </div>
    </UNetDiagram>
  )
}

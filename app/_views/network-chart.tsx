'use client'

import Link from 'next/link'
import { type ErrorKind, type Metric, scaleOf } from '../_charts/colour'
import { ColourLegend } from '../_charts/legend'
import { isMeasured } from '../_charts/series'
import { UNetDiagram } from '../_charts/unet-diagram'
import { formatDb, metricNames } from '../_ui/format'
import { Term } from '../_ui/term'
import { knownNumbers, layerNumbers, type NetworkColour, numberScale } from './network-colour'
import { type LayerRow, rowMean } from './run-rows'

type NetworkChartProps = {
  rows: LayerRow[]
  metric: Metric
  error: ErrorKind
  colour: NetworkColour
  onColour: (colour: NetworkColour) => void
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

const formatNumber = (value: number | null | undefined, format: (value: number) => string): string =>
  isMeasured(value) ? format(value) : 'none'

/** The U-Net, each layer coloured by the error of the map at one timestep, or by a number it has at every timestep. */
export function NetworkChart({
  rows,
  metric,
  error,
  colour,
  onColour,
  t,
  at,
  selected,
  onSelect,
  onOpen,
  layerHref,
}: NetworkChartProps) {
  const known = knownNumbers(rows)
  const number = colour !== 'map' && known.includes(colour) ? layerNumbers[colour] : null
  const { name, written } = metricNames[metric]
  const format = number?.format ?? written
  const scale = number ? numberScale(number, rows) : scaleOf(metric, error)
  const values = Object.fromEntries(
    rows.map((row) => [row.layer.id, number ? number.of(row) : (row.series?.[metric][at] ?? null)]),
  )
  const time = rows.some((row) => row.layer.place.part === 'time')
  return (
    <UNetDiagram
      title={t === null || number ? 'The network' : `Where it hurts at t = ${t}`}
      caption={
        <>
          Each square is a layer, coloured by{' '}
          {number ? (
            <>
              <Term id={number.term}>{number.name}</Term>. Hatched has none.
            </>
          ) : (
            <>
              {errorNames[error]} <Term id={metric}>{name}</Term> against the teacher. Strong colour is large
              error, hatched is not measured.
            </>
          )}{' '}
          Curved lines are skips.{time && ' The time embedding is left out.'}
        </>
      }
      message={`U-Net of ${rows.length} layers coloured by ${number ? number.name : `${name} at t ${t ?? '–'}`}${selected ? `; selected ${selected.layer.id}` : ''}`}
      fileName="unet"
      layers={rows.map((row) => row.layer)}
      values={values}
      scale={scale}
      format={format}
      selected={selected?.layer.id}
      onSelect={onSelect}
      onOpen={onOpen}
      tools={
        <select
          className="chart-choice"
          aria-label="Colour of the U-Net"
          value={number ? colour : 'map'}
          onChange={(event) => onColour(event.target.value as NetworkColour)}
        >
          <option value="map">error, as the map</option>
          {known.map((name) => (
            <option key={name} value={name}>
              {layerNumbers[name].name}
            </option>
          ))}
        </select>
      }
    >
      <div className="unet-foot">
        <ColourLegend scale={scale} />
        {selected && (
          <div className="small">
            <b className="mono">{selected.layer.id}</b>
            <br />
            <span className="soft">
              {number ? (
                <>{formatNumber(values[selected.layer.id], format)} </>
              ) : (
                <>
                  {written(values[selected.layer.id])} at t {t ?? '–'} · {written(rowMean(selected, metric))}{' '}
                  mean over t
                </>
              )}
              {selected.weightsSqnr !== null && <> · weights {formatDb(selected.weightsSqnr)}</>}
            </span>
            <br />
            <Link href={layerHref(selected.layer.id)}>Open layer ↵</Link>
          </div>
        )}
      </div>
    </UNetDiagram>
  )
}

'use client'

import Link from 'next/link'
import { memo } from 'react'
import { gaussianYardstick } from '../_charts/basis-yardsticks'
import type { Metric } from '../_charts/colour'
import { DotStrip } from '../_charts/dot-strip'
import { HistogramInline } from '../_charts/histogram-inline'
import { HoverRow } from '../_charts/hover'
import { isExact, isMeasured, quantileOf, withoutExact } from '../_charts/series'
import { formatPercent, formatScale, formatSqnr, metricNames } from '../_ui/format'
import { LayerName } from '../_ui/layer-name'
import { Verdict } from '../_ui/severity'
import { type LayerRow, rowMean } from './run-rows'

export const sheetRowHeight = 18

export type SheetRowProps = {
  row: LayerRow
  /** The layer's name as it is written here, and on a phone. */
  wide: string
  narrow: string
  href: string
  metric: Metric
  domain: readonly [number, number]
  slot: number | null
  isPicked: boolean
  /** Of the first layer of a part or level. */
  isStart: boolean
}

/** A layer in the sheet; drawn anew only when something of its own changes, as there can be a thousand of them. */
export const SheetRow = memo(function SheetRow(props: SheetRowProps) {
  const { row, metric, domain, slot, isPicked } = props
  const { id } = row.layer
  const mean = rowMean(row, metric)
  const all = row.series?.[metric] ?? []
  const series = metric === 'sqnr' ? withoutExact(all) : all
  const isSame = metric === 'sqnr' && isExact(mean)
  const classes = [isPicked && 'picked', props.isStart && 'starts']
  return (
    <HoverRow layer={id} className={classes.filter(Boolean).join(' ')}>
      <th scope="row" className="c-layer mono">
        <Link
          href={props.href}
          title={id}
          tabIndex={isPicked ? 0 : -1}
          // selecting the row would replace the navigation under way
          onClick={(event) => event.stopPropagation()}
        >
          <LayerName id={id} wide={props.wide} narrow={props.narrow} />
        </Link>
      </th>
      <td className="c-shape soft">{shapeOf(row)}</td>
      <td className="c-bases num">{row.bases || 'fp'}</td>
      <td className="c-weights">
        <HistogramInline
          histogram={row.histogram}
          std={row.std}
          levels={row.levels.map((value) => ({ value }))}
          slot={row.bases > 0 ? slot : null}
          areaSlot={row.bases > 0 && !row.ofTeacher ? slot : null}
          height={sheetRowHeight - 1}
        />
      </td>
      <td className="c-ratio" title={isMeasured(row.ratio) ? `σ2/σ1 = ${formatScale(row.ratio)}` : undefined}>
        <DotStrip
          dots={[{ slot, value: row.ratio }]}
          domain={[0.3, 0.9]}
          grid={[gaussianYardstick.ratio]}
          width={60}
          height={sheetRowHeight}
        />
      </td>
      <td className="c-sqnr num">{formatSqnr(row.weightsSqnr)}</td>
      <td className="c-mean">
        <DotStrip
          dots={[{ slot, value: isSame ? null : mean }]}
          range={[quantileOf(series, 0.1), quantileOf(series, 0.9)]}
          domain={domain}
          grid={[domain[0], (domain[0] + domain[1]) / 2, domain[1]]}
          width={92}
          height={sheetRowHeight}
        />
      </td>
      <td className="c-number num">{metricNames[metric].format(mean)}</td>
      <td className="c-flips num">{formatPercent(row.flips)}</td>
      <td className="c-audit" title={row.audit?.verdict}>
        <Verdict row={row.audit} />
      </td>
    </HoverRow>
  )
})

export const shapeOf = ({ layer }: Pick<LayerRow, 'layer'>): string =>
  layer.shape?.join('×') ??
  `${layer.outChannels}×${layer.inChannels}${layer.kind === 'conv' ? `×${layer.kernel}²` : ''}`

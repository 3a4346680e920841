import type { Histogram } from '../../lib/record/run'
import { runColour } from './colour'

export type HistogramInlineProps = {
  /** null draws the levels alone. */
  histogram: Histogram | null
  /** Standard deviation of the weights: the axis is value / std. */
  std: number
  /** Where binarized weights lie, as values; share 0..1 of weights there if known. */
  levels?: { value: number; share?: number }[]
  slot: number | null
  /** Slot of the run the area belongs to, if that is another: null for a teacher's weights behind its student's levels. */
  areaSlot?: number | null
  /** Axis in multiples of std, the same for every row. */
  domain?: readonly [number, number]
  width?: number
  height?: number
}

/** A weight distribution of one table row: area for float weights, stems for the levels a student cuts them to. */
export function HistogramInline(props: HistogramInlineProps) {
  const { std, levels = [], slot, areaSlot = slot, domain = [-2.6, 2.6], width = 64, height = 17 } = props
  const histogram = props.histogram ?? { lo: 0, hi: 0, counts: [] }
  const n = histogram.counts.length
  const binWidth = (histogram.hi - histogram.lo) / n
  const x = (sigmas: number) => ((sigmas - domain[0]) / (domain[1] - domain[0])) * width
  const centre = (i: number) => (histogram.lo + (i + 0.5) * binWidth) / (std || 1)
  const total = histogram.counts.reduce((sum, c) => sum + c, 0)
  // Height 0.62 of a density in 1/std: a Gaussian's peak is 0.40, the two lobes of trained weights reach about 0.5.
  const density = (counts: readonly number[], i: number) =>
    (counts[i]! / (total || 1)) * ((std || 1) / binWidth)
  const y = (d: number) => height - Math.min(1, d / 0.62) * (height - 1)
  const bins = Array.from({ length: n }, (_, i) => i).filter(
    (i) => centre(i) >= domain[0] && centre(i) <= domain[1],
  )
  // Bins are narrower than a pixel, and a page has hundreds of these: straight lines, to a tenth of a pixel.
  const tenth = (px: number) => Math.round(px * 10) / 10
  const top = bins.map((i) => `${tenth(x(centre(i)))},${tenth(y(density(histogram.counts, i)))}`)
  const [left, right] = [tenth(x(centre(bins[0] ?? 0))), tenth(x(centre(bins.at(-1) ?? 0)))]
  const shape = top.length === 0 ? '' : `M${left},${height}L${top.join('L')}L${right},${height}Z`
  const colour = runColour(slot)
  if (!(std > 0) || (total === 0 && (props.histogram || levels.length === 0))) {
    return (
      <div
        className="hatch"
        style={{ width, height }}
        title={
          props.histogram ? 'no spread: all weights are equal or not finite' : 'float weights are not stored'
        }
      />
    )
  }
  return (
    <svg width={width} height={height} style={{ display: 'block', overflow: 'hidden' }} aria-hidden>
      <path d={shape} style={{ fill: runColour(areaSlot), opacity: areaSlot === null ? 0.4 : 0.35 }} />
      {levels.map((level) => (
        <line
          key={level.value}
          x1={x(level.value / std)}
          x2={x(level.value / std)}
          y1={height}
          y2={level.share === undefined ? 2 : height - Math.min(1, level.share / 0.5) * (height - 2)}
          strokeWidth={1.8}
          style={{ stroke: colour }}
        />
      ))}
    </svg>
  )
}

import type { Layer } from '../../lib/record/run'
import type { ColourScale } from './colour'
import { isMeasured } from './series'
import { unetLayout } from './unet-layout'

export type UNetPlaceProps = {
  layers: Layer[]
  /** Layer id -> value; null or absent stays empty. */
  values: Record<string, number | null>
  scale: ColourScale
  selected: string
  /** What it shows, in words. */
  label: string
  width?: number
}

/** Width the network is laid out in before it is made small. */
const drawnWidth = 620

/** The whole network in small, to say where one layer stands. */
export function UNetPlace({ layers, values, scale, selected, label, width = 260 }: UNetPlaceProps) {
  const layout = unetLayout(layers, drawnWidth)
  const { side } = layout
  const squares = layout.nodes.flatMap((node) => node.squares)
  const own = squares.find((square) => square.layer.id === selected)
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      style={{ display: 'block', width, maxWidth: '100%', height: 'auto' }}
    >
      {layout.edges.map(([from, to]) => (
        <line
          key={to.key}
          x1={from.x + from.width}
          y1={from.y + from.height / 2}
          x2={to.x}
          y2={to.y + to.height / 2}
          style={{ stroke: 'var(--line2)' }}
        />
      ))}
      {layout.nodes.map((node) => (
        <rect
          key={node.key}
          x={node.x}
          y={node.y}
          width={node.width}
          height={node.height}
          rx={3}
          style={{ fill: 'var(--surface)', stroke: 'var(--line2)' }}
        />
      ))}
      {squares.map(({ layer, x, y }) => {
        const value = values[layer.id]
        return (
          <rect
            key={layer.id}
            x={x}
            y={y}
            width={side}
            height={side}
            style={
              isMeasured(value)
                ? { fill: scale.css(value), stroke: 'var(--line)' }
                : { fill: 'none', stroke: 'var(--line2)' }
            }
          />
        )
      })}
      {own && (
        <rect
          x={own.x - 3}
          y={own.y - 3}
          width={side + 6}
          height={side + 6}
          rx={3}
          fill="none"
          strokeWidth={5}
          style={{ stroke: 'var(--ink)' }}
        />
      )}
    </svg>
  )
}

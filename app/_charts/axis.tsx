/** Axes and grids. x and y are d3 scales in px; ticks are chosen by the caller or the scale. */
export type Position = (value: number) => number

type AxisProps = {
  scale: Position
  ticks: readonly number[]
  format?: (value: number) => string
}

export function AxisBottom({
  scale,
  ticks,
  format = String,
  y,
  from,
  to,
  label,
  ends,
}: AxisProps & { y: number; from: number; to: number; label?: string; ends?: [string, string] }) {
  return (
    <g transform={`translate(0,${y})`}>
      <line className="axis-line" x1={from} x2={to} />
      {ticks.map((tick) => (
        <g key={tick} transform={`translate(${scale(tick)},0)`}>
          <line className="axis-line" y2={4} />
          <text className="tick" y={15} textAnchor="middle">
            {format(tick)}
          </text>
        </g>
      ))}
      {ends && (
        <>
          <text y={29} x={from}>
            {ends[0]}
          </text>
          <text y={29} x={to} textAnchor="end">
            {ends[1]}
          </text>
        </>
      )}
      {label && (
        <text y={29} x={(from + to) / 2} textAnchor="middle">
          {label}
        </text>
      )}
    </g>
  )
}

/** Horizontal grid lines with their values at the left; the label stands above, horizontal. */
export function GridY({
  scale,
  ticks,
  format = String,
  x,
  width,
  label,
  top = 0,
}: AxisProps & { x: number; width: number; label?: string; top?: number }) {
  return (
    <g>
      {ticks.map((tick) => (
        <g key={tick} transform={`translate(${x},${scale(tick)})`}>
          <line className="grid-line" x2={width} />
          <text className="tick" x={-7} y={4} textAnchor="end">
            {format(tick)}
          </text>
        </g>
      ))}
      {label && (
        <text x={x} y={top - 9}>
          {label}
        </text>
      )}
    </g>
  )
}

/** The vertical line of a selection with its halo and, if given, a flag above it. */
export function Crosshair({ x, y1, y2, flag }: { x: number; y1: number; y2: number; flag?: string }) {
  const width = (flag?.length ?? 0) * 6.2 + 10
  return (
    <g pointerEvents="none">
      <line className="crosshair-halo" x1={x} x2={x} y1={y1} y2={y2} />
      <line className="crosshair" x1={x} x2={x} y1={y1} y2={y2} />
      {flag && (
        <g className="flag" transform={`translate(${x},${y1})`}>
          <rect x={-width / 2} y={-16} width={width} height={16} rx={2} />
          <text y={-4} textAnchor="middle">
            {flag}
          </text>
        </g>
      )}
    </g>
  )
}

/** Shifts label positions so that neighbours are at least `gap` apart, keeping their order and the range. */
export function spreadApart(positions: readonly number[], gap: number, low: number, high: number): number[] {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a]! - positions[b]!)
  const placed = [...positions]
  let floor = low
  for (const i of order) {
    placed[i] = Math.max(placed[i]!, floor)
    floor = placed[i]! + gap
  }
  let ceiling = high
  for (const i of order.toReversed()) {
    placed[i] = Math.min(placed[i]!, ceiling)
    ceiling = placed[i]! - gap
  }
  return placed
}

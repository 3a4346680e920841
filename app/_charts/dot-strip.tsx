import { Mark } from './mark'
import { isMeasured } from './series'

export type DotStripProps = {
  /** One dot per run, or one for a single run; null draws nothing. */
  dots: { slot: number | null; value: number | null }[]
  /** Spread behind the dot, e.g. 10 % and 90 % quantile. */
  range?: readonly [number | null, number | null]
  domain: readonly [number, number]
  width?: number
  height?: number
  /** Grid values; draw the same in every row. */
  grid?: readonly number[]
}

/** Values of one table row on a shared axis. */
export function DotStrip({ dots, range, domain, width = 84, height = 18, grid = [] }: DotStripProps) {
  const x = (v: number) =>
    5 + ((Math.min(domain[1], Math.max(domain[0], v)) - domain[0]) / (domain[1] - domain[0])) * (width - 10)
  const values = dots.filter((dot) => isMeasured(dot.value))
  const [low, high] = range ?? [null, null]
  const xs = values.map((dot) => x(dot.value!))
  return (
    <svg width={width} height={height} style={{ display: 'block' }} aria-hidden>
      {grid.map((v) => (
        <line key={v} className="grid-line" x1={x(v)} x2={x(v)} y2={height} />
      ))}
      {xs.length > 1 && (
        <line
          className="axis-line"
          x1={Math.min(...xs)}
          x2={Math.max(...xs)}
          y1={height / 2}
          y2={height / 2}
        />
      )}
      {isMeasured(low) && isMeasured(high) && (
        <line
          x1={x(low)}
          x2={x(high)}
          y1={height / 2}
          y2={height / 2}
          strokeWidth={1.5}
          style={{ stroke: 'var(--line2)' }}
        />
      )}
      {values.map((dot) => (
        <Mark key={dot.slot} slot={dot.slot} x={x(dot.value!)} y={height / 2} size={8} />
      ))}
    </svg>
  )
}

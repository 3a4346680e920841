import { type ColourScale, runColour } from './colour'
import { Mark } from './mark'

const swatches = 32

/** A colour scale with its unit, direction and domain. The error scale starts with its bad end, at the left. */
export function ColourLegend({ scale, width = 180 }: { scale: ColourScale; width?: number }) {
  const [low, high] = scale.domain
  const at = (k: number) => low + ((high - low) * (k + 0.5)) / swatches
  const middle = (low + high) / 2
  return (
    <div className="colour-legend" style={{ width, maxWidth: '100%' }}>
      <div className="ends">
        <span>{scale.label}</span>
        <span>{scale.direction} →</span>
      </div>
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: its words stand beside it */}
      <svg width="100%" height={9} viewBox={`0 0 ${swatches} 1`} preserveAspectRatio="none">
        {Array.from({ length: swatches }, (_, k) => (
          <rect key={k} x={k} width={1.02} height={1} style={{ fill: scale.css(at(k)) }} />
        ))}
      </svg>
      <div className="ends">
        <span>{tick(low)}</span>
        <span>{tick(middle)}</span>
        <span>
          {tick(high)}
          {scale.openEnded ? '+' : ''}
        </span>
      </div>
    </div>
  )
}

const tick = (v: number): string => String(Number(v.toPrecision(3))).replace('-', '−')

/** What the hatch means. */
export function NoValueLegend({ words }: { words: string }) {
  return (
    <span className="small soft" style={{ display: 'inline-flex', alignItems: 'center', gap: 8 }}>
      <span className="hatch" style={{ width: 22, height: 9 }} />
      {words}
    </span>
  )
}

/** Marks and names of runs, for charts whose lines cannot be labelled directly. */
export function RunLegend({ runs }: { runs: { name: string; slot: number | null; dash?: boolean }[] }) {
  return (
    <div className="run-legend">
      {runs.map((run) => (
        <span key={run.name} className="run-name">
          {/* biome-ignore lint/a11y/noSvgWithoutTitle: the name stands beside it */}
          <svg width={24} height={10} className="run-mark">
            <line
              x2={24}
              y1={5}
              y2={5}
              strokeWidth={1.8}
              strokeDasharray={run.dash ? '4 3' : undefined}
              style={{ stroke: runColour(run.slot) }}
            />
            <Mark slot={run.slot} x={12} y={5} />
          </svg>
          {run.name}
        </span>
      ))}
    </div>
  )
}

import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
} from 'd3'
import { runColour } from './colour'

const shapes = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond, symbolCross, symbolStar, symbolWye]

/** Paths by slot and size: a page has hundreds of a few. */
const paths = new Map<string, string>()

/** SVG path of a run's mark, centred at 0, about `size` px wide. Colour is never the only carrier of identity. */
export function markPath(slot: number | null, size: number): string {
  const key = `${slot} ${size}`
  const known = paths.get(key)
  if (known !== undefined) return known
  const shape = slot === null ? symbolSquare : (shapes[slot % 7] ?? symbolCircle)
  const path = symbol(shape, size * size * 0.72)() ?? ''
  paths.set(key, path)
  return path
}

/** The mark of a run inside an SVG; the teacher's is an open square. */
export function Mark({ slot, x, y, size = 9 }: { slot: number | null; x: number; y: number; size?: number }) {
  const colour = runColour(slot)
  return (
    <path
      d={markPath(slot, size)}
      transform={`translate(${x},${y})`}
      style={
        slot === null
          ? { fill: 'var(--surface)', stroke: colour, strokeWidth: 1.8 }
          : { fill: colour, stroke: 'var(--surface)', strokeWidth: 0.5 }
      }
    />
  )
}

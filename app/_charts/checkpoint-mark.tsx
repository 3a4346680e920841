import { runColour } from './colour'
import { markPath } from './mark'

/** Which checkpoint a mark stands for: the run's colour and shape, paler the older it is among those shown. */
export type CheckpointLook = { slot: number | null; age: number }

/** Fill of a checkpoint: older ones of the same run are lighter, the outline keeps the run's colour. */
export function checkpointFill({ slot, age }: CheckpointLook): string {
  const colour = runColour(slot)
  if (slot === null || age > 2) return 'var(--surface)'
  return age === 0 ? colour : `color-mix(in srgb, ${colour} ${age === 1 ? 45 : 18}%, var(--surface))`
}

/** Line style of a checkpoint: the newest of its run solid, older ones broken. */
export const checkpointDash = ({ age }: CheckpointLook) =>
  age === 0 ? 'solid' : age === 1 ? 'dashed' : 'dotted'

export const dashArrays = { solid: undefined, dashed: '5 3', dotted: '1.5 3' } as const

/** The mark of a checkpoint inside an SVG. */
export function CheckpointMark({
  look,
  x,
  y,
  size = 9,
}: {
  look: CheckpointLook
  x: number
  y: number
  size?: number
}) {
  return (
    <path
      d={markPath(look.slot, size)}
      transform={`translate(${x},${y})`}
      strokeWidth={look.slot === null ? 1.8 : 1.2}
      style={{ fill: checkpointFill(look), stroke: runColour(look.slot) }}
    />
  )
}

/** The mark beside a name. */
export function CheckpointBadge({ look, size = 11 }: { look: CheckpointLook; size?: number }) {
  const box = size + 5
  return (
    <svg width={box} height={box} className="run-mark" aria-hidden>
      <CheckpointMark look={look} x={box / 2} y={box / 2} size={size} />
    </svg>
  )
}

import { Mark } from '../_charts/mark'

/** Shape and colour of a run by its palette slot; null is the teacher. Always stands beside a name. */
export function RunMark({ slot, size = 11 }: { slot: number | null; size?: number }) {
  const box = size + 4
  return (
    <svg width={box} height={box} className="run-mark" aria-hidden>
      <Mark slot={slot} x={box / 2} y={box / 2} size={size} />
    </svg>
  )
}

/** Mark and name of a run. */
export function RunName({ slot, name }: { slot: number | null; name: string }) {
  return (
    <span className="run-name">
      <RunMark slot={slot} />
      {name}
    </span>
  )
}

import type { StepRange } from '../../lib/record/view'

/** What a chart needs so that a part of its steps can be chosen. */
export type Zoom = {
  /** null: all of them. */
  range: StepRange | null
  /** First and last step there is. */
  whole: StepRange
  onRange: (range: StepRange | null) => void
}

/** Steps a range has at least: narrower ones cannot be told apart on an axis of whole steps. */
const fewest = 2

/**
 * The range after a key: + and - halve and double it around its middle, Shift with an arrow moves it by a quarter, Escape shows
 * all (null). undefined: the key means nothing here.
 */
export function rangeAfterKey(
  { range, whole }: Pick<Zoom, 'range' | 'whole'>,
  { key, shiftKey }: { key: string; shiftKey: boolean },
): StepRange | null | undefined {
  if (key === 'Escape') return range === null ? undefined : null
  const [from, to] = range ?? whole
  const width = to - from
  const around = (share: number): StepRange | null => within(whole, (from + to) / 2, width * share)
  if (key === '+' || key === '=') return around(0.5)
  if (key === '-' && range) return around(2)
  const move = shiftKey ? { ArrowLeft: -0.25, ArrowRight: 0.25 }[key] : undefined
  if (move === undefined || !range) return undefined
  return within(whole, (from + to) / 2 + move * width, width)
}

/** A range of this width around a step, shifted and cut to fit; null if that is all there is. */
function within([first, last]: StepRange, middle: number, width: number): StepRange | null {
  const span = Math.max(fewest, Math.round(width))
  if (span >= last - first) return null
  const from = Math.min(last - span, Math.max(first, Math.round(middle - span / 2)))
  return [from, from + span]
}

/** The range between two steps that were pointed at, in any order; null if they are next to each other. */
export function rangeBetween(a: number, b: number, [first, last]: StepRange): StepRange | null {
  const from = Math.max(first, Math.round(Math.min(a, b)))
  const to = Math.min(last, Math.round(Math.max(a, b)))
  return to - from < fewest ? null : [from, to]
}

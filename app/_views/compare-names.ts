/** How compared checkpoints are called. */
import { latest } from '../../lib/record/view'
import { formatCount } from '../_ui/format'
import type { ComparedCheckpoint } from './load-compare'

/** RUN@STEP, or RUN@latest for one that is to stay the latest, as the URL has it. */
export const referenceOf = (c: Pick<ComparedCheckpoint, 'run' | 'step' | 'isLatest'>): string =>
  `${c.run.name}@${c.isLatest ? latest : c.step}`

/** "mnist-lmb · 2,000". */
export const fullName = (c: Pick<ComparedCheckpoint, 'run' | 'step'>): string =>
  `${c.run.name} · ${formatCount(c.step)}`

/** The run's name, with its step where the run is compared with itself. */
export function shortName(c: ComparedCheckpoint, all: readonly ComparedCheckpoint[]): string {
  return all.filter((other) => other.run.id === c.run.id).length > 1 ? fullName(c) : c.run.name
}

/** What the page is called. */
export function comparisonTitle(all: readonly ComparedCheckpoint[]): string {
  const names = [...new Set(all.map((c) => c.run.name))]
  const numbers = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
  const count = numbers[all.length] ?? String(all.length)
  if (names.length === 1) return `${count[0]!.toUpperCase()}${count.slice(1)} checkpoints of ${names[0]}`
  if (all.length === 2) return `${names[1]} against ${names[0]}`
  return `${names.slice(1).join(', ')} against ${names[0]}`
}

import type { Target } from '../_ui/jump-targets'
import { termIds, termOf } from './glossary'

/** Terms that are listed. */
const most = 5

/** The explanations with every word in the names of their terms; without words none. */
export function termTargets(words: readonly string[]): Target[] {
  if (words.length === 0) return []
  return termIds
    .map((id) => ({ label: `Explain “${termOf(id).name}”`, kind: 'learn', url: `/learn#${id}` }))
    .filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
    .slice(0, most)
}

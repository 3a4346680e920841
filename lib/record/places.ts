/** What the jump palette finds: places in the store by words of their names. */
import type { RunSummary } from './run'

export type Place =
  | { kind: 'run'; run: string; role: RunSummary['role'] }
  | { kind: 'checkpoint'; run: string; step: number }
  | { kind: 'layer'; run: string; layer: string }

export type PlaceKind = Place['kind']

/** The first places of each kind, and how many there are of it. */
export type FoundPlaces = { places: Place[]; found: Record<PlaceKind, number> }

/** The words of a typed text; a place is found if it has all of them. "1,000" is the step 1000. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/(\d),(?=\d{3})/g, '$1')
    .split(/\s+/)
    .filter(Boolean)
}

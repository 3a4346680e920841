/** Which runs a list shows, and in which order. */
import type { RunColumn, RunOrder } from '../../lib/record/view'
import type { RunEntry } from '../../lib/store/runs'

/** Runs of one page: 50 with their thumbnails are 200 kB. */
export const pageSize = 50

/**
 * Whether a run has every word of a filter in its name, method or bits. `bits:`, `method:`, `name:`, `role:` and `teacher:`
 * before a word look in that field only.
 */
export function matchesFilter(
  run: Pick<RunEntry, 'name' | 'method' | 'bits' | 'role'> & { teacher?: string | null },
  filter: string,
): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  return words.every((word) => {
    const [, field, text] = /^(bits|method|name|role|teacher):(.*)$/.exec(word) ?? []
    if (field)
      return (run[field as 'bits' | 'method' | 'name' | 'role' | 'teacher'] ?? '')
        .toLowerCase()
        .includes(text ?? '')
    return `${run.name} ${run.method} ${run.bits}`.toLowerCase().includes(word)
  })
}

/** What a column is sorted by; for null a run comes last, whichever way round. */
const sortValue: Record<Exclude<RunColumn, 'changed' | 'name'>, (run: RunEntry) => number | null> = {
  size: packedSize,
  sqnr: ({ role, latest }) => (role === 'student' ? (latest?.outputSqnr ?? null) : null),
  cosine: ({ latest }) => latest?.sampleCosine ?? null,
  checkpoints: ({ steps }) => steps,
}

/** Packed bytes of the latest checkpoint; float32 bytes of a teacher. */
export function packedSize({ role, latest }: Pick<RunEntry, 'role' | 'latest'>): number | null {
  if (!latest) return null
  return role === 'teacher' ? latest.ledger.fullPrecisionBytes : latest.ledger.packedBytes
}

/** A column as its name, and 1 for ascending or -1; by itself a column has the best first. */
export function directionOf(order: RunOrder): { column: RunColumn; direction: 1 | -1 } {
  const column = order.replace(/^-/, '') as RunColumn
  const ascending = column === 'name' || column === 'size'
  return { column, direction: ascending === (order === column) ? 1 : -1 }
}

/** `entries`, the last changed first, in the order asked for; equals stay as they are. */
export function sortRuns(entries: readonly RunEntry[], order: RunOrder): RunEntry[] {
  const { column, direction } = directionOf(order)
  if (column === 'changed') {
    const byChange = direction === -1 ? entries : entries.toReversed()
    return [...byChange.filter(isTeacher), ...byChange.filter((run) => !isTeacher(run))]
  }
  if (column === 'name')
    return entries.toSorted((a, b) => direction * a.name.localeCompare(b.name, 'en', { numeric: true }))
  const of = sortValue[column]
  return entries.toSorted((a, b) => {
    const [x, y] = [of(a), of(b)]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    return direction * (x - y)
  })
}

const isTeacher = ({ role }: Pick<RunEntry, 'role'>): boolean => role === 'teacher'

/** A page of a list; a page past the end is the last. */
export function pageOf<T>(items: readonly T[], page: number): { page: number; pages: number; items: T[] } {
  const pages = Math.max(1, Math.ceil(items.length / pageSize))
  const shown = Math.min(pages, Math.max(1, page))
  return { page: shown, pages, items: items.slice((shown - 1) * pageSize, shown * pageSize) }
}

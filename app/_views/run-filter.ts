import type { RunListRow } from './load'

/**
 * Whether a run has every word of a filter in its name, method or bits. `bits:`, `method:`, `name:` and `role:`
 * before a word look in that field only.
 */
export function matchesFilter(
  run: Pick<RunListRow, 'name' | 'method' | 'bits' | 'role'>,
  filter: string,
): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  return words.every((word) => {
    const [, field, text] = /^(bits|method|name|role):(.*)$/.exec(word) ?? []
    if (field) return run[field as 'bits' | 'method' | 'name' | 'role'].toLowerCase().includes(text ?? '')
    return `${run.name} ${run.method} ${run.bits}`.toLowerCase().includes(word)
  })
}

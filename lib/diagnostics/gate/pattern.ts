/**
 * Whether a name matches a pattern: `*` stands for any run of characters, dots included, `?` for one. Takes at most
 * |pattern| * |name| steps, whatever the pattern.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  let [p, n] = [0, 0]
  // where to go on when a run turns out too short: the pattern after the last star, the name one further on
  let [afterStar, retry] = [-1, 0]
  while (n < name.length) {
    if (pattern[p] === '*') {
      afterStar = ++p
      retry = n
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++
      n++
    } else if (afterStar >= 0) {
      p = afterStar
      n = ++retry
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/**
 * What was loaded last, kept in memory: for what never changes under its key. Next loads a module once for each bundle, so
 * that what is kept hangs on globalThis.
 */

type Entry<T> = { value: Promise<T | null>; weight: number }

/** Up to `most` in weight; the least recently used goes first. */
export class Kept<T> {
  readonly #most: number
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry<T>>()
  #weight = 0

  constructor(most: number) {
    this.#most = most
  }

  /** What `load` gives for a key, at once if it did before. What it does not find (null), or fails to load, is not kept. */
  of(key: string, load: () => Promise<{ value: T; weight: number } | null>): Promise<T | null> {
    const before = this.#entries.get(key)
    if (before) {
      this.#entries.delete(key)
      this.#entries.set(key, before)
      return before.value
    }
    const loaded = load()
    const entry: Entry<T> = { value: loaded.then((found) => (found ? found.value : null)), weight: 0 }
    this.#entries.set(key, entry)
    loaded.then(
      (found) => (found ? this.#weigh(key, entry, found.weight) : this.#drop(key, entry)),
      () => this.#drop(key, entry),
    )
    return entry.value
  }

  #weigh(key: string, entry: Entry<T>, weight: number): void {
    if (this.#entries.get(key) !== entry) return
    entry.weight = weight
    this.#weight += weight
    for (const [oldest, { weight }] of this.#entries) {
      if (this.#weight <= this.#most) return
      this.#entries.delete(oldest)
      this.#weight -= weight
    }
  }

  #drop(key: string, entry: Entry<T>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
  }
}

const held = globalThis as typeof globalThis & { signscopeKept?: Map<string, Kept<unknown>> }

/** The one place of this process where such things are kept. */
export function keptHere<T>(name: string, most: number): Kept<T> {
  held.signscopeKept ??= new Map()
  const kept = held.signscopeKept.get(name) ?? new Kept<unknown>(most)
  held.signscopeKept.set(name, kept)
  return kept as Kept<T>
}

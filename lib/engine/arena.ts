/** Where everything lies in the memory of the kernels, settled before anything runs. */

/** Below lie the constants of the kernels; pointer 0 means none. */
const start = 4096
/** Kernels read and write whole vectors, up to 16 floats behind the last value. */
const slack = 64
const alignment = 64

const rounded = (bytes: number) => Math.ceil((bytes + slack) / alignment) * alignment

/**
 * Hands out places in a memory. What is given back is used again by whoever asks later, so that places of a pass are settled
 * in the order the pass runs.
 */
export class Arena {
  #end = start
  #free: { at: number; bytes: number }[] = []
  #taken = new Map<number, number>()

  /** A place that nobody has had or gets: for what is written once, before the first pass. */
  keep(bytes: number): number {
    const at = this.#end
    this.#end += rounded(bytes)
    return at
  }

  /** A place for `bytes` bytes and the slack behind them, until it is given back. */
  take(bytes: number): number {
    const wanted = rounded(bytes)
    const fit = this.#free.filter((hole) => hole.bytes >= wanted).sort((a, b) => a.bytes - b.bytes)[0]
    if (fit === undefined) {
      const at = this.keep(bytes)
      this.#taken.set(at, wanted)
      return at
    }
    const { at } = fit
    fit.at += wanted
    fit.bytes -= wanted
    if (fit.bytes === 0) this.#free.splice(this.#free.indexOf(fit), 1)
    this.#taken.set(at, wanted)
    return at
  }

  /** Gives back a place, which must have been taken. */
  give(at: number): void {
    const bytes = this.#taken.get(at)
    if (bytes === undefined) throw new RangeError(`nothing was taken at ${at}`)
    this.#taken.delete(at)
    this.#free.push({ at, bytes })
    this.#free.sort((a, b) => a.at - b.at)
    this.#free = this.#free.reduce<{ at: number; bytes: number }[]>((merged, hole) => {
      const last = merged.at(-1)
      if (last && last.at + last.bytes === hole.at) last.bytes += hole.bytes
      else merged.push(hole)
      return merged
    }, [])
  }

  /** Bytes the memory must have. */
  get bytes(): number {
    return this.#end + slack
  }
}

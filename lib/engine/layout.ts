/** A memory being laid out: what lies where, and the steps that work on it in their order. */
import { Arena } from './arena'
import type { KernelName } from './kernels'
import { type RecordFields, type RecordName, recordBytes } from './records'

/** An image in memory: values of a pixel lie together, `stride` floats from pixel to pixel. */
export type View = { at: number; stride: number; height: number; width: number; channels: number }

/** A place of `bytes` for every thread, one behind the other. */
export type Scratch = { at: number; bytes: number }

/**
 * A call of a kernel. With `rows` it works on a range of so many, which threads share out; behind `args` stand the thread's own part of
 * `scratch`, then the range.
 */
export type Step = { kernel: KernelName; args: number[]; rows: number | null; scratch: Scratch | null }

/** What runs when, over what memory: data only. */
export type Program = {
  /** Bytes of memory. */
  bytes: number
  constants: { at: number; data: Uint8Array }[]
  steps: Step[]
}

export class Layout {
  readonly arena = new Arena()
  readonly #constants: Program['constants'] = []
  readonly #steps: Step[] = []

  constructor(readonly threads = 1) {}

  get steps(): number {
    return this.#steps.length
  }

  /** Parts that lie one behind the other before the first pass; returns where. */
  constant(...parts: (Float32Array | Uint8Array)[]): number {
    const bytes = parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
    const at = this.arena.keep(bytes.reduce((sum, part) => sum + part.length, 0))
    let to = at
    for (const data of bytes) {
      this.#constants.push({ at: to, data })
      to += data.length
    }
    return at
  }

  record<N extends RecordName>(name: N, fields: RecordFields<N>): number {
    return this.constant(recordBytes(name, fields))
  }

  image({ height, width }: Pick<View, 'height' | 'width'>, channels: number): View {
    return { at: this.arena.take(4 * height * width * channels), stride: channels, height, width, channels }
  }

  /** Gives the place of an image back to those that are made later. */
  drop(view: View): void {
    this.arena.give(view.at)
  }

  /** A place of at least `bytes` for every thread; given back as a whole. */
  scratch(bytes: number): Scratch {
    const own = Math.ceil(bytes / 64) * 64
    return { at: this.arena.take(own * this.threads), bytes: own }
  }

  step(kernel: KernelName, args: number[], rows: number | null = null, scratch: Scratch | null = null): void {
    this.#steps.push({ kernel, args, rows, scratch })
  }

  program(): Program {
    return { bytes: this.arena.bytes, constants: this.#constants, steps: this.#steps }
  }
}

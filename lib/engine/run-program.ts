/** A program in the memory of its own that it needs, ready to run. */
import { newMemory, startKernels } from './kernels'
import type { Program, View } from './layout'
import { controlInts, passOf, startPass, type ThreadSetup } from './threads'

export type RunningProgram = {
  memory: WebAssembly.Memory
  /** All of the memory as floats: a place is a quarter of its address. */
  floats: Float32Array
  /** All steps in their order; `before` is told how many are done and, at the end, that all are. */
  pass(before?: (done: number) => void): void
}

/** Threads that share out each step. */
export type Threads = {
  /** How many, with the one that asks; the program must have been laid out for as many. */
  count: number
  /** Starts a thread with what startThread needs; settles when it is ready. */
  spawn(setup: ThreadSetup): Promise<void>
}

/**
 * Alone, or with threads, for which the module must be a shared build. Throws a RangeError if the host has no such memory
 * to give, and what `spawn` throws if a thread does not start.
 */
export async function startProgram(
  program: Program,
  module: WebAssembly.Module,
  threads?: Threads,
): Promise<RunningProgram> {
  const { steps } = program
  const control = Math.ceil(program.bytes / 4) * 4
  const memory = newMemory(control + 4 * controlInts, threads !== undefined)
  const kernels = await startKernels(module, memory)
  for (const { at, data } of program.constants) new Uint8Array(memory.buffer, at, data.length).set(data)
  const count = threads?.count ?? 1
  const others = Array.from({ length: count - 1 }, (_, i) => i + 1)
  await Promise.all(others.map((index) => threads!.spawn({ module, memory, steps, control, index, count })))
  const pass = passOf({ kernels, memory, steps, control, index: 0, count })
  return {
    memory,
    floats: new Float32Array(memory.buffer),
    pass(before) {
      if (count > 1) startPass(memory, control)
      pass(before)
    },
  }
}

/** The values of a view, pixel by pixel. */
export function valuesOf(floats: Float32Array, { at, stride, height, width, channels }: View): Float32Array {
  const result = new Float32Array(height * width * channels)
  for (let pixel = 0; pixel < height * width; pixel++) {
    const from = at / 4 + pixel * stride
    result.set(floats.subarray(from, from + channels), pixel * channels)
  }
  return result
}

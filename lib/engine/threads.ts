/**
 * A pass shared out among threads over one memory: every thread runs every step on its part of the rows, and all wait for each other
 * before the next. Steps without rows are the first thread's.
 */
import { type Kernels, startKernels } from './kernels'
import type { Step } from './layout'

/** What a thread needs to take part; a message. */
export type ThreadSetup = {
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  steps: Step[]
  /** Address of `controlInts` integers. */
  control: number
  /** Which of `count` threads it is; the first is the one that asks for passes. */
  index: number
  count: number
}

/** Integers at `control`: passes asked for, threads that have arrived, barriers passed. */
export const controlInts = 3
const [asked, arrived, passed] = [0, 1, 2]

/** Looks at a barrier before a thread goes to sleep at it; steps take from microseconds to milliseconds. */
const looks = 20_000
/** Longer than any step: a thread that comes later is gone. */
const patience = 60_000

type Part = Omit<ThreadSetup, 'module'> & { kernels: Kernels }

/** Runs a thread's part of all steps; `before` is told how many are done. */
export function passOf({ kernels, memory, steps, control, index, count }: Part) {
  const ints = new Int32Array(memory.buffer, control, controlInts)
  return (before?: (done: number) => void): void => {
    for (const [i, step] of steps.entries()) {
      before?.(i)
      runPart(kernels, step, index, count)
      if (count > 1) meet(ints, count)
    }
    before?.(steps.length)
  }
}

function runPart(
  kernels: Kernels,
  { kernel, args, rows, scratch }: Step,
  index: number,
  count: number,
): void {
  if (rows === null) {
    if (index === 0) kernels[kernel](...args)
    return
  }
  const [first, last] = [Math.floor((rows * index) / count), Math.floor((rows * (index + 1)) / count)]
  if (first === last) return
  if (scratch === null) kernels[kernel](...args, first, last)
  else kernels[kernel](...args, scratch.at + index * scratch.bytes, first, last)
}

/** Lets the other threads begin a pass. */
export function startPass(memory: WebAssembly.Memory, control: number): void {
  const ints = new Int32Array(memory.buffer, control, controlInts)
  Atomics.add(ints, asked, 1)
  Atomics.notify(ints, asked)
}

/**
 * Makes a thread, but the first, ready. What it gives back then serves passes until the thread is ended from outside; whoever
 * started the thread must know before that it is ready.
 */
export async function startThread({ module, ...setup }: ThreadSetup): Promise<() => never> {
  const { memory, control } = setup
  const pass = passOf({ ...setup, kernels: await startKernels(module, memory) })
  const ints = new Int32Array(memory.buffer, control, controlInts)
  return () => {
    for (let seen = 0; ; seen++) {
      Atomics.wait(ints, asked, seen)
      pass()
    }
  }
}

/** Waits until all threads are here. Throws an Error if one does not come. */
function meet(ints: Int32Array, count: number): void {
  const barrier = Atomics.load(ints, passed)
  if (Atomics.add(ints, arrived, 1) === count - 1) {
    Atomics.store(ints, arrived, 0)
    Atomics.add(ints, passed, 1)
    Atomics.notify(ints, passed)
    return
  }
  for (let look = 0; look < looks; look++) if (Atomics.load(ints, passed) !== barrier) return
  if (Atomics.wait(ints, passed, barrier, patience) === 'timed-out')
    throw new Error('a thread of the one-bit engine has stopped')
}

/** A program in the memory of its own that it needs, ready to run. */
import { startKernels } from './kernels'
import type { Program, Step, View } from './layout'

export type RunningProgram = {
  memory: WebAssembly.Memory
  /** All of the memory as floats: a place is a quarter of its address. */
  floats: Float32Array
  run(step: Step): void
  /** All steps, in their order. */
  pass(): void
}

/** Throws a RangeError if the host has no such memory to give. */
export async function startProgram(program: Program, module: WebAssembly.Module): Promise<RunningProgram> {
  const { kernels, memory } = await startKernels(module, program.bytes)
  for (const { at, data } of program.constants) new Uint8Array(memory.buffer, at, data.length).set(data)
  const run = ({ kernel, args, rows }: Step) => {
    if (rows === null) kernels[kernel](...args)
    else kernels[kernel](...args, 0, rows)
  }
  return {
    memory,
    floats: new Float32Array(memory.buffer),
    run,
    pass: () => {
      for (const step of program.steps) run(step)
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

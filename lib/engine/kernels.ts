/** The kernels as WebAssembly: which build an engine of the host can run, and an instance over a memory of its own. */

export type KernelName =
  | 'convolveOneBit'
  | 'convolveFloat'
  | 'multiply'
  | 'packRows'
  | 'packColumns'
  | 'channelSums'
  | 'groupAffine'
  | 'softmax'
  | 'scaleAndQuantize'
  | 'addToRows'
  | 'addRows'
  | 'addVectors'
  | 'normedRows'
  | 'doubleRows'

export type Kernels = Record<KernelName, (...args: number[]) => void>

/** Relaxed SIMD takes one instruction for a lookup where strict SIMD takes two. Both give the same integers. */
export type Build = 'relaxed' | 'strict'

/** A function of one i8x16.relaxed_swizzle: whoever takes it for valid can run the relaxed build. */
const relaxedProbe = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // \0asm, version 1
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type: () -> v128
  ...[0x03, 0x02, 0x01, 0x00], // function 0 has it
  ...[0x0a, 0x0f, 0x01, 0x0d, 0x00], // code of 13 bytes, no locals
  ...[0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x80, 0x02, 0x0b], // two i8x16.splat 0, swizzle, end
)

/** The fastest build this host can run. */
export function bestBuild(): Build {
  return WebAssembly.validate(relaxedProbe) ? 'relaxed' : 'strict'
}

/** Name of the file of a build; threads need one whose memory they can share. */
export function kernelFile(build: Build, shared: boolean): string {
  return shared ? `${build}-shared.wasm` : `${build}.wasm`
}

const pageBytes = 65536

/** A zeroed memory of at least `bytes` bytes. Throws a RangeError if the host has no such memory to give. */
export function newMemory(bytes: number, shared: boolean): WebAssembly.Memory {
  const pages = Math.ceil(bytes / pageBytes)
  return new WebAssembly.Memory(shared ? { initial: pages, maximum: pages, shared } : { initial: pages })
}

/** Kernels over a memory. */
export async function startKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Kernels> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } })
  return exports as unknown as Kernels
}

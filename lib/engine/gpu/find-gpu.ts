/** Whether there is a GPU to compute on. */

export type FoundGpu =
  | {
      device: GPUDevice
      /** Maker and architecture, as far as the browser tells. */
      name: string
      /** A program that stands in for a GPU: right, but slower than the kernels in WebAssembly. */
      software: boolean
    }
  | { device: null; reason: string }

/** The device of the host's first choice, or in words why there is none. `gpu` is what the host offers (navigator.gpu). */
export async function findGpu(gpu: GPU | undefined = globalThis.navigator?.gpu): Promise<FoundGpu> {
  if (!gpu)
    return {
      device: null,
      reason: 'no WebGPU here: it takes a recent browser, and a page from https or localhost',
    }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) return { device: null, reason: 'WebGPU is there, but no GPU it may use (no adapter)' }
  const { vendor, architecture, isFallbackAdapter } = adapter.info
  const name = [vendor, architecture].filter((part) => part !== '').join(' ') || 'unnamed GPU'
  try {
    const device = await adapter.requestDevice({ label: 'signscope' })
    return { device, name, software: isFallbackAdapter || architecture === 'swiftshader' }
  } catch (error) {
    return { device: null, reason: `${name} gives no device: ${(error as Error).message}` }
  }
}

/** Runs in the page: binarized layers on the GPU, against the plain reference and against the kernels in WebAssembly. */
import type { Geometry } from '../../lib/engine/convolution'
import { findGpu } from '../../lib/engine/gpu/find-gpu'
import { startGpuLayer } from '../../lib/engine/gpu/gpu-layer'
import { planOneLayer } from '../../lib/engine/one-layer'
import { referenceCodes, referenceSums } from '../../lib/engine/reference'
import { startProgram, valuesOf } from '../../lib/engine/run-program'
import { normal } from '../../lib/math/rng'

export type LayerCase = Geometry & {
  height: number
  width: number
  alpha: number
  bases: 1 | 2
  /** One value for all of the input, its values, or a seed of Gaussian noise three codes wide. */
  input: { all: number } | { values: number[] } | { seed: number }
  /** One sign for all weights, or random ones. */
  sign?: 1 | -1
}

/** Sums of the last basis that differ from the reference's, of how many, and the largest of the reference's in size. */
export type SumResult = { different: number; sums: number; largest: number }

declare global {
  interface Window {
    gpu: {
      /** Name of the device, or why there is none. */
      found(): Promise<{ name: string; software: boolean } | { reason: string }>
      compareSums(layer: LayerCase): Promise<SumResult>
      /** Relative L2 distance to the WebAssembly kernels' outputs. */
      compareKernels(layer: LayerCase): Promise<number>
      /** Outputs of a layer that adds up its two inputs, asked for all at once. */
      runTogether(inputs: [number, number][]): Promise<number[]>
      /** Names of the errors that runs and starts which cannot be reject with. */
      refusals(): Promise<Record<string, string>>
    }
  }
}

const found = findGpu()

async function device(): Promise<GPUDevice> {
  const { device } = await found
  if (!device) throw new Error('no GPU')
  return device
}

const gaussian = (seed: number, n: number) => normal(seed, 0, new Float32Array(n))
const product = (shape: readonly number[]) => shape.reduce((n, d) => n * d, 1)

function planesOf({ shape, bases, sign }: LayerCase): Int8Array[] {
  return Array.from({ length: bases }, (_, basis) =>
    Int8Array.from(gaussian(basis, product(shape)), (v) => sign ?? (v < 0 ? -1 : 1)),
  )
}

function inputOf({ input, height, width, shape, alpha }: LayerCase): Float32Array {
  const n = height * width * shape[1]!
  if ('values' in input) return Float32Array.from(input.values)
  if ('all' in input) return new Float32Array(n).fill(input.all)
  return gaussian(input.seed, n).map((v) => 3 * Math.abs(alpha) * v)
}

async function compareSums(layer: LayerCase): Promise<SumResult> {
  const { shape, alpha } = layer
  const outputs = shape[0]!
  const signs = planesOf(layer)
  const x = inputOf(layer)
  const codes = referenceCodes(x, alpha)
  const all = signs.map((plane) => referenceSums(codes, layer, layer, plane))
  const result = { different: 0, sums: 0, largest: 0 }
  // a scale of 1/alpha for one basis and 0 for the others leaves its sums
  for (const [basis, sums] of all.entries()) {
    const sigmas = signs.map((_, i) => new Float32Array(outputs).fill(i === basis ? 1 / alpha : 0))
    const weights = { signs, sigmas, bias: new Float32Array(outputs) }
    const gpu = await startGpuLayer(await device(), layer, weights, alpha, layer)
    const y = await gpu.run(x)
    gpu.dispose()
    if (y.length !== sums.length) throw new Error(`${y.length} outputs for ${sums.length}`)
    result.sums += sums.length
    for (const [i, sum] of sums.entries()) {
      // the scale times alpha is 1 up to its last bit: no sum is large enough for that to reach a half
      if (Math.round(y[i]!) !== sum) result.different++
      result.largest = Math.max(result.largest, Math.abs(sum))
    }
  }
  return result
}

async function compareKernels(layer: LayerCase): Promise<number> {
  const { shape, alpha } = layer
  const outputs = shape[0]!
  const signs = planesOf(layer)
  const sigmas = signs.map((_, basis) => gaussian(20 + basis, outputs).map((v) => 0.05 * Math.abs(v)))
  const weights = { signs, sigmas, bias: gaussian(30, outputs) }
  const x = inputOf(layer)
  const gpu = await startGpuLayer(await device(), layer, weights, alpha, layer)
  const ours = await gpu.run(x)
  gpu.dispose()
  const plan = planOneLayer(layer, weights, alpha, layer)
  const program = await startProgram(plan, await WebAssembly.compileStreaming(fetch('/engine/strict.wasm')))
  program.floats.set(x, plan.x.at / 4)
  program.pass()
  const theirs = valuesOf(program.floats, plan.y)
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY
  let [error, norm] = [0, 0]
  for (const [i, y] of theirs.entries()) {
    error += (ours[i]! - y) ** 2
    norm += y ** 2
  }
  return Math.sqrt(error / norm)
}

const adder = {
  geometry: { shape: [1, 2], stride: 1, padding: 0 },
  weights: { signs: [Int8Array.of(1, 1)], sigmas: [Float32Array.of(1)], bias: new Float32Array(1) },
  size: { height: 1, width: 1 },
}

async function runTogether(inputs: [number, number][]): Promise<number[]> {
  const layer = await startGpuLayer(await device(), adder.geometry, adder.weights, 1, adder.size)
  const outputs = await Promise.all(inputs.map((x) => layer.run(Float32Array.from(x))))
  layer.dispose()
  return outputs.flatMap((y) => [...y])
}

async function refusals(): Promise<Record<string, string>> {
  const x = Float32Array.of(1, 2)
  const { geometry, weights, size } = adder
  // a device of its own, which is lost at the end
  const { device } = await findGpu()
  if (!device) throw new Error('no GPU')
  const start = (alpha: number, image = size) => startGpuLayer(device, geometry, weights, alpha, image)
  const layer = await start(1)
  const disposed = await start(1)
  disposed.dispose()
  const faults = {
    'another number of values': await faultOf(layer.run(x.subarray(1))),
    'a layer disposed of': await faultOf(disposed.run(x)),
    'a step of 0': await faultOf(start(0)),
    'more than a buffer holds': await faultOf(start(1, { height: 20_000, width: 20_000 })),
  }
  device.destroy()
  return { ...faults, 'a lost device': await faultOf(layer.run(x)) }
}

const faultOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: Error) => error.name,
  )

window.gpu = {
  async found() {
    const gpu = await found
    return gpu.device ? { name: gpu.name, software: gpu.software } : { reason: gpu.reason }
  },
  compareSums,
  compareKernels,
  runTogether,
  refusals,
}

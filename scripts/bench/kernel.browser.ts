/** Runs in the page of `bench kernel`: a layer's contestants, timed in turns and checked. */
import { type Build, bestBuild } from '../../lib/engine/kernels'
import { errorMeasures, errorSums } from '../../lib/math/errors'
import { type Contestant, interleaved } from './interleaved'
import {
  type BenchLayer,
  type CheckedCase,
  type ContestantName,
  checkedCases,
  contestants,
} from './kernel-layers'
import { layerData, oneBitContestant } from './one-bit-contestant'
import { ortFloatRival, ortQuantizedRival, tfjsRival } from './rivals'
import { startTfjs } from './start-tfjs'

export type LayerRun = {
  samples: Record<ContestantName, number[]>
  /** Integers of the timed buffers that differ from the reference, before and after they were timed. */
  mismatches: number
  /** How far rivals are from tfjs, relative L2: proof that they compute the layer. */
  distance: Record<'ort-fp32' | 'ort-uint8', number>
}

declare global {
  interface Window {
    kernelBench: {
      build: Build
      timeLayer(layer: BenchLayer, rounds: number): Promise<LayerRun>
      checkCases(): Promise<{ name: string; mismatches: number }[]>
    }
  }
}

/** Further off than this a rival computes something else: rounding of float32, of 8-bit codes. */
const furthest = { 'ort-fp32': 1e-5, 'ort-uint8': 3e-2 }

const [relaxed, strict] = await Promise.all([compiled(bestBuild()), compiled('strict')])
await startTfjs()

window.kernelBench = {
  build: bestBuild(),
  timeLayer,
  async checkCases() {
    const checked: { name: string; mismatches: number }[] = []
    for (const layer of checkedCases) checked.push(await checkCase(layer))
    return checked
  },
}

function compiled(build: Build): Promise<WebAssembly.Module> {
  return WebAssembly.compileStreaming(fetch(`/engine/${build}.wasm`))
}

async function timeLayer(layer: BenchLayer, rounds: number): Promise<LayerRun> {
  const data = layerData(layer)
  const ours = {
    'one-bit': await oneBitContestant(layer, data, 1, relaxed),
    'one-bit-two-bases': await oneBitContestant(layer, data, 2, relaxed),
    'one-bit-strict': await oneBitContestant(layer, data, 1, strict),
  }
  const products = data.signs[0].length / layer.outputs
  const weights = Float32Array.from(data.signs[0], (sign, i) => sign * data.sigma[Math.floor(i / products)]!)
  const floats = { x: data.x, weights, bias: data.bias }
  const tfjs = tfjsRival(layer, floats)
  const y = await tfjs.output()
  const rivals = {
    'tfjs-wasm-fp32': tfjs,
    'ort-fp32': await ortFloatRival(layer, floats),
    'ort-uint8': await ortQuantizedRival(layer, floats, y),
  }
  const distance = { 'ort-fp32': 0, 'ort-uint8': 0 }
  for (const name of ['ort-fp32', 'ort-uint8'] as const) {
    distance[name] = errorMeasures(errorSums(y, await rivals[name].output())).normalizedL2 ?? Number.NaN
    if (!(distance[name] <= furthest[name]))
      throw new Error(`${name} is ${distance[name]} off on ${layer.name}: it computes something else`)
  }
  const mismatches = () => Object.values(ours).reduce((sum, own) => sum + own.takeMismatches(), 0)
  for (const own of Object.values(ours)) own.pass()
  const before = mismatches()
  const runs: Record<ContestantName, () => unknown> = {
    'one-bit': ours['one-bit'].pass,
    'one-bit-two-bases': ours['one-bit-two-bases'].pass,
    'one-bit-strict': ours['one-bit-strict'].pass,
    'tfjs-wasm-fp32': rivals['tfjs-wasm-fp32'].run,
    'ort-fp32': rivals['ort-fp32'].run,
    'ort-uint8': rivals['ort-uint8'].run,
  }
  const turns: Contestant[] = contestants.map((name) => ({ name, run: runs[name] }))
  const samples = (await interleaved(turns, rounds)) as LayerRun['samples']
  for (const rival of Object.values(rivals)) await rival.dispose()
  return { samples, mismatches: before + mismatches(), distance }
}

/** One basis and two, on both builds. */
async function checkCase(layer: CheckedCase): Promise<{ name: string; mismatches: number }> {
  const data = layerData(layer)
  let mismatches = 0
  for (const module of [relaxed, strict])
    for (const bases of [1, 2] as const) {
      // two bases of saturated sums are more than a float holds exactly
      if (bases === 2 && layer.constant !== undefined) continue
      const own = await oneBitContestant(layer, data, bases, module)
      own.pass()
      mismatches += own.takeMismatches()
    }
  const inputs = layer.constant === undefined ? '' : `, inputs ${layer.constant}, weights +1`
  return { name: `${layer.name}${inputs}`, mismatches }
}

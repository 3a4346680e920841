/** A binarized layer on random data as the engine runs it, with the integers its floats must stand for. Runs in a page and in Node. */
import { planOneLayer } from '../../lib/engine/one-layer'
import { referenceCodes, referenceSums } from '../../lib/engine/reference'
import { startProgram, valuesOf } from '../../lib/engine/run-program'
import { normal } from '../../lib/math/rng'
import type { BenchLayer, CheckedCase } from './kernel-layers'

/** Powers of two as scales and whole numbers as bias: every float of an output is then a whole number, and exact. */
export const alpha = 0.5
const sigmaOf = (o: number) => 2 ** (o % 3) / alpha
const biasOf = (o: number) => (o % 7) - 3
/** Keeps the sums of two bases apart in one number. */
const secondBasis = 1024

export type LayerData = {
  /** (H, W, C). */
  x: Float32Array
  /** +1 and -1 of two bases, OIHW. */
  signs: readonly [Int8Array, Int8Array]
  sigma: Float32Array
  bias: Float32Array
  /** What one basis and two must give, (H, W, O). */
  expected: readonly [Float32Array, Float32Array]
}

const gaussian = (stream: number, n: number) => normal(7, stream, new Float32Array(n))

export function layerData(layer: CheckedCase): LayerData {
  const { channels, outputs, kernel, size, constant } = layer
  const x = gaussian(0, size * size * channels).map((v) =>
    constant === undefined ? 2 * v : constant * alpha,
  )
  const plane = (stream: number) =>
    Int8Array.from(gaussian(stream, outputs * channels * kernel ** 2), (w) =>
      constant !== undefined || w >= 0 ? 1 : -1,
    )
  const signs = [plane(1), plane(2)] as const
  const perOutput = (of: (o: number) => number) => Float32Array.from({ length: outputs }, (_, o) => of(o))
  const [sigma, bias] = [perOutput(sigmaOf), perOutput(biasOf)]
  const codes = referenceCodes(x, alpha)
  const [first, second] = signs.map((plane) =>
    referenceSums(codes, { height: size, width: size }, geometryOf(layer), plane),
  ) as [Int32Array, Int32Array]
  const scaled = (sum: number, i: number) => {
    const o = i % outputs
    return sum * sigma[o]! * alpha + bias[o]!
  }
  return {
    ...{ x, signs, sigma, bias },
    expected: [
      Float32Array.from(first, scaled),
      Float32Array.from(first, (sum, i) => scaled(sum + secondBasis * second[i]!, i)),
    ],
  }
}

function geometryOf({ channels, outputs, kernel }: BenchLayer) {
  return { shape: [outputs, channels, kernel, kernel], stride: 1, padding: kernel >> 1 }
}

export type OneBit = {
  pass(): void
  /** How many outputs of the last pass are not the integers they must be; then erases them, so that only a pass can make them right. */
  takeMismatches(): number
}

/** The layer, its weights packed and its input in place. */
export async function oneBitContestant(
  layer: BenchLayer,
  { x, signs, sigma, bias, expected }: LayerData,
  bases: 1 | 2,
  module: WebAssembly.Module,
): Promise<OneBit> {
  const weights = {
    signs: signs.slice(0, bases),
    sigmas: [sigma, sigma.map((v) => v * secondBasis)].slice(0, bases),
    bias,
  }
  const size = { height: layer.size, width: layer.size }
  const plan = planOneLayer(geometryOf(layer), weights, alpha, size)
  const program = await startProgram(plan, module)
  program.floats.set(x, plan.x.at / 4)
  const wanted = expected[bases - 1]!
  return {
    pass: program.pass,
    takeMismatches: () => {
      const found = valuesOf(program.floats, plan.y)
      program.floats.fill(Number.NaN, plan.y.at / 4, plan.y.at / 4 + found.length)
      return found.reduce((count, y, i) => count + (y === wanted[i] ? 0 : 1), 0)
    },
  }
}

/** Convolutions and linear layers, at one bit or in floats, as steps of a program. */
import { blockedWeights } from './float-weights'
import type { Layout, View } from './layout'
import { coefficients, paddedOutputs, weightIndices } from './one-bit-weights'

/** How a layer's input is read on the way: normed and activated, doubled, quantized. */
export type Input = {
  view: View
  /** Place of a and b of a*x + b (groupAffine); 0 or none takes x as it is. */
  affine?: number
  silu?: boolean
  /** Nearest neighbour: every pixel twice in both directions. */
  doubled?: boolean
}

/** Step of the input and its smallest and largest code; a step of 0 leaves floats alone. */
export type InputStep = { alpha: number; lowest: number; highest: number }

export type Output = {
  view: View
  residual?: View
  /** Multiplies the sum of layer and residual. */
  factor?: number
  /** A vector that is added to the bias, set anew in every pass. */
  added?: View
}

export type Geometry = {
  /** OIHW, [O, I, 1] or [out, in]. */
  shape: readonly number[]
  /** Pixels from output to output. */
  stride: number
  /** Zeros before the first row and column. */
  padding: number
}

/** Pixels of the output along an axis of n; kernels of 3 pad one pixel on the far side as well. */
export function outputSize(n: number, kernel: number, stride: number, padding: number): number {
  return Math.floor((n + (kernel === 1 ? 0 : padding + 1) - kernel) / stride) + 1
}

/** Weights +1 and -1 of each basis, their scales per output channel, and the bias. */
export type OneBitWeights = {
  signs: readonly Int8Array[]
  sigmas: readonly Float32Array[]
  bias: Float32Array
}

/** A layer on inputs of 4 bits whose weights are signs: its sums are taken on the bits. */
export function oneBitConvolution(
  layout: Layout,
  geometry: Geometry,
  { signs, sigmas, bias }: OneBitWeights,
  input: Input,
  alpha: number,
  output: Output,
): void {
  const { shape } = geometry
  const { factor = 1, added, view } = output
  const table = coefficients(sigmas, alpha, bias, factor)
  const coefficientsAt = layout.constant(table)
  const padded = paddedOutputs(bias.length)
  // the offsets of even and of odd sums
  for (const from of added ? [padded, 2 * padded] : [])
    addToBias(layout, added!, factor, table.subarray(from, from + padded), coefficientsAt + 4 * from)
  const weights = layout.constant(...signs.map((plane) => weightIndices(plane, shape)))
  const common = outputFields(geometry, output)
  const columns = (view.width - 1) * geometry.stride + common.kernel
  // rows of tables with the sum of each pixel's codes, middles of a row, sums of a block of outputs, two blocks
  const ring = layout.scratch(
    common.kernel * columns * (64 * Math.ceil(shape[1]! / 16) + 4) + 8 * view.width + 256 + 256,
  )
  const source = layout.record('Source', sourceFields(geometry, input, { alpha, lowest: -8, highest: 7 }))
  const record = layout.record('OneBitConvolution', {
    ...common,
    ...{ source, paddedOutputs: padded, bases: signs.length },
    ...{ weights, coefficients: coefficientsAt },
  })
  layout.step('convolveOneBit', [record], view.height, ring)
  layout.arena.give(ring.at)
}

/** A layer in floats, its input rounded to the codes of a step if there is one. */
export function floatConvolution(
  layout: Layout,
  geometry: Geometry,
  { weights, bias }: { weights: Float32Array; bias: Float32Array },
  input: Input,
  step: InputStep,
  output: Output,
): void {
  const { shape } = geometry
  const { factor = 1, added, view } = output
  const scaled = new Float32Array(Math.ceil(bias.length / 8) * 8)
  for (let o = 0; o < bias.length; o++) scaled[o] = bias[o]! * factor
  const biasAt = layout.constant(scaled)
  if (added) addToBias(layout, added, factor, scaled, biasAt)
  const common = outputFields(geometry, output)
  const columns = (view.width - 1) * geometry.stride + common.kernel
  const ring = layout.scratch(common.kernel * (4 * columns * shape[1]! + 16) + 16)
  const source = layout.record('Source', sourceFields(geometry, input, step))
  const record = layout.record('FloatConvolution', {
    ...common,
    ...{ source, weights: layout.constant(blockedWeights(weights, shape)), bias: biasAt },
  })
  layout.step('convolveFloat', [record], view.height, ring)
  layout.arena.give(ring.at)
}

/** Writes bias + factor * added over the bias, which lies at `at`, before the layer runs. */
function addToBias(layout: Layout, added: View, factor: number, bias: Float32Array, at: number): void {
  layout.step('addVectors', [added.at, factor, layout.constant(bias.slice()), added.channels, at])
}

function sourceFields({ shape, padding }: Geometry, { view, affine, silu, doubled }: Input, step: InputStep) {
  return {
    ...{ x: view.at, stride: view.stride, height: view.height, width: view.width, channels: shape[1]! },
    ...{ doubled: doubled ? 1 : 0, affine: affine ?? 0, silu: silu ? 1 : 0, padding },
    ...step,
  }
}

function outputFields({ shape, stride }: Geometry, { view, residual, factor = 1 }: Output) {
  return {
    ...{ kernel: shape[2] ?? 1, step: stride, height: view.height, width: view.width, outputs: shape[0]! },
    ...{ y: view.at, yStride: view.stride },
    ...{ residual: residual?.at ?? 0, residualStride: residual?.stride ?? 0, factor },
  }
}

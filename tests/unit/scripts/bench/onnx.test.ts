import path from 'node:path'
import * as ort from 'onnxruntime-web/wasm'
import { beforeAll, describe, expect, it } from 'vitest'
import { normal } from '@/lib/math/rng'
import { fieldsOf } from '@/lib/record/protobuf'
import { type ConvolutionModel, floatConvolutionModel, quantizedConvolutionModel } from '@/scripts/bench/onnx'

const [channels, outputs, height, width] = [3, 5, 4, 6]
const x = normal(1, 0, new Float32Array(channels * height * width))
const modelOf = (kernel: 1 | 3): ConvolutionModel => ({
  ...{ channels, outputs, kernel, height, width },
  weights: normal(1, 1, new Float32Array(outputs * channels * kernel ** 2)),
  bias: normal(1, 2, new Float32Array(outputs)),
})

/** NCHW, written out. */
function convolved({ kernel, weights, bias }: ConvolutionModel): Float32Array {
  const y = new Float32Array(outputs * height * width)
  const pad = kernel >> 1
  for (let o = 0; o < outputs; o++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        let sum = bias[o]!
        for (let c = 0; c < channels; c++)
          for (let i = 0; i < kernel; i++)
            for (let j = 0; j < kernel; j++) {
              const [r, s] = [row + i - pad, column + j - pad]
              if (r < 0 || r >= height || s < 0 || s >= width) continue
              sum +=
                weights[((o * channels + c) * kernel + i) * kernel + j]! * x[(c * height + r) * width + s]!
            }
        y[(o * height + row) * width + column] = sum
      }
  return y
}

async function run(model: Uint8Array): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] })
  const { y } = await session.run({ x: new ort.Tensor('float32', x, [1, channels, height, width]) })
  expect(y!.dims).toEqual([1, outputs, height, width])
  return y!.data as Float32Array
}

const largestError = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0)

beforeAll(() => {
  ort.env.wasm.numThreads = 1
  ort.env.wasm.wasmPaths = `${path.resolve('node_modules/onnxruntime-web/dist')}/`
})

describe('a convolution written as an ONNX model', () => {
  for (const kernel of [1, 3] as const) {
    it(`gives in onnxruntime what the loops give, ${kernel}x${kernel}`, async () => {
      const model = modelOf(kernel)
      expect(largestError(await run(floatConvolutionModel(model)), convolved(model))).toBeLessThan(1e-5)
    })

    it(`stays within its 8-bit steps when quantized, ${kernel}x${kernel}`, async () => {
      const model = modelOf(kernel)
      const expected = convolved(model)
      const most = (values: Float32Array) => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0)
      const steps = {
        input: most(x) / 127,
        output: most(expected) / 127,
        weights: new Float32Array(outputs).fill(most(model.weights) / 127),
      }
      const error = largestError(await run(quantizedConvolutionModel(model, steps)), expected)
      // half a step of each product's two factors at worst, and of the output
      const products = channels * kernel ** 2
      const bound =
        (products * (steps.input * most(model.weights) + steps.weights[0]! * most(x))) / 2 + steps.output
      expect(error).toBeLessThan(bound)
      expect(error).toBeGreaterThan(0)
    })
  }

  it('is a protocol buffer with the graph, the operator set and nothing else', () => {
    const fields = [...fieldsOf(floatConvolutionModel(modelOf(3)))].map(({ number }) => number)
    expect(fields).toEqual([1, 7, 8])
  })
})

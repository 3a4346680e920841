/** The same layer in the runtimes people use in a browser. Runs in a page. */

import { fused, type Tensor4D, tensor1d, tensor4d, tidy } from '@tensorflow/tfjs-core'
import * as ort from 'onnxruntime-web/wasm'
import { toNCHW, toNHWC, uploadWeight } from '../../lib/unet/unet'
import type { BenchLayer } from './kernel-layers'
import { floatConvolutionModel, quantizedConvolutionModel } from './onnx'

export type FloatLayer = {
  /** (H, W, C). */
  x: Float32Array
  /** OIHW. */
  weights: Float32Array
  bias: Float32Array
}

export type Rival = {
  run(): unknown
  /** (H, W, O) of a run. */
  output(): Promise<Float32Array>
  dispose(): unknown
}

export function tfjsRival({ size, channels, outputs, kernel }: BenchLayer, data: FloatLayer): Rival {
  const x = tensor4d(data.x, [1, size, size, channels])
  const filter = uploadWeight({ shape: [outputs, channels, kernel, kernel], data: data.weights }) as Tensor4D
  const bias = tensor1d(data.bias)
  const convolve = () => fused.conv2d({ x, filter, strides: 1, pad: 'same', bias })
  return {
    run: () => convolve().dispose(),
    output: async () => tidy(() => convolve().dataSync() as Float32Array),
    dispose: () => {
      for (const tensor of [x, filter, bias]) tensor.dispose()
    },
  }
}

/** onnxruntime-web on WebAssembly, one thread, in floats. */
export function ortFloatRival(layer: BenchLayer, data: FloatLayer): Promise<Rival> {
  return ortRival(layer, data, floatConvolutionModel(modelOf(layer, data)))
}

/** The same with 8-bit codes inside; `y` are outputs in floats, which the step of its outputs is set from. */
export function ortQuantizedRival(layer: BenchLayer, data: FloatLayer, y: Float32Array): Promise<Rival> {
  const { outputs } = layer
  const products = data.weights.length / outputs
  const stepOf = (values: Float32Array) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0) / 127
  const weights = Float32Array.from({ length: outputs }, (_, o) =>
    stepOf(data.weights.subarray(o * products, (o + 1) * products)),
  )
  const steps = { input: stepOf(data.x), output: stepOf(y), weights }
  return ortRival(layer, data, quantizedConvolutionModel(modelOf(layer, data), steps))
}

function modelOf({ size, channels, outputs, kernel }: BenchLayer, { weights, bias }: FloatLayer) {
  return { channels, outputs, kernel, height: size, width: size, weights, bias }
}

async function ortRival({ size, channels }: BenchLayer, data: FloatLayer, model: Uint8Array): Promise<Rival> {
  ort.env.wasm.numThreads = 1
  ort.env.wasm.proxy = false
  ort.env.wasm.wasmPaths = '/ort/'
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] })
  const nchw = toNCHW(data.x, [1, size, size, channels])
  const x = new ort.Tensor('float32', nchw, [1, channels, size, size])
  return {
    run: () => session.run({ x }),
    output: async () => {
      const { y } = await session.run({ x })
      return toNHWC(y!.data as Float32Array, [...y!.dims])
    },
    dispose: () => session.release(),
  }
}

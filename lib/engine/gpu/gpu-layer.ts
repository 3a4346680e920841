/**
 * A single binarized layer on a GPU: what planOneLayer and startProgram do in WebAssembly. Buffers and bindings are laid out once; a run
 * uploads the input, computes and reads the output back.
 */
import { type Geometry, type OneBitWeights, outputSize } from '../convolution'
import { codeThresholds } from './code-thresholds'
import { quantizeShader, sumShader, workgroup } from './shaders'
import { foursOf, signWords, wordsOf } from './sign-words'

export type GpuLayer = {
  /**
   * (H', W', O) floats of an image of (H, W, C) floats; runs wait for those before them. Rejects with a RangeError for another
   * number of values, and with an error of the GPU if it is lost or the layer disposed of.
   */
  run(x: Float32Array): Promise<Float32Array>
  dispose(): void
}

/** Flags of buffers and of mapping, which Node's scope does not have. */
const usage = { mapRead: 0x1, copySrc: 0x4, copyDst: 0x8, storage: 0x80 }
const readMode = 0x1

/**
 * The layer on images of `size`; `alpha` is the step of its 4-bit input. The shaders' integers are those of reference.ts, whatever the
 * GPU. Throws a RangeError if alpha is zero or not finite, or if the GPU has no buffers of the size it takes.
 */
export async function startGpuLayer(
  device: GPUDevice,
  geometry: Geometry,
  { signs, sigmas, bias }: OneBitWeights,
  alpha: number,
  size: { height: number; width: number },
): Promise<GpuLayer> {
  const { shape, stride, padding } = geometry
  const [outputs, channels, kernel = 1] = shape as [number, number, number?]
  const height = outputSize(size.height, kernel, stride, padding)
  const width = outputSize(size.width, kernel, stride, padding)
  const words = wordsOf(channels)
  const gridWidth = Math.max((width - 1) * stride + kernel, padding + size.width)
  const gridHeight = Math.max((height - 1) * stride + kernel, padding + size.height)
  const values = size.height * size.width * channels

  const bytes = {
    x: 4 * values,
    codes: 16 * gridHeight * gridWidth * words,
    signs: 16 * signs.length * kernel * kernel * words * foursOf(outputs),
    y: 4 * height * width * outputs,
  }
  const most = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize)
  for (const [name, needed] of Object.entries(bytes))
    if (needed > most)
      throw new RangeError(`${name} of the layer takes ${needed} bytes, a buffer of this GPU holds ${most}`)

  const thresholds = codeThresholds(alpha)
  const planes = signs.map((plane) => signWords(plane, shape))
  const table = coefficients(sigmas, alpha, bias)
  const [quantize, sum] = await Promise.all([
    compiled(device, quantizeShader, {
      ...{ channels, words, width: size.width, height: size.height, gridWidth, padding },
      direction: Math.sign(alpha),
    }),
    compiled(device, sumShader, {
      ...{ words, gridWidth, kernel, stride, width, height, outputs },
      bases: signs.length,
    }),
  ])

  device.pushErrorScope('out-of-memory')
  const { storage, copySrc, copyDst, mapRead } = usage
  const buffer = (size: number, usage: number) => device.createBuffer({ size, usage })
  const buffers = {
    x: buffer(bytes.x, storage | copyDst),
    thresholds: buffer(thresholds.byteLength, storage | copyDst),
    codes: buffer(bytes.codes, storage),
    signs: buffer(bytes.signs, storage | copyDst),
    coefficients: buffer(table.byteLength, storage | copyDst),
    y: buffer(bytes.y, storage | copySrc),
    read: buffer(bytes.y, mapRead | copyDst),
  }
  const { queue } = device
  queue.writeBuffer(buffers.thresholds, 0, thresholds)
  queue.writeBuffer(buffers.coefficients, 0, table)
  for (const [basis, plane] of planes.entries())
    queue.writeBuffer(buffers.signs, basis * plane.byteLength, plane)
  const passes = [
    {
      pipeline: quantize,
      bindings: bound(device, quantize, [buffers.x, buffers.thresholds, buffers.codes]),
      groups: workgroups(words, size),
    },
    {
      pipeline: sum,
      bindings: bound(device, sum, [buffers.codes, buffers.signs, buffers.coefficients, buffers.y]),
      groups: workgroups(foursOf(outputs), { height, width }),
    },
  ]
  const dispose = () => {
    for (const each of Object.values(buffers)) each.destroy()
  }
  const fault = await device.popErrorScope()
  if (fault) {
    dispose()
    throw new RangeError(`the GPU has no memory for the layer: ${fault.message}`)
  }

  async function once(x: Float32Array): Promise<Float32Array> {
    if (x.length !== values)
      throw new RangeError(
        `${x.length} values for ${size.height}x${size.width} pixels of ${channels} channels`,
      )
    queue.writeBuffer(buffers.x, 0, x)
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    for (const { pipeline, bindings, groups } of passes) {
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, bindings)
      pass.dispatchWorkgroups(...groups)
    }
    pass.end()
    encoder.copyBufferToBuffer(buffers.y, 0, buffers.read, 0, bytes.y)
    queue.submit([encoder.finish()])
    await buffers.read.mapAsync(readMode)
    const y = new Float32Array(buffers.read.getMappedRange()).slice()
    buffers.read.unmap()
    return y
  }

  let previous: Promise<unknown> = Promise.resolve()
  return {
    run(x) {
      const next = previous.then(() => once(x))
      previous = next.catch(() => null)
      return next
    },
    dispose,
  }
}

/** Scale of each basis, then the bias, each for the outputs and those that fill the last four. */
function coefficients(sigmas: readonly Float32Array[], alpha: number, bias: Float32Array): Float32Array {
  const padded = 4 * foursOf(bias.length)
  const table = new Float32Array(padded * (sigmas.length + 1))
  for (const [basis, sigma] of sigmas.entries())
    table.set(
      sigma.map((scale) => scale * Math.fround(alpha)),
      basis * padded,
    )
  table.set(bias, sigmas.length * padded)
  return table
}

function compiled(device: GPUDevice, code: string, constants: Record<string, number>) {
  const module = device.createShaderModule({ code })
  return device.createComputePipelineAsync({ layout: 'auto', compute: { module, constants } })
}

/** Buffers as bindings 0, 1, ... of a pipeline. */
function bound(device: GPUDevice, pipeline: GPUComputePipeline, buffers: GPUBuffer[]): GPUBindGroup {
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }))
  return device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries })
}

/** Workgroups for so many words or fours of outputs of every pixel. */
function workgroups(count: number, { height, width }: { height: number; width: number }) {
  const [x, y, z] = workgroup
  return [Math.ceil(count / x), Math.ceil(width / y), Math.ceil(height / z)] as const
}

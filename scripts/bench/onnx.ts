/** One convolution as an ONNX model, written by hand: the few messages of onnx.proto it takes. */

/** NCHW; OIHW weights, stride 1, as many pixels out as in. */
export type ConvolutionModel = {
  channels: number
  outputs: number
  kernel: 1 | 3
  height: number
  width: number
  weights: Float32Array
  bias: Float32Array
}

/** Steps of the 8-bit codes of input and output, whose zero point is 128, and of each output's weights (signed, symmetric). */
export type Steps = { input: number; output: number; weights: Float32Array }

const elementTypes = { float: 1, uint8: 2, int8: 3, int32: 6 } as const
type ElementType = keyof typeof elementTypes

type Constant = { name: string; type: ElementType; dims: number[]; data: ArrayBufferView }
type Node = { op: string; inputs: string[]; output: string; attributes?: Record<string, number[]> }

/** x and y in floats, the convolution in floats. */
export function floatConvolutionModel(model: ConvolutionModel): Uint8Array {
  const { outputs, channels, kernel, weights, bias } = model
  return modelBytes(
    model,
    [{ op: 'Conv', inputs: ['x', 'w', 'b'], output: 'y', attributes: attributesOf(model) }],
    [
      { name: 'w', type: 'float', dims: [outputs, channels, kernel, kernel], data: weights },
      { name: 'b', type: 'float', dims: [outputs], data: bias },
    ],
  )
}

/** x and y in floats, between them codes of 8 bits: unsigned inputs and outputs, signed weights. */
export function quantizedConvolutionModel(model: ConvolutionModel, steps: Steps): Uint8Array {
  const { outputs, channels, kernel, weights, bias } = model
  const products = channels * kernel * kernel
  const codes = Int8Array.from(weights, (w, i) => Math.round(w / steps.weights[Math.floor(i / products)]!))
  const biases = Int32Array.from(bias, (b, o) => Math.round(b / (steps.input * steps.weights[o]!)))
  const scalar = (name: string, type: ElementType, data: ArrayBufferView): Constant => ({
    ...{ name, type, data, dims: [] },
  })
  return modelBytes(
    model,
    [
      { op: 'QuantizeLinear', inputs: ['x', 'xStep', 'zero'], output: 'xCodes' },
      {
        op: 'QLinearConv',
        inputs: ['xCodes', 'xStep', 'zero', 'w', 'wStep', 'wZero', 'yStep', 'zero', 'b'],
        output: 'yCodes',
        attributes: attributesOf(model),
      },
      { op: 'DequantizeLinear', inputs: ['yCodes', 'yStep', 'zero'], output: 'y' },
    ],
    [
      scalar('xStep', 'float', Float32Array.of(steps.input)),
      scalar('yStep', 'float', Float32Array.of(steps.output)),
      scalar('zero', 'uint8', Uint8Array.of(128)),
      { name: 'w', type: 'int8', dims: [outputs, channels, kernel, kernel], data: codes },
      { name: 'wStep', type: 'float', dims: [outputs], data: steps.weights },
      { name: 'wZero', type: 'int8', dims: [outputs], data: new Int8Array(outputs) },
      { name: 'b', type: 'int32', dims: [outputs], data: biases },
    ],
  )
}

function attributesOf({ kernel }: ConvolutionModel): Record<string, number[]> {
  const pad = kernel >> 1
  return { kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad], strides: [1, 1] }
}

function modelBytes(
  { channels, outputs, height, width }: ConvolutionModel,
  nodes: readonly Node[],
  constants: readonly Constant[],
): Uint8Array {
  const graph = message([
    ...nodes.map((node): Field => [1, nodeBytes(node)]),
    [2, 'convolution'],
    ...constants.map((constant): Field => [5, constantBytes(constant)]),
    [11, valueInfo('x', [1, channels, height, width])],
    [12, valueInfo('y', [1, outputs, height, width])],
  ])
  // operator set 13 of the default domain, and the IR version that came with it
  const operators = message([
    [1, ''],
    [2, 13],
  ])
  return message([
    [1, 7],
    [7, graph],
    [8, operators],
  ])
}

function nodeBytes({ op, inputs, output, attributes = {} }: Node): Uint8Array {
  const integers = 7 // AttributeProto.INTS
  return message([
    ...inputs.map((name): Field => [1, name]),
    [2, output],
    [4, op],
    ...Object.entries(attributes).map(([name, values]): Field => {
      return [5, message([[1, name], ...values.map((value): Field => [8, value]), [20, integers]])]
    }),
  ])
}

function constantBytes({ name, type, dims, data }: Constant): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return message([...dims.map((dim): Field => [1, dim]), [2, elementTypes[type]], [8, name], [9, bytes]])
}

/** A tensor of floats at the door of the graph. */
function valueInfo(name: string, dims: readonly number[]): Uint8Array {
  const shape = message(dims.map((dim): Field => [1, message([[1, dim]])]))
  const tensor = message([
    [1, elementTypes.float],
    [2, shape],
  ])
  return message([
    [1, name],
    [2, message([[1, tensor]])],
  ])
}

/** A field of a protocol buffer: its number, and a whole number, text or bytes (a message, raw data). */
type Field = [number: number, value: number | string | Uint8Array]

function message(fields: readonly Field[]): Uint8Array {
  const parts = fields.flatMap(([number, value]) => {
    if (typeof value === 'number') return [varint(number * 8), varint(value)]
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
    return [varint(number * 8 + 2), varint(bytes.length), bytes]
  })
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}

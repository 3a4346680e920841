/** A network ready to run: host parameters of a checkpoint, uploaded once per quantizer. */
import { type Tensor, type Tensor4D, tensor } from '@tensorflow/tfjs-core'
import { fullPrecision, type PackedWeight, type Quantizer } from '../quant/quantizer'
import type { Layer } from '../record/run'
import { InputError } from '../tensor/error'
import { sameShape, sizeOf, type TensorMap } from '../tensor/tensor'
import { type Architecture, architecture, flatten } from './architecture'
import type { UNetConfig } from './config'
import { type NetworkParts, networkParts, type Tap, unetForward } from './forward'

/** Shapes every parameter must have, by name, in the checkpoint's layout (OIHW, [out, in], [C]). */
export function parameterShapes(config: UNetConfig): Map<string, number[]> {
  const { layers, norms } = flatten(architecture(config))
  const shapes = new Map<string, number[]>()
  for (const layer of layers) {
    shapes.set(`${layer.id}.weight`, weightShape(layer))
    shapes.set(`${layer.id}.bias`, [layer.outChannels])
  }
  for (const { id, channels } of norms) {
    shapes.set(`${id}.weight`, [channels])
    shapes.set(`${id}.bias`, [channels])
  }
  return shapes
}

/** All values of a network, biases and norms included. */
export function parameterCount(config: UNetConfig): number {
  return [...parameterShapes(config).values()].reduce((sum, shape) => sum + sizeOf(shape), 0)
}

/** [O, I, K, K] of a convolution ([O, I, K] along one axis), [out, in] of a linear layer. */
export function weightShape({ kind, axes, outChannels, inChannels, kernel }: Layer): number[] {
  const taps = kind === 'linear' ? [] : new Array<number>(axes ?? 2).fill(kernel)
  return [outChannels, inChannels, ...taps]
}

/**
 * Throws an InputError naming the first parameter that is missing or has another shape than the configuration asks.
 * `file` names the checkpoint.
 */
export function checkParameters(config: UNetConfig, shapes: Map<string, number[]>, file: string): void {
  for (const [name, expected] of parameterShapes(config)) {
    const actual = shapes.get(name)
    if (!actual) {
      throw new InputError({
        file,
        item: name,
        problem: 'this tensor is missing',
        remedy:
          'The checkpoint is incomplete, or belongs to another configuration: give its own with --config.',
      })
    }
    if (!sameShape(actual, expected)) {
      throw new InputError({
        file,
        item: name,
        problem: `the shape is [${actual.join(', ')}], the configuration needs [${expected.join(', ')}]`,
        remedy: 'Give the configuration this checkpoint was trained with (--config).',
      })
    }
  }
}

/**
 * A U-Net that runs. Holds tfjs tensors, so it has a life: `dispose()` frees them all.
 * Uploads weights once per quantizer and keeps them until `release(quantizer)` or `dispose()`.
 */
export class UNet {
  readonly architecture: Architecture
  readonly layers: Layer[]
  #shared = new Map<string, Tensor>()
  #weights = new Map<Quantizer, Map<string, Tensor>>()

  /**
   * `tensors` in checkpoint layout, and by layer id the weights that are not among them because only their codes are
   * known. Throws an InputError when one is missing or of the wrong shape.
   */
  constructor(
    readonly config: UNetConfig,
    readonly tensors: TensorMap,
    readonly name: string,
    readonly packed: ReadonlyMap<string, PackedWeight> = new Map(),
  ) {
    const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]))
    for (const [id, { shape }] of packed) shapes.set(`${id}.weight`, shape)
    checkParameters(config, shapes, name)
    this.architecture = architecture(config)
    this.layers = flatten(this.architecture).layers
  }

  /**
   * eps for x (B,H,W,C) at timesteps t (one per image). The caller owns the result;
   * taps see each module's output while it lives.
   */
  forward(
    x: Tensor4D,
    t: ArrayLike<number>,
    quantizer: Quantizer = fullPrecision,
    tap: Tap = () => {},
  ): Tensor4D {
    if (t.length !== x.shape[0]) {
      throw new InputError({
        file: this.name,
        item: 't',
        problem: `${t.length} timesteps for ${x.shape[0]} images`,
        remedy: 'Give one timestep for each image.',
      })
    }
    return unetForward(this.architecture, this.parts(quantizer), x, t, tap)
  }

  /** Its parts one by one, with the weights of a quantizer, uploaded if they were not; valid until `release(quantizer)` or `dispose()`. */
  parts(quantizer: Quantizer): NetworkParts {
    const weights = this.#upload(quantizer)
    const parameters = (name: string) => (weights.get(name) ?? this.#shared.get(name))!
    return networkParts(this.config, parameters, (id, input) => quantizer.input(id, input))
  }

  /** Frees the weights uploaded for one quantizer. */
  release(quantizer: Quantizer): void {
    for (const tensor of this.#weights.get(quantizer)?.values() ?? []) tensor.dispose()
    this.#weights.delete(quantizer)
  }

  dispose(): void {
    for (const quantizer of [...this.#weights.keys()]) this.release(quantizer)
    for (const tensor of this.#shared.values()) tensor.dispose()
    this.#shared.clear()
  }

  #upload(quantizer: Quantizer): Map<string, Tensor> {
    const known = this.#weights.get(quantizer)
    if (known) return known
    const weights = new Map<string, Tensor>()
    const layerIds = new Set(this.layers.map((layer) => layer.id))
    for (const layer of this.layers) {
      const name = `${layer.id}.weight`
      const stored = this.packed.get(layer.id) ?? this.tensors.get(name)!
      weights.set(name, uploadWeight(quantizer.weight(layer.id, stored)))
    }
    if (this.#shared.size === 0) {
      for (const [name, shape] of parameterShapes(this.config)) {
        if (name.endsWith('.weight') && layerIds.has(name.slice(0, -'.weight'.length))) continue
        this.#shared.set(name, tensor(this.tensors.get(name)!.data, shape))
      }
    }
    this.#weights.set(quantizer, weights)
    return weights
  }
}

/**
 * Checkpoint layout to tfjs layout: OIHW -> HWIO, [O, I, 1] -> 11IO, [out, in] -> [in, out], vectors as they are. The
 * caller owns it.
 */
export function uploadWeight({ shape, data }: { shape: readonly number[]; data: Float32Array }): Tensor {
  const [o, i = 1] = shape
  if (shape.length === 1) return tensor(data, [o!])
  const taps = data.length / (o! * i)
  const to = new Float32Array(data.length)
  for (let out = 0, p = 0; out < o!; out++) {
    for (let c = 0; c < i; c++) for (let k = 0; k < taps; k++) to[(k * i + c) * o! + out] = data[p++]!
  }
  return tensor(to, shape.length === 2 ? [i, o!] : [shape[2]!, shape[3] ?? 1, i, o!])
}

/** The way back for gradients: HWIO or [in, out] values to checkpoint layout. */
export function toCheckpointLayout(values: Float32Array, shape: readonly number[]): Float32Array {
  const [o, i = 1] = shape
  if (shape.length === 1) return values
  const taps = values.length / (o! * i)
  const to = new Float32Array(values.length)
  for (let out = 0, p = 0; out < o!; out++) {
    for (let c = 0; c < i; c++) for (let k = 0; k < taps; k++) to[p++] = values[(k * i + c) * o! + out]!
  }
  return to
}

/** NCHW values -> NHWC, and back with toNCHW. */
export function toNHWC(x: Float32Array, [b, c, h, w]: readonly number[]): Float32Array {
  const to = new Float32Array(x.length)
  const pixels = h! * w!
  for (let n = 0, p = 0; n < b!; n++) {
    for (let i = 0; i < c!; i++) for (let j = 0; j < pixels; j++) to[(n * pixels + j) * c! + i] = x[p++]!
  }
  return to
}

/** NHWC values -> NCHW; shape is that of x: (B,H,W,C). */
export function toNCHW(x: Float32Array, [b, h, w, c]: readonly number[]): Float32Array {
  const to = new Float32Array(x.length)
  const pixels = h! * w!
  for (let n = 0, p = 0; n < b!; n++) {
    for (let j = 0; j < pixels; j++) for (let i = 0; i < c!; i++) to[(n * c! + i) * pixels + j] = x[p++]!
  }
  return to
}

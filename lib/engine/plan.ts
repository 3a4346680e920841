/**
 * A network laid out as steps of kernels over one memory: what lies where, what runs when. Data only, made once per network and
 * image size; a pass runs the steps for one image.
 *
 * Convolutions read their input through norm, SiLU, doubling and quantizer on the way (assembly/rows.ts) and add the residual as
 * they write, so that there is no step for any of these. Skips are written where the up path reads them: a concatenation is two
 * views of one place.
 */
import { effectiveWeight, packWeight } from '../quant/binarizer'
import { codeRange } from '../quant/lsq'
import type { Layer } from '../record/run'
import { InputError } from '../tensor/error'
import type {
  Architecture,
  Attention,
  Block,
  Level,
  Norm,
  Operand,
  Resample,
  ResBlock,
} from '../unet/architecture'
import { architecture } from '../unet/architecture'
import { type Checkpoint, storedWeight } from '../unet/checkpoint'
import { Arena } from './arena'
import { blockedWeights } from './float-weights'
import type { KernelName } from './kernels'
import { coefficients, indexBytes, paddedOutputs, weightIndices } from './one-bit-weights'
import { type RecordFields, type RecordName, recordBytes } from './records'

/** An image in memory: values of a pixel lie together, `stride` floats from pixel to pixel. */
export type View = { at: number; stride: number; height: number; width: number; channels: number }

/** A call of a kernel. With `rows` it works on a range of so many, which is given behind `args`. */
export type Step = { kernel: KernelName; args: number[]; rows: number | null }

export type Plan = {
  /** Bytes of memory. */
  bytes: number
  constants: { at: number; data: Uint8Array }[]
  steps: Step[]
  /** The noisy image, the sines and cosines of the timestep, the prediction. */
  x: View
  sinusoid: View
  eps: View
  /** Set to 1 by a pass that met a value that is not finite. */
  fault: number
  /** What a tap sees: the output of a module, after so many steps. Empty unless asked for. */
  marks: { id: string; after: number; view: View }[]
  /** Layers whose sums are taken at one bit, and bytes of their indices; the others compute in floats. */
  oneBit: { layers: string[]; bytes: number }
}

/** How a layer's input is read. */
type Input = {
  view: View
  affine?: number
  silu?: boolean
  doubled?: boolean
}

type Output = {
  target?: View
  residual?: View
  /** Multiplies sum and residual. */
  factor?: number
  /** A vector that is added to the bias. */
  added?: View
}

/**
 * The plan of a checkpoint's network for images of `size` pixels, as its manifest says: layers with sign planes and 4-bit inputs at
 * one bit, all others in floats, rounded as the manifest asks. With `taps` every module's output can be seen, for
 * which some steps are done one by one. Throws an InputError for a network whose steps are computed from every batch.
 */
export function planNetwork(checkpoint: Checkpoint, size: number, taps = false): Plan {
  return new Planner(checkpoint, taps).network(size)
}

class Planner {
  readonly #net: Architecture
  readonly #arena = new Arena()
  readonly #constants: Plan['constants'] = []
  readonly #steps: Step[] = []
  readonly #marks: Plan['marks'] = []
  readonly #oneBit: Plan['oneBit'] = { layers: [], bytes: 0 }
  readonly #fault: number

  constructor(
    readonly checkpoint: Checkpoint,
    readonly taps: boolean,
  ) {
    this.#net = architecture(checkpoint.config)
    this.#fault = this.#arena.keep(4)
  }

  network(size: number): Plan {
    const net = this.#net
    const { config } = net
    const image = { height: size, width: size }
    const sinusoid = this.#image({ height: 1, width: 1 }, config.stemChannels)
    const hidden = this.#layer(net.time[0], { view: sinusoid })
    const time = this.#layer(net.time[1], { view: hidden, silu: true })
    this.#mark(net.timeEmbedding, time)

    const x = this.#image(image, config.inChannels)
    const places = this.#skips(size)
    const skip = () => places.skips.shift()!
    const affine = config.centerInput ? this.#constantAffine(2, -1, config.inChannels) : 0
    let h = this.#layer(net.convIn, { view: x, affine }, { target: skip() })
    if (net.stem !== null) this.#mark(net.stem, h)
    for (const level of net.down) {
      for (const block of level.blocks) h = this.#block(block, h, time, skip())
      if (level.resample) h = this.#resample(level.resample, h, 'down', time, skip())
      if (level.id !== null) this.#mark(level.id, h)
    }
    const first = this.#resBlock(net.mid.res1, h, time)
    const second = this.#attention(net.mid.attention, first)
    this.#drop(first)
    h = this.#resBlock(net.mid.res2, second, time, places.joined[0]!.own)
    this.#drop(second)
    this.#mark(net.mid.id, h)
    let joined = 0
    for (const level of net.up) h = upLevel(this, level)
    function upLevel(planner: Planner, level: Level): View {
      for (const [i, block] of level.blocks.entries()) {
        const { whole } = places.joined[joined++]!
        const next = i === level.blocks.length - 1 && level.resample ? undefined : places.joined[joined]?.own
        h = planner.#block(block, whole, time, next)
        planner.#drop(whole)
      }
      if (level.resample) {
        const from = h
        h = planner.#resample(level.resample, from, 'up', time, places.joined[joined]?.own)
        planner.#drop(from)
      }
      if (level.id !== null) planner.#mark(level.id, h)
      return h
    }
    const eps = this.#layer(net.convOut, { view: h, affine: this.#norm(net.normOut, h), silu: true })
    if (net.sinusoid !== null) this.#marks.unshift({ id: net.sinusoid, after: 0, view: sinusoid })
    return {
      bytes: this.#arena.bytes,
      constants: this.#constants,
      steps: this.#steps,
      ...{ x, sinusoid, eps },
      fault: this.#fault,
      marks: this.#marks,
      oneBit: this.#oneBit,
    }
  }

  /**
   * Places of what the up path joins: per block in its order, what came from below (`own`) and the skip beside it. Skips in the
   * order the down path makes them.
   */
  #skips(size: number): { joined: { whole: View; own: View }[]; skips: View[] } {
    const { config, down, up } = this.#net
    const made = [{ channels: config.stemChannels, size }]
    for (const [level, { blocks, resample }] of down.entries()) {
      for (const { res } of blocks) made.push({ channels: res.conv2.outChannels, size: size >> level })
      const last = blocks.at(-1)!.res.conv2.outChannels
      if (resample) made.push({ channels: last, size: size >> (level + 1) })
    }
    const blocks = up.flatMap((level) => level.blocks)
    const pairs = blocks.map(({ res }, i) => {
      const { channels, size } = made[made.length - 1 - i]!
      const whole = this.#image({ height: size, width: size }, res.norm1.channels)
      const below = res.norm1.channels - channels
      return {
        whole,
        own: { ...whole, channels: below },
        skip: { ...whole, at: whole.at + 4 * below, channels },
      }
    })
    return { joined: pairs, skips: pairs.map(({ skip }) => skip).reverse() }
  }

  #block({ res, attention, whole }: Block, x: View, time: View, target?: View): View {
    if (!attention) {
      const h = this.#resBlock(res, x, time, target)
      if (whole !== null) this.#mark(whole, h)
      return h
    }
    const middle = this.#resBlock(res, x, time)
    const h = this.#attention(attention, middle, target)
    this.#drop(middle)
    if (whole !== null) this.#mark(whole, h)
    return h
  }

  #resBlock(block: ResBlock, x: View, time: View, target?: View): View {
    const { config } = this.#net
    const input = this.#resized(block, x)
    const embedded = this.#layer(block.timeProjection, { view: time, silu: true })
    const added = config.scaleShift ? undefined : embedded
    const h1 = this.#layer(block.conv1, input, { added })
    if (input.view !== x) this.#drop(input.view)
    const affine = this.#norm(block.norm2, h1, config.scaleShift ? embedded : undefined)
    this.#drop(embedded)
    const shortcut = this.#shortcut(block, x, target)
    const h = this.#layer(
      block.conv2,
      { view: h1, affine, silu: true },
      { target: shortcut === x ? target : shortcut, residual: shortcut, factor: 1 / block.scale },
    )
    this.#drop(h1)
    this.#mark(block.id, h)
    return h
  }

  /** What conv1 reads: x normed and activated, halved or doubled if the block resizes. */
  #resized({ norm1, resize }: ResBlock, x: View): Input {
    const affine = this.#norm(norm1, x)
    if (resize !== 'down') return { view: x, affine, silu: true, doubled: resize === 'up' }
    return { view: this.#normed(x, affine, true, true) }
  }

  #shortcut({ shortcut, resize }: ResBlock, x: View, target?: View): View {
    if (shortcut) return this.#layer(shortcut, { view: x }, { target })
    if (resize === null) return x
    return resize === 'down' ? this.#normed(x, 0, false, true, target) : this.#doubled(x, target)
  }

  #attention(block: Attention, x: View, target?: View): View {
    const { config } = this.#net
    const { heads, products } = block
    const affine = this.#norm(block.norm, x)
    const inputs = block.qkv.map((layer) => this.#layer(layer, { view: x, affine }))
    const width = x.channels / heads
    const tokens = x.height * x.width
    const stride = Math.ceil(tokens / 8) * 8
    const part = (which: 0 | 1 | 2, head: number): View => {
      if (inputs.length === 3) return { ...inputs[which]!, at: inputs[which]!.at + 4 * head * width }
      const first = config.qkv === 'by kind' ? which * x.channels + head * width : (head * 3 + which) * width
      return { ...inputs[0]!, at: inputs[0]!.at + 4 * first }
    }
    const root = width ** -0.5
    const onOperands = config.attentionScale === 'operands'
    const summed = this.#image(x, x.channels)
    const scores = this.#arena.take(4 * tokens * stride)
    const packed = this.#arena.take(4 * Math.max(stride * width, tokens * Math.ceil(width / 8) * 8))
    const quantize = (name: Operand, at: number, rowStride: number, n: number, factor: number) => {
      const { alpha, lowest, highest } = this.#inputStep(`${products}.${name}`)
      if (alpha === 0 && factor === 1) return
      this.#step(
        'scaleAndQuantize',
        [at, rowStride, n, factor, alpha, lowest, highest, at, rowStride],
        tokens,
      )
    }
    for (let head = 0; head < heads; head++) {
      const [q, k, v] = [part(0, head), part(1, head), part(2, head)]
      quantize('q', q.at, q.stride, width, onOperands ? Math.sqrt(root) : 1)
      quantize('k', k.at, k.stride, width, onOperands ? Math.sqrt(root) : 1)
      this.#step('packColumns', [k.at, k.stride, width, tokens, packed])
      const factor = onOperands ? 1 : root
      this.#step('multiply', [q.at, q.stride, width, packed, tokens, factor, scores, stride], tokens)
      this.#step('softmax', [scores, tokens, stride], tokens)
      quantize('w', scores, stride, tokens, 1)
      quantize('v', v.at, v.stride, width, 1)
      this.#step('packRows', [v.at, v.stride, tokens, width, packed])
      const to = summed.at + 4 * head * width
      this.#step('multiply', [scores, stride, tokens, packed, width, 1, to, summed.stride], tokens)
    }
    for (const view of inputs) this.#drop(view)
    this.#arena.give(scores)
    this.#arena.give(packed)
    if (products !== null) this.#mark(products, summed)
    const h = this.#layer(block.out, { view: summed }, { target, residual: x, factor: 1 / block.scale })
    this.#drop(summed)
    this.#mark(block.id, h)
    return h
  }

  #resample(resample: Resample, x: View, way: 'down' | 'up', time: View, target?: View): View {
    const { id, conv, block, whole } = resample
    const h = block
      ? this.#resBlock(block, x, time, target)
      : conv
        ? this.#layer(conv, { view: x, doubled: way === 'up' }, { target })
        : way === 'down'
          ? this.#normed(x, 0, false, true, target)
          : this.#doubled(x, target)
    if (!block) this.#mark(id, h)
    if (whole !== null) this.#mark(whole, h)
    return h
  }

  /** A conv or linear layer; a tap sees it without what is added and the residual, for which these are then steps of their own. */
  #layer(layer: Layer, input: Input, output: Output = {}): View {
    const { residual, factor = 1, added } = output
    const apart = this.taps && (residual !== undefined || added !== undefined)
    const { height, width } = input.view
    const [rows, columns] = input.doubled ? [2 * height, 2 * width] : [height, width]
    const along = (n: number) =>
      layer.stride === 1 ? n : Math.floor((n + this.#net.config.downsamplePadding + 1 - layer.kernel) / 2) + 1
    const size = { height: along(rows), width: along(columns) }
    if (!apart) {
      const y = output.target ?? this.#image(size, layer.outChannels)
      this.#convolve(layer, input, y, { residual, factor, added })
      if (residual === undefined) this.#mark(layer.id, y)
      return y
    }
    const y = this.#image(size, layer.outChannels)
    this.#convolve(layer, input, y, { factor: 1 })
    this.#mark(layer.id, y)
    if (added) this.#step('addToRows', [y.at, y.stride, y.channels, added.at], y.height * y.width)
    if (!residual) return y
    const target = output.target ?? this.#image(size, layer.outChannels)
    this.#step(
      'addRows',
      [y.at, y.stride, residual.at, residual.stride, y.channels, factor, target.at, target.stride],
      y.height * y.width,
    )
    this.#drop(y)
    return target
  }

  #convolve(layer: Layer, input: Input, y: View, { residual, factor = 1, added }: Output): void {
    const { checkpoint } = this
    const precision = checkpoint.manifest[layer.id]!
    const scales = checkpoint.scales.get(layer.id) ?? {}
    const whose = { file: checkpoint.name, layer: layer.id }
    const stored = storedWeight(checkpoint, layer.id)
    const bias = checkpoint.tensors.get(`${layer.id}.bias`)!.data
    const kernel = layer.kernel
    const columns = (y.width - 1) * layer.stride + kernel
    const step = this.#inputStep(layer.id)
    const source = this.#record('Source', {
      x: input.view.at,
      stride: input.view.stride,
      height: input.view.height,
      width: input.view.width,
      channels: layer.inChannels,
      doubled: input.doubled ? 1 : 0,
      affine: input.affine ?? 0,
      silu: input.silu ? 1 : 0,
      padding: kernel === 1 ? 0 : layer.stride === 2 ? this.#net.config.downsamplePadding : 1,
      ...step,
    })
    const common = {
      ...{ source, kernel, step: layer.stride, height: y.height, width: y.width, outputs: layer.outChannels },
      ...{ y: y.at, yStride: y.stride, residual: residual?.at ?? 0, residualStride: residual?.stride ?? 0 },
      factor,
    }
    if (precision.bases > 0 && precision.activationBits === 4) {
      const packed = packWeight(precision, stored, scales, whose)!
      const { codes, shape } = packed.weight
      const sigmas = [packed.scales.sigma1!, packed.scales.sigma2].filter((s) => s !== undefined)
      const indices = codes.map((plane) => weightIndices(plane, shape))
      const table = coefficients(codes, sigmas, step.alpha, bias, factor)
      const padded = paddedOutputs(layer.outChannels)
      const at = this.#constant(table)
      if (added)
        this.#addToBias(added, factor, table.subarray(codes.length * padded), at + 4 * codes.length * padded)
      const weights = this.#constant(...indices)
      const ring = this.#arena.take(
        kernel * columns * (64 * Math.ceil(layer.inChannels / 16) + 4) + 4 * y.width + 256,
      )
      this.#oneBit.layers.push(layer.id)
      this.#oneBit.bytes += codes.length * indexBytes(shape)
      const record = this.#record('OneBitConvolution', {
        ...common,
        ...{ paddedOutputs: padded, bases: codes.length, weights, coefficients: at, ring },
      })
      this.#step('convolveOneBit', [record], y.height)
      this.#arena.give(ring)
      return
    }
    const { data, shape } = effectiveWeight(precision, stored, scales, whose)
    const scaled = new Float32Array(Math.ceil(bias.length / 8) * 8)
    for (let o = 0; o < bias.length; o++) scaled[o] = bias[o]! * factor
    const at = this.#constant(scaled)
    if (added) this.#addToBias(added, factor, scaled, at)
    const ring = this.#arena.take(kernel * (4 * columns * layer.inChannels + 16) + 16)
    const record = this.#record('FloatConvolution', {
      ...common,
      ...{ weights: this.#constant(blockedWeights(data, shape)), bias: at, ring },
    })
    this.#step('convolveFloat', [record], y.height)
    this.#arena.give(ring)
  }

  /** Writes bias + factor * added over the bias, which lies at `at`, before the layer runs. */
  #addToBias(added: View, factor: number, bias: Float32Array, at: number): void {
    this.#step('addVectors', [added.at, factor, this.#constant(bias.slice()), added.channels, at])
  }

  /** Step and range of the codes of what enters a layer or a product; a step of 0 means floats. */
  #inputStep(id: string): { alpha: number; lowest: number; highest: number } {
    const { manifest, scales, name } = this.checkpoint
    const precision = manifest[id]
    if (!precision || precision.activationBits === 32) return { alpha: 0, lowest: 0, highest: 0 }
    if (precision.alphaPerBatch)
      throw new InputError({
        file: name,
        item: id,
        problem: 'the step of its input is computed from every batch, which the one-bit engine does not do',
        remedy: 'Run it simulated, or in a reading with the steps that are stored.',
        code: 'unsupported',
      })
    const { Qn, Qp } = codeRange(precision.activationBits)
    return { alpha: scales.get(id)?.alpha ?? 0, lowest: Qn, highest: Qp }
  }

  /** The norm of x as a place of a and b; `shift` is a vector of scales and shifts that follow it. */
  #norm({ id, channels }: Norm, x: View, shift?: View): number {
    const { config } = this.#net
    const { tensors } = this.checkpoint
    const pixels = x.height * x.width
    const sums = this.#arena.take(16 * Math.ceil(channels / 4) * 4)
    const gamma = this.#constant(tensors.get(`${id}.weight`)!.data)
    const beta = this.#constant(tensors.get(`${id}.bias`)!.data)
    const affine = this.#arena.take(8 * Math.ceil(channels / 16) * 16)
    this.#step('channelSums', [x.at, x.stride, pixels, channels, sums], Math.ceil(channels / 4))
    const write = (shift: number) =>
      this.#step('groupAffine', [
        ...[sums, pixels, channels, config.normGroups, config.normEpsilon, gamma, beta],
        ...[shift, affine, this.#fault],
      ])
    if (this.taps) {
      write(0)
      const seen = this.#normed(x, affine, false, false)
      this.#mark(id, seen)
      this.#drop(seen)
    }
    if (!this.taps || shift) write(shift?.at ?? 0)
    this.#arena.give(sums)
    return affine
  }

  #normed(x: View, affine: number, silu: boolean, halved: boolean, target?: View): View {
    const size = halved ? { height: x.height >> 1, width: x.width >> 1 } : x
    const y = target ?? this.#image(size, x.channels)
    this.#step(
      'normedRows',
      [x.at, x.stride, y.width, x.channels, affine, silu ? 1 : 0, halved ? 1 : 0, y.at, y.stride],
      y.height,
    )
    return y
  }

  #doubled(x: View, target?: View): View {
    const y = target ?? this.#image({ height: 2 * x.height, width: 2 * x.width }, x.channels)
    this.#step('doubleRows', [x.at, x.stride, x.width, x.channels, y.at, y.stride], y.height)
    return y
  }

  #image({ height, width }: Pick<View, 'height' | 'width'>, channels: number): View {
    return { at: this.#arena.take(4 * height * width * channels), stride: channels, height, width, channels }
  }

  #drop(view: View): void {
    this.#arena.give(view.at)
  }

  #constant(...parts: (Float32Array | Uint8Array)[]): number {
    const bytes = parts.map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    )
    const at = this.#arena.keep(bytes.reduce((sum, part) => sum + part.length, 0))
    let to = at
    for (const data of bytes) {
      this.#constants.push({ at: to, data })
      to += data.length
    }
    return at
  }

  #constantAffine(a: number, b: number, channels: number): number {
    const padded = Math.ceil(channels / 16) * 16
    return this.#constant(
      new Float32Array(2 * padded).fill(a, 0, channels).fill(b, padded, padded + channels),
    )
  }

  #record<N extends RecordName>(name: N, fields: RecordFields<N>): number {
    return this.#constant(recordBytes(name, fields))
  }

  #step(kernel: KernelName, args: number[], rows: number | null = null): void {
    this.#steps.push({ kernel, args, rows })
  }

  #mark(id: string, view: View): void {
    if (this.taps) this.#marks.push({ id, after: this.#steps.length, view })
  }
}

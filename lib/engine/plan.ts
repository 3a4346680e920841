/**
 * A network laid out as steps of kernels over one memory: what lies where, what runs when. Data only, made once per network and
 * image size; a pass runs the steps for one image.
 *
 * Convolutions read their input through norm, SiLU, doubling and quantizer on the way (assembly/rows.ts) and add the residual as
 * they write, so that there is no step for any of these. Skips are written where the up path reads them: a concatenation is two
 * views of one place.
 */
import { basisScales, effectiveWeight, type Scales, signPlanes, type Whose } from '../quant/binarizer'
import { codeRange } from '../quant/lsq'
import { isPacked, type StoredWeight } from '../quant/quantizer'
import { isOneBit, type LayerPrecision } from '../record/precision'
import type { Layer } from '../record/run'
import { InputError } from '../tensor/error'
import {
  type Architecture,
  type Attention,
  architecture,
  type Block,
  type Level,
  type Norm,
  type Operand,
  type Resample,
  type ResBlock,
} from '../unet/architecture'
import { type Checkpoint, storedWeight } from '../unet/checkpoint'
import { paddingOf } from '../unet/forward'
import {
  floatConvolution,
  type Input,
  type InputStep,
  type OneBitWeights,
  type Output,
  oneBitConvolution,
  outputSize,
} from './convolution'
import { Layout, type Program, type View } from './layout'
import { indexBytes } from './one-bit-weights'

export type Plan = Program & {
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

/** What becomes of a layer's output; a place is found where none is wanted. */
type Wanted = Partial<Output>

/**
 * The plan of a checkpoint's network for images of `size` pixels, as its manifest says: layers with sign planes and 4-bit inputs at
 * one bit, all others in floats, rounded as the manifest asks. With `taps` every module's output can be seen, for
 * which some steps are done one by one; `threads` share out each step. Throws an InputError for a network whose steps are computed
 * from every batch.
 */
export function planNetwork(checkpoint: Checkpoint, size: number, taps = false, threads = 1): Plan {
  return new Planner(checkpoint, taps, threads).network(size)
}

class Planner {
  readonly #net: Architecture
  readonly #layout: Layout
  readonly #marks: Plan['marks'] = []
  readonly #oneBit: Plan['oneBit'] = { layers: [], bytes: 0 }
  readonly #fault: number

  constructor(
    readonly checkpoint: Checkpoint,
    readonly taps: boolean,
    threads: number,
  ) {
    this.#net = architecture(checkpoint.config)
    this.#layout = new Layout(threads)
    this.#fault = this.#layout.arena.keep(4)
  }

  network(size: number): Plan {
    const net = this.#net
    const { config } = net
    const image = { height: size, width: size }
    const sinusoid = this.#layout.image({ height: 1, width: 1 }, config.stemChannels)
    const hidden = this.#layer(net.time[0], { view: sinusoid })
    const time = this.#layer(net.time[1], { view: hidden, silu: true })
    this.#mark(net.timeEmbedding, time)

    const x = this.#layout.image(image, config.inChannels)
    const places = this.#skips(size)
    const skip = () => places.skips.shift()!
    const affine = config.centerInput ? this.#constantAffine(2, -1, config.inChannels) : 0
    let h = this.#layer(net.convIn, { view: x, affine }, { view: skip() })
    if (net.stem !== null) this.#mark(net.stem, h)
    for (const level of net.down) {
      for (const block of level.blocks) h = this.#block(block, h, time, skip())
      if (level.resample) h = this.#resample(level.resample, h, 'down', time, skip())
      if (level.id !== null) this.#mark(level.id, h)
    }
    const first = this.#resBlock(net.mid.res1, h, time)
    const second = this.#attention(net.mid.attention, first)
    this.#layout.drop(first)
    h = this.#resBlock(net.mid.res2, second, time, places.joined[0]!.own)
    this.#layout.drop(second)
    this.#mark(net.mid.id, h)
    let joined = 0
    for (const level of net.up) h = upLevel(this, level)
    function upLevel(planner: Planner, level: Level): View {
      for (const [i, block] of level.blocks.entries()) {
        const { whole } = places.joined[joined++]!
        const next = i === level.blocks.length - 1 && level.resample ? undefined : places.joined[joined]?.own
        h = planner.#block(block, whole, time, next)
        planner.#layout.drop(whole)
      }
      if (level.resample) {
        const from = h
        h = planner.#resample(level.resample, from, 'up', time, places.joined[joined]?.own)
        planner.#layout.drop(from)
      }
      if (level.id !== null) planner.#mark(level.id, h)
      return h
    }
    const eps = this.#layer(net.convOut, { view: h, affine: this.#norm(net.normOut, h), silu: true })
    if (net.sinusoid !== null) this.#marks.unshift({ id: net.sinusoid, after: 0, view: sinusoid })
    return {
      ...this.#layout.program(),
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
      const whole = this.#layout.image({ height: size, width: size }, res.norm1.channels)
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
    this.#layout.drop(middle)
    if (whole !== null) this.#mark(whole, h)
    return h
  }

  #resBlock(block: ResBlock, x: View, time: View, target?: View): View {
    const { config } = this.#net
    const input = this.#resized(block, x)
    const embedded = this.#layer(block.timeProjection, { view: time, silu: true })
    const added = config.scaleShift ? undefined : embedded
    const h1 = this.#layer(block.conv1, input, { added })
    if (input.view !== x) this.#layout.drop(input.view)
    const affine = this.#norm(block.norm2, h1, config.scaleShift ? embedded : undefined)
    this.#layout.drop(embedded)
    const shortcut = this.#shortcut(block, x, target)
    const h = this.#layer(
      block.conv2,
      { view: h1, affine, silu: true },
      { view: shortcut === x ? target : shortcut, residual: shortcut, factor: 1 / block.scale },
    )
    this.#layout.drop(h1)
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
    if (shortcut) return this.#layer(shortcut, { view: x }, { view: target })
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
    const summed = this.#layout.image(x, x.channels)
    const scores = this.#layout.arena.take(4 * tokens * stride)
    const packed = this.#layout.arena.take(4 * Math.max(stride * width, tokens * Math.ceil(width / 8) * 8))
    const quantize = (name: Operand, at: number, rowStride: number, n: number, factor: number) => {
      const { alpha, lowest, highest } = this.#inputStep(`${products}.${name}`)
      if (alpha === 0 && factor === 1) return
      this.#layout.step(
        'scaleAndQuantize',
        [at, rowStride, n, factor, alpha, lowest, highest, at, rowStride],
        tokens,
      )
    }
    for (let head = 0; head < heads; head++) {
      const [q, k, v] = [part(0, head), part(1, head), part(2, head)]
      quantize('q', q.at, q.stride, width, onOperands ? Math.sqrt(root) : 1)
      quantize('k', k.at, k.stride, width, onOperands ? Math.sqrt(root) : 1)
      this.#layout.step('packColumns', [k.at, k.stride, width, tokens, packed])
      const factor = onOperands ? 1 : root
      this.#layout.step('multiply', [q.at, q.stride, width, packed, tokens, factor, scores, stride], tokens)
      this.#layout.step('softmax', [scores, tokens, stride], tokens)
      quantize('w', scores, stride, tokens, 1)
      quantize('v', v.at, v.stride, width, 1)
      this.#layout.step('packRows', [v.at, v.stride, tokens, width, packed])
      const to = summed.at + 4 * head * width
      this.#layout.step('multiply', [scores, stride, tokens, packed, width, 1, to, summed.stride], tokens)
    }
    for (const view of inputs) this.#layout.drop(view)
    this.#layout.arena.give(scores)
    this.#layout.arena.give(packed)
    if (products !== null) this.#mark(products, summed)
    const h = this.#layer(block.out, { view: summed }, { view: target, residual: x, factor: 1 / block.scale })
    this.#layout.drop(summed)
    this.#mark(block.id, h)
    return h
  }

  #resample(resample: Resample, x: View, way: 'down' | 'up', time: View, target?: View): View {
    const { id, conv, block, whole } = resample
    const h = block
      ? this.#resBlock(block, x, time, target)
      : conv
        ? this.#layer(conv, { view: x, doubled: way === 'up' }, { view: target })
        : way === 'down'
          ? this.#normed(x, 0, false, true, target)
          : this.#doubled(x, target)
    if (!block) this.#mark(id, h)
    if (whole !== null) this.#mark(whole, h)
    return h
  }

  /** A conv or linear layer; a tap sees it without the residual and what is added, for which there are steps of their own then. */
  #layer(layer: Layer, input: Input, { view, residual, factor = 1, added }: Wanted = {}): View {
    const size = this.#outputSize(layer, input)
    const target = view ?? this.#layout.image(size, layer.outChannels)
    if (!this.taps || (residual === undefined && added === undefined)) {
      this.#convolve(layer, input, { view: target, residual, factor, added })
      this.#mark(layer.id, target)
      return target
    }
    const y = residual ? this.#layout.image(size, layer.outChannels) : target
    this.#convolve(layer, input, { view: y })
    this.#mark(layer.id, y)
    const pixels = y.height * y.width
    if (added) this.#layout.step('addToRows', [y.at, y.stride, y.channels, added.at], pixels)
    if (residual) {
      const args = [y.at, y.stride, residual.at, residual.stride, y.channels, factor]
      this.#layout.step('addRows', [...args, target.at, target.stride], pixels)
      this.#layout.drop(y)
    }
    return target
  }

  #outputSize(layer: Layer, { view, doubled }: Input): Pick<View, 'height' | 'width'> {
    const [padding] = paddingOf(layer, this.#net.config)
    const along = (n: number) => outputSize(doubled ? 2 * n : n, layer.kernel, layer.stride, padding)
    return { height: along(view.height), width: along(view.width) }
  }

  #convolve(layer: Layer, input: Input, output: Output): void {
    const { manifest, scales, tensors, name } = this.checkpoint
    const { id, stride } = layer
    const precision = manifest[id]!
    const [stored, own, whose] = [
      storedWeight(this.checkpoint, id),
      scales.get(id) ?? {},
      { file: name, layer: id },
    ]
    const bias = tensors.get(`${id}.bias`)!.data
    const step = this.#inputStep(id)
    const [padding] = paddingOf(layer, this.#net.config)
    const signs = isOneBit(precision) ? signsOf(precision, stored, own, whose) : null
    if (signs) {
      const geometry = { shape: stored.shape, stride, padding }
      oneBitConvolution(this.#layout, geometry, { ...signs, bias }, input, step.alpha, output)
      this.#oneBit.layers.push(id)
      this.#oneBit.bytes += signs.sigmas.length * indexBytes(stored.shape)
      return
    }
    const { data, shape } = effectiveWeight(precision, stored, own, whose)
    floatConvolution(this.#layout, { shape, stride, padding }, { weights: data, bias }, input, step, output)
  }

  /** Step and range of the codes of what enters a layer or a product; a step of 0 means floats. */
  #inputStep(id: string): InputStep {
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
    const sums = this.#layout.arena.take(16 * Math.ceil(channels / 4) * 4)
    const gamma = this.#layout.constant(tensors.get(`${id}.weight`)!.data)
    const beta = this.#layout.constant(tensors.get(`${id}.bias`)!.data)
    const affine = this.#layout.arena.take(8 * Math.ceil(channels / 16) * 16)
    this.#layout.step('channelSums', [x.at, x.stride, pixels, channels, sums], Math.ceil(channels / 4))
    const write = (shift: number) =>
      this.#layout.step('groupAffine', [
        ...[sums, pixels, channels, config.normGroups, config.normEpsilon, gamma, beta],
        ...[shift, affine, this.#fault],
      ])
    if (this.taps) {
      write(0)
      const seen = this.#normed(x, affine, false, false)
      this.#mark(id, seen)
      this.#layout.drop(seen)
    }
    if (!this.taps || shift) write(shift?.at ?? 0)
    this.#layout.arena.give(sums)
    return affine
  }

  #normed(x: View, affine: number, silu: boolean, halved: boolean, target?: View): View {
    const size = halved ? { height: x.height >> 1, width: x.width >> 1 } : x
    const y = target ?? this.#layout.image(size, x.channels)
    this.#layout.step(
      'normedRows',
      [x.at, x.stride, y.width, x.channels, affine, silu ? 1 : 0, halved ? 1 : 0, y.at, y.stride],
      y.height,
    )
    return y
  }

  #doubled(x: View, target?: View): View {
    const y = target ?? this.#layout.image({ height: 2 * x.height, width: 2 * x.width }, x.channels)
    this.#layout.step('doubleRows', [x.at, x.stride, x.width, x.channels, y.at, y.stride], y.height)
    return y
  }

  #constantAffine(a: number, b: number, channels: number): number {
    const padded = Math.ceil(channels / 16) * 16
    return this.#layout.constant(
      new Float32Array(2 * padded).fill(a, 0, channels).fill(b, padded, padded + channels),
    )
  }

  #mark(id: string, view: View): void {
    const after = this.#layout.steps
    // a module that is nothing but its layer is seen once
    if (this.taps && this.#marks.at(-1)?.id !== id) this.#marks.push({ id, after, view })
  }
}

/** Signs and scales of a layer's bases; null where a sign is 0, which one bit does not hold. */
function signsOf(
  precision: LayerPrecision,
  stored: StoredWeight,
  scales: Scales,
  whose: Whose,
): Pick<OneBitWeights, 'signs' | 'sigmas'> | null {
  const used = basisScales(precision, stored, scales, whose)
  if (used === null) return null
  const signs = isPacked(stored) ? stored.codes : signPlanes(stored.data, used, precision.zeroSign)
  if (signs.some((plane) => plane.includes(0))) return null
  return { signs, sigmas: used.sigma2 ? [used.sigma1, used.sigma2] : [used.sigma1] }
}

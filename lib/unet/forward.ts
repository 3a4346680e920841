/**
 * The one forward pass. B batch, H W space, C channels (NHWC).
 * Sources: ermongroup/ddim models/diffusion.py, diffusers unet_2d.py, resnet.py, attention_processor.py,
 * latent-diffusion openaimodel.py.
 */
import {
  add,
  mul,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core'
import type { Layer } from '../record/run'
import type {
  Architecture,
  Attention,
  Block,
  Level,
  Norm,
  Operand,
  Resample,
  ResBlock,
  Resize,
} from './architecture'
import type { UNetConfig } from './config'
import {
  addPerImage,
  attentionSum,
  attentionWeights,
  averagePool2x,
  concatChannels,
  conv2d,
  fusedPart,
  groupNorm,
  linear,
  type Padding,
  residualSum,
  scaleAndShift,
  silu,
  times,
  upsample2x,
} from './ops'

/** Sees the output of every module by id, layer or block; the only hook. The tensor is valid during the call. */
export type Tap = (id: string, output: Tensor) => void

/** A value of a pass: a tensor for each network that goes through it side by side, in their order. */
export type Lanes<T extends Tensor = Tensor> = readonly T[]

/** What is seen of a pass; tensors are valid during the call. */
export type Sights = {
  /** Every layer, with its inputs before they are quantized; before `output` sees it. */
  layer?: (layer: Layer, inputs: Lanes, outputs: Lanes) => void
  /** As a tap, of all networks at once. */
  output?: (id: string, outputs: Lanes) => void
}

/**
 * The parameters a pass computes with: filters HWIO, linear weights (in, out), vectors (C).
 * Asked by the tensor's name in the checkpoint, `ID.weight` or `ID.bias`.
 */
export type Parameters = (name: string) => Tensor

/** What becomes of the input of a layer, or of an operand of attention, before it is used; the identity in full precision. */
export type InputQuantizer = (id: string, x: Tensor) => Tensor

/** The parts of a pass that depend on whose parameters it computes with. */
export type Parts = {
  /** A conv or linear layer on an input that is not yet quantized. */
  layer(layer: Layer, x: Tensor): Tensor
  norm(norm: Norm, x: Tensor4D): Tensor4D
  /** What attention computes with in place of an operand. */
  operand(id: string, x: Tensor): Tensor
}

/** The parts of one network; its layer is `product` after `quantize`. */
export type NetworkParts = Parts & {
  quantize: InputQuantizer
  product(layer: Layer, input: Tensor): Tensor
}

/** The parts with the given parameters and quantizer of inputs. */
export function networkParts(
  config: UNetConfig,
  parameters: Parameters,
  quantize: InputQuantizer,
): NetworkParts {
  const vector = (name: string) => parameters(name) as Tensor1D
  const product = (layer: Layer, input: Tensor): Tensor => {
    const [weight, bias] = [parameters(`${layer.id}.weight`), vector(`${layer.id}.bias`)]
    if (layer.kind === 'linear') return linear(input, weight as Tensor2D, bias)
    const padding = paddingOf(layer, config)
    return conv2d(input as Tensor4D, weight as Tensor4D, bias, layer.stride, padding)
  }
  return {
    ...{ quantize, product, operand: quantize },
    layer: (layer, x) => product(layer, quantize(layer.id, x)),
    norm: ({ id }, x) =>
      groupNorm(x, vector(`${id}.weight`), vector(`${id}.bias`), config.normGroups, config.normEpsilon),
  }
}

/**
 * eps = unet(x, t): x (B,H,W,C) at timesteps t (B values) -> (B,H,W,out). The caller owns the result.
 * Differentiable in the parameters when called under tf.grads.
 */
export function unetForward(
  net: Architecture,
  parts: Parts,
  x: Tensor4D,
  t: ArrayLike<number>,
  tap: Tap = () => {},
): Tensor4D {
  return forwardSideBySide(net, [parts], x, t, { output: (id, [output]) => tap(id, output!) })[0]!
}

/**
 * As unetForward, for several networks of one architecture on the same x and t, each by its parts: no layer runs in one before the
 * layer above it has run in all, so that a comparison needs to hold one layer's features, never those of a pass.
 */
export function forwardSideBySide(
  net: Architecture,
  parts: readonly Parts[],
  x: Tensor4D,
  t: ArrayLike<number>,
  { layer: seeLayer = () => {}, output: see = () => {} }: Sights = {},
): Tensor4D[] {
  const { config } = net
  const seen = <T extends Tensor>(id: string, outputs: Lanes<T>): Lanes<T> => {
    see(id, outputs)
    return outputs
  }
  const through = <T extends Tensor>(layer: Layer, inputs: Lanes<T>): Lanes<T> => {
    const outputs = inputs.map((input, lane) => parts[lane]!.layer(layer, input) as T)
    seeLayer(layer, inputs, outputs)
    return seen(layer.id, outputs)
  }
  /**
   * A layer on what `after` makes of normed features. A lane goes all the way before the next one starts: what it has just written
   * is still in the cache.
   */
  const throughNormed = (
    norm: Norm,
    layer: Layer,
    xs: Lanes<Tensor4D>,
    after: (normed: Tensor4D, lane: number) => Tensor4D,
    before: (x: Tensor4D, lane: number) => Tensor4D = (x) => x,
  ): Lanes<Tensor4D> => {
    const [normed, inputs, outputs]: Tensor4D[][] = [[], [], []]
    for (const [lane, x] of xs.entries()) {
      const own = parts[lane]!.norm(norm, before(x, lane))
      const input = after(own, lane)
      normed!.push(own)
      inputs!.push(input)
      outputs!.push(parts[lane]!.layer(layer, input) as Tensor4D)
    }
    see(norm.id, normed!)
    seeLayer(layer, inputs!, outputs!)
    return seen(layer.id, outputs!)
  }

  const resBlock = (block: ResBlock, x: Lanes<Tensor4D>, time: Lanes<Tensor2D>): Lanes<Tensor4D> => {
    const resize = (x: Tensor4D) => (block.resize === null ? x : resized(x, block.resize))
    const h1 = throughNormed(block.norm1, block.conv1, x, (normed) => resize(silu(normed)))
    const embedded = through(block.timeProjection, time)
    const h2 = config.scaleShift
      ? throughNormed(block.norm2, block.conv2, h1, (normed, lane) =>
          silu(scaleAndShift(normed, embedded[lane]!)),
        )
      : throughNormed(block.norm2, block.conv2, h1, silu, (h, lane) => addPerImage(h, embedded[lane]!))
    const shortcut = block.shortcut ? through(block.shortcut, x) : x.map(resize)
    return seen(block.id, summed(shortcut, h2, block.scale))
  }

  const queryKeyValue = ({ qkv, heads }: Attention, x: Lanes<Tensor4D>): Lanes<Tensor4D>[] => {
    if (qkv.length === 3) return qkv.map((layer) => through(layer, x))
    const fused = through(qkv[0], x)
    const order = config.qkv === 'by kind' ? 'by kind' : 'by head'
    return ([0, 1, 2] as const).map((part) => fused.map((lane) => fusedPart(lane, part, heads, order)))
  }

  const attend = (block: Attention, x: Lanes<Tensor4D>): Lanes<Tensor4D> => {
    const { heads, products } = block
    const normed = seen(
      block.norm.id,
      x.map((own, lane) => parts[lane]!.norm(block.norm, own)),
    )
    const [q, k, v] = queryKeyValue(block, normed)
    const attended = x.map((_, lane) => {
      const operand: OperandQuantizer = (name, x) =>
        products === null ? x : parts[lane]!.operand(`${products}.${name}`, x)
      return attention(q![lane]!, k![lane]!, v![lane]!, heads, config.attentionScale, operand)
    })
    if (products !== null) see(products, attended)
    return seen(block.id, summed(x, through(block.out, attended), block.scale))
  }

  /** Frees what its layers made on the way, so that a pass holds the features of one block and the skips. */
  const unit = ({ res, attention, whole }: Block, x: Lanes<Tensor4D>, time: Lanes<Tensor2D>) =>
    tidy(() => {
      const h1 = resBlock(res, x, time)
      const h2 = attention ? attend(attention, h1) : h1
      return [...(whole === null ? h2 : seen(whole, h2))]
    })

  const resample = (
    { id, conv: layer, block, whole }: Resample,
    x: Lanes<Tensor4D>,
    way: Resize,
    time: Lanes<Tensor2D>,
  ) => {
    const sample = () => {
      if (block) return resBlock(block, x, time)
      // a convolution on the way down has stride 2
      const h = layer && way === 'down' ? x : x.map((own) => resized(own, way))
      return seen(id, layer ? through(layer, h) : h)
    }
    const h = sample()
    return whole === null ? h : seen(whole, h)
  }

  return tidy(() => {
    const sinusoid = tensor2d(timestepSinusoids(t, config), [t.length, config.stemChannels])
    const sinusoids = parts.map(() => sinusoid)
    if (net.sinusoid !== null) see(net.sinusoid, sinusoids)
    const hidden = each(silu, through(net.time[0], sinusoids))
    const embedding = through(net.time[1], hidden)
    // where the module is nothing but its layer it has been seen
    if (net.timeEmbedding !== net.time[1].id) see(net.timeEmbedding, embedding)
    const time = each(silu, embedding)

    const input = config.centerInput ? (add(mul(x, 2), -1) as Tensor4D) : x
    let h: Lanes<Tensor4D> = through(
      net.convIn,
      parts.map(() => input),
    )
    if (net.stem !== null) see(net.stem, h)
    const skips = [h]
    for (const level of net.down) {
      for (const block of level.blocks) {
        h = unit(block, h, time)
        skips.push(h)
      }
      if (level.resample) {
        h = resample(level.resample, h, 'down', time)
        skips.push(h)
      }
      if (level.id !== null) see(level.id, h)
    }
    h = resBlock(net.mid.res1, h, time)
    h = attend(net.mid.attention, h)
    h = seen(net.mid.id, resBlock(net.mid.res2, h, time))
    for (const level of net.up) h = upLevel(level, h)
    return [...throughNormed(net.normOut, net.convOut, h, silu)]

    function upLevel(level: Level, h: Lanes<Tensor4D>): Lanes<Tensor4D> {
      for (const block of level.blocks) h = unit(block, each(concatChannels, h, skips.pop()!), time)
      const end = level.resample ? resample(level.resample, h, 'up', time) : h
      return level.id === null ? end : seen(level.id, end)
    }
  })
}

/** An operation in every lane. */
function each<A extends Tensor[], T extends Tensor>(
  operation: (...values: A) => T,
  ...lanes: { [I in keyof A]: Lanes<A[I]> }
): Lanes<T> {
  return lanes[0]!.map((_, lane) => operation(...(lanes.map((values) => values[lane]!) as A)))
}

/** What becomes of an operand of attention: q, k, v (B,H,W,C), w (B*heads,T,T). */
type OperandQuantizer = (name: Operand, x: Tensor) => Tensor

/**
 * softmax(q k^T / sqrt(D)) v over the pixels, q, k, v (B,H,W,C), D = C/heads. `scale` tells where the root goes: a quantizer of
 * query and key sees them after it.
 */
export function attention(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  heads: number,
  scale: UNetConfig['attentionScale'],
  operand: OperandQuantizer = (_name, x) => x,
): Tensor4D {
  const root = (q.shape[3] / heads) ** -0.5
  const scaled = (x: Tensor4D) => (scale === 'operands' ? times(x, Math.sqrt(root)) : x)
  const [query, key] = [operand('q', scaled(q)), operand('k', scaled(k))] as [Tensor4D, Tensor4D]
  const weights = attentionWeights(query, key, heads, scale === 'operands' ? 1 : root)
  return attentionSum(operand('w', weights) as Tensor3D, operand('v', v) as Tensor4D, heads)
}

/** Half the size by the mean, twice the size by the nearest. */
const resized = (x: Tensor4D, way: Resize) => (way === 'down' ? averagePool2x(x) : upsample2x(x))

const summed = (xs: Lanes<Tensor4D>, hs: Lanes<Tensor4D>, scale: number) =>
  xs.map((x, lane) => residualSum(x, hs[lane]!, scale))

/** Zeros around the input of a convolution. */
export function paddingOf(layer: Layer, config: UNetConfig): Padding {
  if (layer.kernel === 1) return [0, 0]
  if (layer.stride === 2) return [config.downsamplePadding, 1]
  return [1, 1]
}

/**
 * [B, stemChannels] on the host: sine and cosine of t at frequencies 10000^(-i/(half - shift)).
 * Rounded to float32 where upstream does: at t = 1000 a frequency off by one bit moves the angle by 1e-4.
 */
export function timestepSinusoids(t: ArrayLike<number>, config: UNetConfig): Float32Array {
  const half = config.stemChannels >> 1
  const rate = Math.fround(-Math.log(10000) / (half - config.frequencyShift))
  const rows = new Float32Array(t.length * half * 2)
  for (let b = 0; b < t.length; b++) {
    for (let i = 0; i < half; i++) {
      const frequency = Math.fround(Math.exp(Math.fround(i * rate)))
      const angle = Math.fround(t[b]! * frequency)
      const [sin, cos] = config.cosineFirst ? [half, 0] : [0, half]
      rows[b * half * 2 + sin + i] = Math.sin(angle)
      rows[b * half * 2 + cos + i] = Math.cos(angle)
    }
  }
  return rows
}

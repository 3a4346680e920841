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
  /** gamma and beta of a norm. */
  affine(norm: Norm): readonly [gamma: Tensor1D, beta: Tensor1D]
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
  const affine = ({ id }: Norm) => [vector(`${id}.weight`), vector(`${id}.bias`)] as const
  return {
    ...{ quantize, product, affine, operand: quantize },
    layer: (layer, x) => product(layer, quantize(layer.id, x)),
    norm: (norm, x) => groupNorm(x, ...affine(norm), config.normGroups, config.normEpsilon),
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
  const { config } = net
  const seen = <T extends Tensor>(id: string, output: T): T => {
    tap(id, output)
    return output
  }
  const through = <T extends Tensor>(layer: Layer, x: T): T => seen(layer.id, parts.layer(layer, x) as T)
  const norm = (norm: Norm, x: Tensor4D): Tensor4D => seen(norm.id, parts.norm(norm, x))

  const resBlock = (block: ResBlock, x: Tensor4D, time: Tensor2D): Tensor4D => {
    const resize = (x: Tensor4D) => (block.resize === null ? x : resized(x, block.resize))
    const h1 = through(block.conv1, resize(silu(norm(block.norm1, x))))
    const embedded = through(block.timeProjection, time)
    const h2 = config.scaleShift
      ? scaleAndShift(norm(block.norm2, h1), embedded)
      : norm(block.norm2, addPerImage(h1, embedded))
    const h3 = through(block.conv2, silu(h2))
    const shortcut = block.shortcut ? through(block.shortcut, x) : resize(x)
    return seen(block.id, residualSum(shortcut, h3, block.scale))
  }

  const queryKeyValue = ({ qkv, heads }: Attention, x: Tensor4D): [Tensor4D, Tensor4D, Tensor4D] => {
    if (qkv.length === 3) return [through(qkv[0], x), through(qkv[1], x), through(qkv[2], x)]
    const fused = through(qkv[0], x)
    const order = config.qkv === 'by kind' ? 'by kind' : 'by head'
    return [
      fusedPart(fused, 0, heads, order),
      fusedPart(fused, 1, heads, order),
      fusedPart(fused, 2, heads, order),
    ]
  }

  const attend = (block: Attention, x: Tensor4D): Tensor4D => {
    const { heads, products } = block
    const operand: OperandQuantizer = (name, x) =>
      products === null ? x : parts.operand(`${products}.${name}`, x)
    const [q, k, v] = queryKeyValue(block, norm(block.norm, x))
    const summed = attention(q, k, v, heads, config.attentionScale, operand)
    if (products !== null) tap(products, summed)
    return seen(block.id, residualSum(x, through(block.out, summed), block.scale))
  }

  /** Frees what its layers made on the way, so that a pass holds the features of one block and the skips. */
  const unit = ({ res, attention, whole }: Block, x: Tensor4D, time: Tensor2D): Tensor4D =>
    tidy(() => {
      const h1 = resBlock(res, x, time)
      const h2 = attention ? attend(attention, h1) : h1
      return whole === null ? h2 : seen(whole, h2)
    })

  const resample = (
    { id, conv: layer, block, whole }: Resample,
    x: Tensor4D,
    way: Resize,
    time: Tensor2D,
  ) => {
    const sample = () => {
      if (block) return resBlock(block, x, time)
      // a convolution on the way down has stride 2
      const h = layer && way === 'down' ? x : resized(x, way)
      return seen(id, layer ? through(layer, h) : h)
    }
    const h = sample()
    return whole === null ? h : seen(whole, h)
  }

  return tidy(() => {
    const sinusoid = tensor2d(timestepSinusoids(t, config), [t.length, config.stemChannels])
    if (net.sinusoid !== null) tap(net.sinusoid, sinusoid)
    const embedding = seen(net.timeEmbedding, through(net.time[1], silu(through(net.time[0], sinusoid))))
    const time = silu(embedding)

    let h = through(net.convIn, config.centerInput ? (add(mul(x, 2), -1) as Tensor4D) : x)
    if (net.stem !== null) tap(net.stem, h)
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
      if (level.id !== null) tap(level.id, h)
    }
    h = resBlock(net.mid.res1, h, time)
    h = attend(net.mid.attention, h)
    h = seen(net.mid.id, resBlock(net.mid.res2, h, time))
    for (const level of net.up) h = upLevel(level, h)
    return through(net.convOut, silu(norm(net.normOut, h)))

    function upLevel(level: Level, h: Tensor4D): Tensor4D {
      for (const block of level.blocks) h = unit(block, concatChannels(h, skips.pop()!), time)
      const end = level.resample ? resample(level.resample, h, 'up', time) : h
      return level.id === null ? end : seen(level.id, end)
    }
  })
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

function paddingOf(layer: Layer, config: UNetConfig): Padding {
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

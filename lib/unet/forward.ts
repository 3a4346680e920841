/**
 * The one forward pass. B batch, H W space, C channels (NHWC).
 * Sources: ermongroup/ddim models/diffusion.py, diffusers unet_2d.py, resnet.py, attention_processor.py.
 */
import {
  add,
  mul,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core'
import type { Layer } from '../record/run'
import type { Architecture, Attention, Level, Norm, Resample, ResBlock } from './architecture'
import type { UNetConfig } from './config'
import {
  addPerImage,
  attention,
  concatChannels,
  conv2d,
  groupNorm,
  linear,
  type Padding,
  residualSum,
  silu,
  upsample2x,
} from './ops'

/** Sees the output of every module by id, layer or block; the only hook. The tensor is valid during the call. */
export type Tap = (id: string, output: Tensor) => void

/**
 * The parameters a pass computes with: filters HWIO, linear weights (in, out), vectors (C).
 * Asked by the tensor's name in the checkpoint, `ID.weight` or `ID.bias`.
 */
export type Parameters = (name: string) => Tensor

/** What becomes of a layer's input before it computes; the identity in full precision. */
export type InputQuantizer = (id: string, x: Tensor) => Tensor

/**
 * eps = unet(x, t): x (B,H,W,C) at timesteps t (B values) -> (B,H,W,out). The caller owns the result.
 * Differentiable in the parameters when called under tf.grads.
 */
export function unetForward(
  net: Architecture,
  parameters: Parameters,
  x: Tensor4D,
  t: ArrayLike<number>,
  quantizeInput: InputQuantizer = (_id, x) => x,
  tap: Tap = () => {},
): Tensor4D {
  const { config } = net
  const seen = <T extends Tensor>(id: string, output: T): T => {
    tap(id, output)
    return output
  }
  const weightOf = (layer: Layer) => parameters(`${layer.id}.weight`)
  const biasOf = (layer: Layer) => parameters(`${layer.id}.bias`) as Tensor1D

  const dense = <T extends Tensor>(layer: Layer, x: T): T => {
    const input = quantizeInput(layer.id, x) as T
    return seen(layer.id, linear(input, weightOf(layer) as Tensor2D, biasOf(layer)))
  }
  const conv = (layer: Layer, x: Tensor4D): Tensor4D => {
    const input = quantizeInput(layer.id, x) as Tensor4D
    const filter = weightOf(layer) as Tensor4D
    return seen(layer.id, conv2d(input, filter, biasOf(layer), layer.stride, paddingOf(layer, config)))
  }
  const norm = ({ id }: Norm, x: Tensor4D): Tensor4D => {
    const [gamma, beta] = [parameters(`${id}.weight`) as Tensor1D, parameters(`${id}.bias`) as Tensor1D]
    return seen(id, groupNorm(x, gamma, beta, config.normGroups, config.normEpsilon))
  }

  const resBlock = (block: ResBlock, x: Tensor4D, time: Tensor2D): Tensor4D => {
    const h1 = conv(block.conv1, silu(norm(block.norm1, x)))
    const h2 = addPerImage(h1, dense(block.timeProjection, time))
    const h3 = conv(block.conv2, silu(norm(block.norm2, h2)))
    const shortcut = block.shortcut ? conv(block.shortcut, x) : x
    return seen(block.id, residualSum(shortcut, h3, block.scale))
  }

  const attend = (block: Attention, x: Tensor4D): Tensor4D => {
    const normed = norm(block.norm, x)
    /** A 1x1 convolution in DDIM, a linear layer over the pixels in diffusers: the same product. */
    const project = (layer: Layer, x: Tensor4D) => (layer.kind === 'conv' ? conv(layer, x) : dense(layer, x))
    const [q, k, v] = [project(block.q, normed), project(block.k, normed), project(block.v, normed)]
    const out = project(block.out, attention(q, k, v, block.heads))
    return seen(block.id, residualSum(x, out, block.scale))
  }

  const resample = (r: Resample, x: Tensor4D): Tensor4D => seen(r.id, conv(r.conv, x))

  return tidy(() => {
    const sinusoid = seen(net.sinusoid, timestepEmbedding(t, config))
    const embedding = seen(net.timeEmbedding, dense(net.time[1], silu(dense(net.time[0], sinusoid))))
    const time = silu(embedding)

    let h = conv(net.convIn, config.centerInput ? (add(mul(x, 2), -1) as Tensor4D) : x)
    const skips = [h]
    for (const level of net.down) {
      for (const { res, attention } of level.blocks) {
        h = resBlock(res, h, time)
        if (attention) h = attend(attention, h)
        skips.push(h)
      }
      if (level.resample) {
        h = resample(level.resample, h)
        skips.push(h)
      }
      if (level.id !== null) tap(level.id, h)
    }
    h = resBlock(net.mid.res1, h, time)
    h = attend(net.mid.attention, h)
    h = seen(net.mid.id, resBlock(net.mid.res2, h, time))
    for (const level of net.up) h = upLevel(level, h)
    return conv(net.convOut, silu(norm(net.normOut, h)))

    function upLevel(level: Level, h: Tensor4D): Tensor4D {
      for (const { res, attention } of level.blocks) {
        h = resBlock(res, concatChannels(h, skips.pop()!), time)
        if (attention) h = attend(attention, h)
      }
      const end = level.resample ? resample(level.resample, upsample2x(h)) : h
      return level.id === null ? end : seen(level.id, end)
    }
  })
}

function paddingOf(layer: Layer, config: UNetConfig): Padding {
  if (layer.kernel === 1) return [0, 0]
  if (layer.stride === 2) return [config.downsamplePadding, 1]
  return [1, 1]
}

/** Sinusoids of the timesteps (B) -> (B, stemChannels). */
export function timestepEmbedding(t: ArrayLike<number>, config: UNetConfig): Tensor2D {
  const rows = timestepSinusoids(t, config)
  return tensor2d(rows, [t.length, rows.length / t.length])
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

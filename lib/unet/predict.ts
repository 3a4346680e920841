/** A network as the samplers and the diagnostics ask for it: host arrays in, host arrays out, NCHW. */
import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core'
import { fullPrecision, type Quantizer } from '../quant/quantizer'
import type { UNetConfig } from './config'
import type { NetworkParts, Tap } from './forward'
import { type Pair, type TwinTaps, twinForward } from './twin'
import { toNCHW, toNHWC, type UNet } from './unet'

/**
 * eps for x (images x C x S x S, NCHW values) at timestep t, or one t per image. Leaves no tensor behind.
 */
export function predictNoise(
  unet: UNet,
  x: Float32Array,
  t: number | ArrayLike<number>,
  quantizer: Quantizer = fullPrecision,
  tap?: Tap,
): Float32Array {
  return predictWith(unet.config, x, t, (input, timesteps) => unet.forward(input, timesteps, quantizer, tap))
}

/** eps of two networks of one architecture for the same x and t, side by side in one pass; as predictNoise. */
export function predictTwice(
  [first, second]: Pair<UNet>,
  parts: Pair<NetworkParts>,
  x: Float32Array,
  t: number,
  taps?: TwinTaps,
): Pair<Float32Array> {
  const nets = [first.architecture, second.architecture] as const
  const [teacher, student] = runOn(first.config, x, t, (input, timesteps) =>
    twinForward(nets, parts, input, timesteps, taps),
  )
  return [teacher!, student!]
}

/** The same for any pass over NHWC tensors; what `forward` returns is disposed. */
export function predictWith(
  config: UNetConfig,
  x: Float32Array,
  t: number | ArrayLike<number>,
  forward: (x: Tensor4D, t: ArrayLike<number>) => Tensor4D,
): Float32Array {
  return runOn(config, x, t, (input, timesteps) => [forward(input, timesteps)])[0]!
}

/** Several predictions of one pass. */
function runOn(
  { inChannels: c, sampleSize: s }: UNetConfig,
  x: Float32Array,
  t: number | ArrayLike<number>,
  forward: (x: Tensor4D, t: ArrayLike<number>) => readonly Tensor4D[],
): Float32Array[] {
  const images = x.length / (c * s * s)
  const timesteps = typeof t === 'number' ? new Float32Array(images).fill(t) : t
  const input = tensor4d(toNHWC(x, [images, c, s, s]), [images, s, s, c])
  const outputs = forward(input, timesteps)
  input.dispose()
  return outputs.map((output) => {
    const eps = toNCHW(output.dataSync() as Float32Array, output.shape)
    output.dispose()
    return eps
  })
}

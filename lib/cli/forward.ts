import { statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Tensor as TfTensor, tensor4d } from '@tensorflow/tfjs-core'
import { startOneBit } from '../diagnostics/one-bit'
import { InputError } from '../tensor/error'
import { writeSafetensors } from '../tensor/safetensors'
import type { Tensor } from '../tensor/tensor'
import { type Architecture, architecture, attentionsOf, flatten, moduleIds } from '../unet/architecture'
import { type Checkpoint, networkOf, quantizerOf } from '../unet/checkpoint'
import type { Tap } from '../unet/forward'
import { toNCHW, toNHWC } from '../unet/unet'
import { startBackend } from './backend'
import {
  type Command,
  checkpointHelp,
  checkpointOptions,
  list,
  needed,
  onlyPositional,
  printResult,
} from './command'
import { loadKernels } from './kernels'
import { nearest, openCheckpoint, readTensor } from './open'
import { engineHelp } from './run-network'

export const forward: Command = {
  summary: 'predict the noise once, with the activations of any module',
  help: `usage: forward FILE --x TENSOR --t N[,N..] [--tap ID]... [--mode MODE] --out FILE.safetensors

FILE is a checkpoint or a diffusers folder. A TENSOR is a .npy file or FILE.safetensors:NAME. Layouts are PyTorch's
(NCHW). The result holds eps, and act.ID for each tap.

  --x TENSOR       images x_t (B, C, H, W)
  --t N[,N..]      timesteps, one for all images or one each; a TENSOR works too
  --tap ID         module path of a layer, norm or block; may be repeated; "all" for every one
  --out FILE       safetensors file to write
${engineHelp}
${checkpointHelp}`,
  options: {
    ...checkpointOptions,
    x: { type: 'string' },
    t: { type: 'string' },
    tap: { type: 'string', multiple: true },
    engine: { type: 'boolean' },
    out: { type: 'string' },
  },
  async run(positionals, flags) {
    const path = onlyPositional(positionals, 'FILE')
    const [xArgument, tArgument] = [needed(flags, 'x'), needed(flags, 't')]
    const out = outputFile(needed(flags, 'out'))
    const { checkpoint } = await openCheckpoint(path, flags)
    const x = await readTensor(xArgument)
    checkImages(x, checkpoint, xArgument)
    const t = await readTimesteps(tArgument, x.shape[0]!)
    const net = architecture(checkpoint.config)
    const taps = chosenTaps(list(flags, 'tap'), net, checkpoint.name)
    const pass = flags.engine
      ? await passAtOneBit(checkpoint, x, t, taps.size > 0)
      : await passInFloats(checkpoint, x, t)
    const results = predict(net, taps, pass)
    const tensors = new Map([...results].map(([name, tensor]) => [name, { tensor, dtype: 'F32' as const }]))
    writeFileSync(out, writeSafetensors(tensors, new Map([['layout', 'NCHW']])))
    const shapes = Object.fromEntries([...results].map(([name, { shape }]) => [name, shape]))
    printResult(flags, { out, tensors: shapes }, `wrote ${out}: ${[...results.keys()].join(', ')}`)
    return 0
  },
}

/** One pass that shows its modules to a tap, all images at once or one after the other; eps, NCHW. */
type Pass = (tap: Tap) => Tensor

/** eps and act.ID by name, in the layout upstream would give them. */
function predict(net: Architecture, taps: Set<string>, pass: Pass): Map<string, Tensor> {
  const parts = new Map<string, Tensor[]>()
  const upstream = upstreamLayout(net)
  const eps = pass((id, output) => {
    if (taps.has(id)) parts.set(id, [...(parts.get(id) ?? []), upstream(id, output)])
  })
  const activations = [...parts].map(([id, images]) => [`act.${id}`, stacked(images)] as const)
  return new Map([['eps', eps] as const, ...activations])
}

/** Tensors one behind the other along their first axis. */
function stacked(parts: Tensor[]): Tensor {
  const [first, ...others] = parts as [Tensor, ...Tensor[]]
  if (others.length === 0) return first
  const data = new Float32Array(parts.reduce((n, part) => n + part.data.length, 0))
  let at = 0
  for (const part of parts) {
    data.set(part.data, at)
    at += part.data.length
  }
  const [, ...rest] = first.shape
  return { shape: [parts.reduce((n, { shape }) => n + shape[0]!, 0), ...rest], data }
}

async function passInFloats(checkpoint: Checkpoint, x: Tensor, t: Float32Array): Promise<Pass> {
  await startBackend()
  return (tap) => {
    const [b, c, h, w] = x.shape as [number, number, number, number]
    const unet = networkOf(checkpoint)
    const input = tensor4d(toNHWC(x.data, x.shape), [b, h, w, c])
    const output = unet.forward(input, t, quantizerOf(checkpoint), tap)
    const eps = fromNHWC(output)
    unet.dispose()
    input.dispose()
    output.dispose()
    return eps
  }
}

async function passAtOneBit(
  checkpoint: Checkpoint,
  x: Tensor,
  t: Float32Array,
  taps: boolean,
): Promise<Pass> {
  const [b, , h, w] = x.shape as [number, number, number, number]
  if (h !== w) {
    throw new InputError({
      file: '--x',
      problem: `the images are ${h}x${w}, the engine takes square ones`,
      remedy: 'Give square images, or leave --engine out.',
    })
  }
  // what a tap is shown is a tensor of tfjs
  await startBackend()
  const engine = await startOneBit(checkpoint, await loadKernels(), { size: h, taps })
  const { outChannels } = checkpoint.config
  return (tap) => ({ shape: [b, outChannels, h, w], data: engine.predict(x.data, t, taps ? tap : undefined) })
}

/**
 * An activation as the upstream module returns it: NCHW; (B, HW, C) for linear layers over pixels; (B, C, HW) for
 * convolutions along one axis, and for norm and products of attention where diffusers and latent-diffusion flatten the
 * image first.
 */
function upstreamLayout(net: Architecture): (id: string, output: TfTensor) => Tensor {
  const { layers } = flatten(net)
  const linear = new Set(layers.filter(({ kind }) => kind === 'linear').map(({ id }) => id))
  const flat = new Set(layers.filter(({ axes }) => axes === 1).map(({ id }) => id))
  const flattens = net.config.attentionNames === 'to_q' || net.config.attentionNames === 'qkv'
  for (const { norm, products } of flattens ? attentionsOf(net) : [])
    for (const id of [norm.id, products]) if (id !== null) flat.add(id)
  return (id, output) => {
    if (output.rank !== 4) return { shape: output.shape, data: copyOf(output) }
    const [b, h, w, c] = output.shape as [number, number, number, number]
    if (linear.has(id)) return { shape: [b, h * w, c], data: copyOf(output) }
    const { data } = fromNHWC(output)
    return { shape: flat.has(id) ? [b, c, h * w] : [b, c, h, w], data }
  }
}

function copyOf(output: TfTensor): Float32Array {
  return Float32Array.from(output.dataSync())
}

function fromNHWC(output: TfTensor): Tensor {
  const [b, h, w, c] = output.shape as [number, number, number, number]
  return { shape: [b, c, h, w], data: toNCHW(output.dataSync() as Float32Array, output.shape) }
}

function chosenTaps(wanted: string[], net: Architecture, file: string): Set<string> {
  const ids = moduleIds(net)
  if (wanted.includes('all')) return ids
  for (const id of wanted) {
    if (ids.has(id)) continue
    throw new InputError({
      file,
      item: `--tap ${id}`,
      problem: 'the network has no such module',
      remedy: `Close to it: ${nearest(id, [...ids]).join(', ')}.`,
    })
  }
  return new Set(wanted)
}

/** (B, C, H, W) with the channels of the network and sides that halve evenly down to its lowest level. */
export function checkImages(x: Tensor, { config, name }: Checkpoint, argument: string): void {
  const unit = 2 ** (config.channels.length - 1)
  const [b = 0, c, h = 0, w = 0] = x.shape
  const fits = x.shape.length === 4 && b > 0 && c === config.inChannels && h > 0 && w > 0
  if (fits && h % unit === 0 && w % unit === 0) return
  throw new InputError({
    file: argument,
    problem: `the shape is [${x.shape.join(', ')}], ${name} takes [B, ${config.inChannels}, H, W] with H and W multiples of ${unit}`,
    remedy: `Give images of ${config.inChannels} channels, NCHW; the network was made for ${config.sampleSize}x${config.sampleSize}.`,
  })
}

/** Timesteps for b images: numbers separated by commas, or a tensor argument. */
async function readTimesteps(argument: string, b: number): Promise<Float32Array> {
  const numbers = argument.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const given = numbers.every(Number.isFinite)
    ? Float32Array.from(numbers)
    : (await readTensor(argument)).data
  if (!given.every((t) => Number.isFinite(t) && t >= 0)) {
    throw new InputError({
      file: argument,
      problem: 'a timestep is not a number from 0',
      remedy: 'See --help.',
    })
  }
  if (given.length === b) return given
  if (given.length === 1) return new Float32Array(b).fill(given[0]!)
  throw new InputError({
    file: `--t ${argument}`,
    problem: `${given.length} timesteps for ${b} images`,
    remedy: 'Give one timestep for all images or one for each.',
  })
}

/** A path that can be written to: its folder exists, and it is no folder itself. */
export function outputFile(path: string): string {
  const refuse = (problem: string) =>
    new InputError({ file: path, problem, remedy: 'Give --out another path.' })
  if (!statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory())
    throw refuse('its folder does not exist')
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw refuse('it is a folder')
  return path
}

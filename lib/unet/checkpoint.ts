/**
 * A checkpoint in memory: parameters by the names of its family, the binarizer's scales, the manifest, and what
 * had to be assumed. Students written by Signscope carry all of it in the safetensors metadata.
 */
import * as z from 'zod/mini'
import { binarizer, type Scales } from '../quant/binarizer'
import { fullPrecision, type Quantizer } from '../quant/quantizer'
import { fullPrecisionLayer, Manifest } from '../record/precision'
import { type Layer, scheduleNames } from '../record/run'
import { InputError } from '../tensor/error'
import { writeSafetensors } from '../tensor/safetensors'
import type { DType, Tensor, TensorFile, TensorMap } from '../tensor/tensor'
import { layerList } from './architecture'
import { parseConfig, type UNetConfig } from './config'
import { inferConfig } from './names'
import { checkParameters, parameterShapes } from './unet'

/** What Signscope writes about a checkpoint, as JSON under the metadata key `signscope`. */
const About = z.object({
  version: z.literal(1),
  /** The family's own configuration, or a UNetConfig. */
  config: z.record(z.string(), z.unknown()),
  manifest: z._default(Manifest, {}),
  /** Pixel unshuffle between images and the network, see lib/diffusion/pixels. */
  pixelUnshuffle: z._default(z.int().check(z.positive()), 1),
  /** Whose sampler it was trained for; null leaves it to the family. */
  schedule: z._default(z.nullable(z.enum(scheduleNames)), null),
  run: z._default(z.nullable(z.string()), null),
  role: z._default(z.enum(['teacher', 'student']), 'teacher'),
  step: z._default(z.int().check(z.nonnegative()), 0),
  teacherSha256: z._default(z.nullable(z.string()), null),
  /** The training's configuration, for Compare. */
  settings: z._default(z.record(z.string(), z.unknown()), {}),
})
export type About = z.infer<typeof About>

export type Checkpoint = {
  /** File name, for errors. */
  name: string
  config: UNetConfig
  about: About
  /** In order of the forward pass. */
  layers: Layer[]
  /** Precision of every layer of `layers`. */
  manifest: Manifest
  /** Latent weights, biases, norms. */
  tensors: TensorMap
  /** sigma1, sigma2, alpha by layer id. */
  scales: Map<string, Scales>
  /** What neither file nor configuration says, as sentences. */
  assumptions: string[]
}

/** A configuration given beside the checkpoint, already parsed from yaml or json. */
export type GivenConfig = { json: unknown; file: string }

/**
 * Reads every tensor the network needs, one by one. Throws an InputError for an unknown architecture, a missing
 * tensor, a wrong shape, or a manifest that does not fit.
 */
export async function readCheckpoint(file: TensorFile, given?: GivenConfig): Promise<Checkpoint> {
  const prefix = commonPrefix(file)
  const shapes = new Map([...file.tensors].map(([name, { shape }]) => [name.slice(prefix.length), shape]))
  const about = readAbout(file)
  const inferred = inferConfig(shapes, file.name)
  const own = given ?? (about ? { json: about.config, file: file.name } : null)
  const config = own
    ? { ...parseConfig(own.json, own.file), attentionNames: inferred.config.attentionNames }
    : inferred.config
  if (config.family !== inferred.config.family) {
    throw new InputError({
      file: own?.file ?? file.name,
      problem: `the configuration is of the ${config.family} family, the tensors are of ${inferred.config.family}`,
      remedy: 'Give the configuration that belongs to this checkpoint.',
    })
  }
  checkParameters(config, shapes, file.name)
  const layers = layerList(config)
  const tensors: TensorMap = new Map()
  for (const name of parameterShapes(config).keys()) tensors.set(name, await file.read(prefix + name))
  const stated = about?.manifest ?? {}
  const manifest = Object.fromEntries(layers.map(({ id }) => [id, stated[id] ?? fullPrecisionLayer]))
  for (const id of Object.keys(stated)) {
    if (!Object.hasOwn(manifest, id)) {
      throw new InputError({
        file: file.name,
        item: id,
        problem: 'the manifest names a layer that the network does not have',
        remedy: 'Write the checkpoint again with the configuration it was trained with.',
      })
    }
  }
  return {
    name: file.name,
    config,
    about: about ?? { ...emptyAbout, config: { ...config } },
    layers,
    manifest,
    tensors,
    scales: await readScales(file, prefix, layers),
    assumptions: own ? [] : inferred.assumptions,
  }
}

const emptyAbout: About = {
  version: 1,
  config: {},
  manifest: {},
  pixelUnshuffle: 1,
  schedule: null,
  run: null,
  role: 'teacher',
  step: 0,
  teacherSha256: null,
  settings: {},
}

/** What the file says of itself under `signscope`; null for checkpoints from elsewhere. */
export function readAbout(file: TensorFile): About | null {
  const text = file.metadata.get('signscope')
  if (text === undefined) return null
  try {
    return z.parse(About, JSON.parse(text))
  } catch (error) {
    throw new InputError({
      file: file.name,
      item: 'signscope metadata',
      problem: `it cannot be read (${(error as Error).message.slice(0, 120)})`,
      remedy: 'The file was written by another version or changed by hand: write it again.',
    })
  }
}

/** The wrapper every tensor name starts with (DataParallel `module.`), or ''. */
function commonPrefix(file: TensorFile): string {
  const wrapper = 'module.'
  return [...file.tensors.keys()].every((name) => name.startsWith(wrapper)) ? wrapper : ''
}

async function readScales(file: TensorFile, prefix: string, layers: Layer[]): Promise<Map<string, Scales>> {
  const scales = new Map<string, Scales>()
  for (const { id } of layers) {
    const part = async (name: string) =>
      file.tensors.has(`${prefix}${id}.${name}`)
        ? (await file.read(`${prefix}${id}.${name}`)).data
        : undefined
    const [sigma1, sigma2, alpha] = [await part('sigma1'), await part('sigma2'), await part('alpha')]
    if (sigma1 || sigma2 || alpha) scales.set(id, { sigma1, sigma2, alpha: alpha?.[0] })
  }
  return scales
}

/** The quantizer the checkpoint runs with: the identity if every layer is full precision. */
export function quantizerOf({ manifest, scales, name }: Checkpoint): Quantizer {
  const quantized = Object.values(manifest).some((p) => p.method !== 'fp' || p.activationBits !== 32)
  return quantized ? binarizer(manifest, scales, name) : fullPrecision
}

/**
 * Writes a checkpoint as safetensors. With `half`, weights of conv and linear layers are F16; vectors and scales
 * always stay F32. Everything shown later is computed from what is stored. `signs` (+1, -1) are written as I8 beside
 * the rest; reading a checkpoint does not need them.
 */
export function writeCheckpoint(
  values: Map<string, Tensor>,
  about: Omit<About, 'version'>,
  half: boolean,
  signs: Map<string, Tensor> = new Map(),
): Uint8Array {
  const tensors = new Map<string, { tensor: Tensor; dtype: DType }>()
  for (const [name, tensor] of values) {
    tensors.set(name, { tensor, dtype: half && tensor.shape.length > 1 ? 'F16' : 'F32' })
  }
  for (const [name, tensor] of signs) tensors.set(name, { tensor, dtype: 'I8' })
  const metadata = new Map([
    ['format', 'pt'],
    ['signscope', JSON.stringify({ version: 1, ...about })],
  ])
  return writeSafetensors(tensors, metadata)
}

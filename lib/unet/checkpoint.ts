/**
 * A checkpoint in memory: parameters by the names of its family, the binarizer's scales, the manifest, and what
 * had to be assumed. Students written by Signscope carry all of it in the safetensors metadata, and may be packed: one bit
 * per weight and basis, in place of latent weights (see writePacked).
 */
import * as z from 'zod/mini'
import { binarizer, effectiveWeight, packWeight, type Scales } from '../quant/binarizer'
import { packPlane, planeOrder, planeShape, unpackPlane } from '../quant/bit-plane'
import { fullPrecision, type PackedWeight, type Quantizer, type StoredWeight } from '../quant/quantizer'
import { fullPrecisionLayer, type LayerPrecision, type Manifest } from '../record/precision'
import { type Layer, scheduleNames } from '../record/run'
import { InputError } from '../tensor/error'
import { fromFloat32, toFloat32 } from '../tensor/float'
import { writeSafetensors } from '../tensor/safetensors'
import {
  bytesPerElement,
  type DType,
  sameShape,
  type Tensor,
  type TensorFile,
  type TensorMap,
} from '../tensor/tensor'
import { type Architecture, architecture, flatten, operandIds } from './architecture'
import { isBinaryDM, readBinaryDM, readSteps } from './binarydm'
import { chooseNetwork, fileOf } from './choose-network'
import { parseConfig, type UNetConfig } from './config'
import {
  alphaName,
  checkFileManifest,
  FileManifest,
  fileLayer,
  packedNames,
  plainManifest,
} from './file-manifest'
import { inferConfig } from './names'
import { type FoundNetwork, findNetworks, type NetworkRole } from './networks'
import { describeNoise, type Noise, readNoise, usualNoise } from './noise'
import { checkParameters, parameterShapes, UNet, weightShape } from './unet'

/** The reading that takes a checkpoint as it says it is. */
export const storedMode = 'stored'

/** What Signscope writes about a checkpoint, as JSON under the metadata key `signscope`. */
const About = z.object({
  version: z.literal(1),
  /** The family's own configuration, or a UNetConfig. */
  config: z.record(z.string(), z.unknown()),
  manifest: z._default(FileManifest, {}),
  /** Of a packed checkpoint: the version of its tensors' layout, and the file it was packed from. */
  packed: z._default(
    z.nullable(z.object({ version: z.literal(1), sourceSha256: z.nullable(z.string()) })),
    null,
  ),
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
export type About = Omit<z.infer<typeof About>, 'manifest'> & { manifest: Manifest }

export type Checkpoint = {
  /** File name, for errors. */
  name: string
  /** Which network of the file it is. */
  network: Pick<FoundNetwork, 'role' | 'prefix' | 'step'>
  /** Name of the reading it is in, see reading.ts. */
  mode: string
  config: UNetConfig
  about: About
  /** The code that wrote it, as far as metadata and names tell. */
  origin: 'signscope' | 'binarydm' | 'other'
  /** In order of the forward pass. */
  layers: Layer[]
  /** Precision of every layer of `layers`, then of the operands of attention that are quantized. */
  manifest: Manifest
  /** Weights, biases, norms. The weight of a quantized layer is the latent one; there is none for a layer of `packed`. */
  tensors: TensorMap
  /** Weights of layers whose latent floats are not stored, by layer id; empty unless the checkpoint is packed. */
  packed: Map<string, PackedWeight>
  /** sigma1, sigma2, step, alpha by the ids of the manifest. */
  scales: Map<string, Scales>
  /** Axes [C, k] that a training with low-rank mimicking fitted to its teacher, by module id; empty if there were none. */
  axes: Map<string, Tensor>
  /** Steps (alpha) of the other copy in the file, the average of raw weights or the raw weights of an average; null if there is none. */
  otherSteps: Map<string, number> | null
  /** What neither file nor configuration says, as sentences. */
  assumptions: string[]
}

/** A configuration given beside the checkpoint, already parsed from yaml or json. */
export type GivenConfig = { json: unknown; file: string }

export type Choice = {
  /** Which of several networks in a file is meant: its role, or the prefix of its stored names; the usual one by default. */
  network?: string
  /** The noise it was trained with, where neither the file nor its configuration says it. */
  noise?: Noise
}

/**
 * Reads every tensor of one network of the file, one by one. Throws an InputError for an unknown architecture, a missing
 * tensor, a wrong shape, or a manifest that does not fit.
 */
export async function readCheckpoint(
  whole: TensorFile,
  given?: GivenConfig,
  { network: wanted, noise: otherwise }: Choice = {},
): Promise<Checkpoint> {
  const network = await chooseNetwork(whole, wanted)
  if (network.unsupported !== null)
    throw new InputError({
      file: whole.name,
      item: network.prefix,
      problem: network.unsupported,
      remedy: 'Give an unconditional ermongroup/ddim, diffusers UNet2DModel or latent-diffusion checkpoint.',
      code: 'unsupported',
    })
  const file = fileOf(whole, network)
  const has = (name: string) => file.tensors.has(name)
  const stated = readStated(file)
  const shapes = shapesOf(file, stated?.manifest ?? {})
  const inferred = inferConfig(shapes, file.name)
  const own = given ?? (stated ? { json: stated.config, file: file.name } : null)
  const told = own ? parseConfig(own.json, own.file) : inferred.config
  const noise = (await readNoise(whole, network.prefix)) ?? told.noise ?? otherwise
  const { attentionNames } = inferred.config
  const config: UNetConfig = { ...told, attentionNames, ...(noise && { noise }) }
  if (config.family !== inferred.config.family) {
    throw new InputError({
      file: own?.file ?? file.name,
      problem: `the configuration is of the ${config.family} family, the tensors are of ${inferred.config.family}`,
      remedy: 'Give the configuration that belongs to this checkpoint.',
    })
  }
  checkParameters(config, shapes, file.name)
  const net = architecture(config)
  const { layers } = flatten(net)
  const operands = operandIds(net)
  // BinaryDM's training attaches the teacher as a network of the same classes, which it runs in full precision
  const isTeacher = network.role === 'teacher' || network.role === 'teacher-ema'
  const binarydm = isBinaryDM(shapes.keys()) && !isTeacher ? await readBinaryDM(net, file) : null
  checkFileManifest(stated?.manifest ?? {}, layers, operands, has, file.name)
  const ownManifest = binarydm?.manifest ?? plainManifest(stated?.manifest ?? {})
  const manifest = Object.fromEntries([
    ...layers.map(({ id }) => [id, ownManifest[id] ?? fullPrecisionLayer]),
    ...operands.flatMap((id) => (ownManifest[id] ? [[id, ownManifest[id]]] : [])),
  ])
  const packed = await readPacked(file, layers, manifest)
  const tensors: TensorMap = new Map()
  for (const name of parameterShapes(config).keys()) if (has(name)) tensors.set(name, await file.read(name))
  const axes = new Map<string, Tensor>()
  for (const name of file.tensors.keys()) {
    const id = axesName.exec(name)?.[1]
    if (id !== undefined) axes.set(id, await file.read(name))
  }
  return {
    name: file.name,
    config,
    network: { role: network.role, prefix: network.prefix, step: network.step },
    mode: storedMode,
    about: stated
      ? { ...stated, manifest: ownManifest }
      : { ...emptyAbout, config: { ...config }, step: network.step ?? 0 },
    origin: stated ? 'signscope' : binarydm ? 'binarydm' : 'other',
    layers,
    manifest,
    tensors,
    packed,
    scales: binarydm?.scales ?? (await readScales(file, Object.keys(manifest))),
    axes,
    otherSteps: binarydm && (await readOtherSteps(whole, network.role, net)),
    assumptions: [
      ...(own ? [] : inferred.assumptions),
      ...(binarydm?.assumptions ?? []),
      ...(noise || stated ? [] : [`betas ${describeNoise(usualNoise[config.family])}: no file says them`]),
    ],
  }
}

async function readOtherSteps(whole: TensorFile, role: NetworkRole, net: Architecture) {
  const otherRole = role === 'raw' ? 'ema' : 'raw'
  const other = findNetworks(whole).find((network) => network.role === otherRole)
  return other ? readSteps(net, fileOf(whole, other)) : null
}

const axesName = /^lrm\.(.+)\.axes$/

/** Shapes of the tensors; of packed weights those the manifest states. */
function shapesOf(file: TensorFile, manifest: FileManifest): Map<string, number[]> {
  const shapes = new Map([...file.tensors].map(([name, { shape }]) => [name, shape]))
  for (const [id, entry] of Object.entries(manifest)) {
    const packed = packedNames(id, entry)
    const isPacked = packed.some((name) => shapes.has(name) || entry.weights?.includes(name))
    if (entry.shape && isPacked && !shapes.has(`${id}.weight`)) shapes.set(`${id}.weight`, entry.shape)
  }
  return shapes
}

/** Of a checkpoint that says nothing of itself. */
export const emptyAbout: About = {
  version: 1,
  config: {},
  manifest: {},
  packed: null,
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
  const stated = readStated(file)
  return stated && { ...stated, manifest: plainManifest(stated.manifest) }
}

function readStated(file: TensorFile): z.infer<typeof About> | null {
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

async function readScales(file: TensorFile, ids: string[]): Promise<Map<string, Scales>> {
  const scales = new Map<string, Scales>()
  for (const id of ids) {
    const part = async (name: string) =>
      file.tensors.has(`${id}.${name}`) ? (await file.read(`${id}.${name}`)).data : undefined
    const [sigma1, sigma2, step] = [await part('sigma1'), await part('sigma2'), await part('step')]
    const alpha = await part('alpha')
    if (sigma1 || sigma2 || step || alpha) scales.set(id, { sigma1, sigma2, step, alpha: alpha?.[0] })
  }
  return scales
}

/** Weights of the layers that the file holds without latent floats. Throws what readPackedWeight throws. */
async function readPacked(
  file: TensorFile,
  layers: readonly Layer[],
  manifest: Manifest,
): Promise<Map<string, PackedWeight>> {
  const packed = new Map<string, PackedWeight>()
  for (const layer of layers) {
    const weight = await readPackedWeight(file, layer, manifest[layer.id]!)
    if (weight) packed.set(layer.id, weight)
  }
  return packed
}

/**
 * The weight of a layer that the file holds without latent floats; null for one with them. Throws an InputError for a layer with
 * both, for a plane that is missing, that its method does not have, or of another length or type.
 */
export async function readPackedWeight(
  file: TensorFile,
  layer: Layer,
  precision: LayerPrecision,
): Promise<PackedWeight | null> {
  const { id } = layer
  const found = ['plane1', 'plane2', 'codes']
    .map((part) => `${id}.${part}`)
    .filter((name) => file.tensors.has(name))
  if (found.length === 0) return null
  const fault = (item: string, problem: string) =>
    new InputError({ file: file.name, item, problem, remedy: 'Pack the checkpoint again.' })
  const wanted = packedNames(id, precision)
  const [missing] = wanted.filter((name) => !found.includes(name))
  const [extra] = found.filter((name) => !wanted.includes(name))
  if (file.tensors.has(`${id}.weight`))
    throw fault(id, `the file holds both ${id}.weight and ${found[0]}, one of which is out of date`)
  if (missing !== undefined) throw fault(missing, 'this tensor is missing')
  if (extra !== undefined) throw fault(extra, `a layer of method ${precision.method} does not have it`)
  const codes: Int8Array[] = []
  for (const name of wanted) codes.push(await readCodes(file, name, layer, fault))
  return { shape: weightShape(layer), codes }
}

/** The signs of one plane, or 8-bit codes, in the order of the weights. */
async function readCodes(
  file: TensorFile,
  name: string,
  layer: Layer,
  fault: (item: string, problem: string) => InputError,
): Promise<Int8Array> {
  const weights = weightShape(layer)
  const plane = !name.endsWith('.codes')
  const expected = plane ? { dtype: 'U8', shape: planeShape(weights) } : { dtype: 'I8', shape: weights }
  const { dtype, shape } = file.tensors.get(name)!
  if (dtype !== expected.dtype || !sameShape(shape, expected.shape))
    throw fault(name, `it is ${dtype} [${shape}], the layer needs ${expected.dtype} [${expected.shape}]`)
  const { data } = await file.read(name)
  if (!plane) return Int8Array.from(data)
  try {
    return unpackPlane(data, weights)
  } catch (error) {
    throw fault(name, (error as RangeError).message)
  }
}

/** The weights of layer `id` as the checkpoint has them. */
export function storedWeight({ packed, tensors }: Checkpoint, id: string): StoredWeight {
  return packed.get(id) ?? tensors.get(`${id}.weight`)!
}

/** The network of a checkpoint, ready to run once its quantizer is given. The caller disposes it. */
export function networkOf({ config, tensors, packed, name }: Checkpoint): UNet {
  return new UNet(config, tensors, name, packed)
}

/** The quantizer the checkpoint runs with: the identity if every layer is full precision. */
export function quantizerOf(checkpoint: Checkpoint): Quantizer {
  const { manifest, scales, name } = checkpoint
  return isQuantized(checkpoint) ? binarizer(manifest, scales, name) : fullPrecision
}

/** Whether weights or inputs of any layer are anything but floats: false for teachers. */
export function isQuantized({ manifest }: Checkpoint): boolean {
  return Object.values(manifest).some((p) => p.method !== 'fp' || p.activationBits !== 32)
}

/** A tensor and the type it is written as. */
type Written = Map<string, { tensor: Tensor; dtype: DType }>

/**
 * Writes a checkpoint as safetensors. With `half`, weights of conv and linear layers are F16; vectors, scales and axes
 * always stay F32. Everything shown later is computed from what is stored. `signs` (+1, -1) are written as I8 beside
 * the rest; reading a checkpoint does not need them. `axes` [C, k] by module id are written as lrm.MODULE.axes.
 */
export function writeCheckpoint(
  values: Map<string, Tensor>,
  about: Omit<About, 'version' | 'packed'>,
  half: boolean,
  signs: Map<string, Tensor> = new Map(),
  axes: Map<string, Tensor> = new Map(),
): Uint8Array {
  const tensors: Written = new Map()
  for (const [name, tensor] of values) {
    tensors.set(name, { tensor, dtype: half && tensor.shape.length > 1 ? 'F16' : 'F32' })
  }
  for (const [name, tensor] of signs) tensors.set(name, { tensor, dtype: 'I8' })
  addAxes(tensors, axes)
  return written(tensors, { ...about, packed: null }, (id, precision) => {
    const weight = values.get(`${id}.weight`)
    return weight
      ? fileLayer(id, precision, weight.shape, false)
      : { ...precision, alpha: alphaName(id, precision) }
  })
}

/**
 * Writes a student without its latent weights: of each binarized layer ID a bit plane per basis, ID.plane1 and ID.plane2 (see
 * lib/quant/bit-plane), of each 8-bit layer ID.codes, with their scales F32. Everything else is F16 where that holds every
 * value of the tensor, else F32, so that the student read back computes with the same floats. `sourceSha256`: content
 * hash of the file it comes from. Throws an InputError for weights or scales that are not finite or missing.
 */
export function writePacked(checkpoint: Checkpoint, sourceSha256: string | null): Uint8Array {
  const { manifest, name: file, layers, tensors, axes, about } = checkpoint
  const out: Written = new Map()
  const vector = (name: string, data: Float32Array | undefined) => {
    if (data) out.set(name, { tensor: { shape: [data.length], data }, dtype: 'F32' })
  }
  const shapes = new Map<string, number[]>()
  for (const { id } of layers) {
    const precision = manifest[id]!
    const scales = checkpoint.scales.get(id) ?? {}
    const result = packWeight(precision, storedWeight(checkpoint, id), scales, { file, layer: id })
    if (result) {
      const { shape, codes } = result.weight
      shapes.set(id, shape)
      for (const [i, name] of packedNames(id, precision).entries())
        out.set(name, codesTensor(precision, codes[i]!, shape))
      vector(`${id}.sigma1`, result.scales.sigma1)
      vector(`${id}.sigma2`, result.scales.sigma2)
      vector(`${id}.step`, result.scales.step)
    }
  }
  for (const [id, precision] of Object.entries(manifest)) {
    const name = alphaName(id, precision)
    const alpha = checkpoint.scales.get(id)?.alpha
    if (name !== null && alpha !== undefined) vector(name, Float32Array.of(alpha))
  }
  for (const [name, tensor] of tensors) {
    if (name.endsWith('.weight') && shapes.has(name.slice(0, -'.weight'.length))) continue
    out.set(name, { tensor, dtype: fitsHalf(tensor.data) ? 'F16' : 'F32' })
  }
  addAxes(out, axes)
  // Widest elements first: every tensor then starts at a multiple of its element.
  const aligned = [...out].sort(([, a], [, b]) => bytesPerElement[b.dtype] - bytesPerElement[a.dtype])
  const stated = { ...about, manifest, packed: { version: 1 as const, sourceSha256 } }
  return written(
    new Map(aligned),
    stated,
    (id, precision) => {
      const shape = shapes.get(id) ?? tensors.get(`${id}.weight`)?.shape
      const rest = { ...precision, alpha: alphaName(id, precision) }
      return shape ? fileLayer(id, precision, shape, shapes.has(id)) : rest
    },
    new Map([['signscope.planes', planeOrder]]),
  )
}

/**
 * Writes a packed student with the float weights it computes with in place of codes. They are no latent weights, so the manifest
 * calls them full precision; bits and steps of inputs stay, and the scales are written along for reference.
 */
export function writeUnpacked(checkpoint: Checkpoint): Uint8Array {
  const { manifest, packed, tensors, scales, about, name: file, config } = checkpoint
  const values = new Map<string, Tensor>()
  for (const name of parameterShapes(config).keys()) {
    const id = name.slice(0, name.lastIndexOf('.'))
    const codes = name.endsWith('.weight') ? packed.get(id) : undefined
    const weight = codes && effectiveWeight(manifest[id]!, codes, scales.get(id) ?? {}, { file, layer: id })
    values.set(name, weight ?? tensors.get(name)!)
  }
  for (const [id, { sigma1, sigma2, step, alpha }] of scales) {
    const parts = { sigma1, sigma2, step, alpha: alpha === undefined ? undefined : Float32Array.of(alpha) }
    for (const [part, data] of Object.entries(parts))
      if (data) values.set(`${id}.${part}`, { shape: [data.length], data })
  }
  const floats = Object.entries(manifest).map(([id, precision]) => [
    id,
    packed.has(id) ? { ...precision, method: 'fp' as const, bases: 0 as const } : precision,
  ])
  return writeCheckpoint(
    values,
    { ...about, manifest: Object.fromEntries(floats) },
    false,
    new Map(),
    checkpoint.axes,
  )
}

function codesTensor({ method }: LayerPrecision, codes: Int8Array, shape: number[]) {
  if (method === 'lsq') return { tensor: { shape, data: Float32Array.from(codes) }, dtype: 'I8' as const }
  const data = Float32Array.from(packPlane(codes, shape))
  return { tensor: { shape: planeShape(shape), data }, dtype: 'U8' as const }
}

/** Whether F16 holds every value as it is. */
function fitsHalf(data: Float32Array): boolean {
  const back = toFloat32('F16', fromFloat32('F16', data))
  return data.every((v, i) => Object.is(v, back[i]))
}

function addAxes(tensors: Written, axes: Map<string, Tensor>): void {
  for (const [id, tensor] of axes) tensors.set(`lrm.${id}.axes`, { tensor, dtype: 'F32' })
}

function written(
  tensors: Written,
  about: Omit<About, 'version'>,
  entry: (id: string, precision: LayerPrecision) => FileManifest[string],
  extra: Map<string, string> = new Map(),
): Uint8Array {
  const manifest = Object.fromEntries(Object.entries(about.manifest).map(([id, p]) => [id, entry(id, p)]))
  const metadata = new Map([
    ['format', 'pt'],
    ['signscope', JSON.stringify({ version: 1, ...about, manifest })],
    ...extra,
  ])
  return writeSafetensors(tensors, metadata)
}

/**
 * Diagnosis of a network that is known by names and shapes alone (class-conditional LDM, Stable Diffusion, a GAN, ...): all
 * that can be said of its weights without a forward pass. One tensor of the student and one of its teacher are in memory at a
 * time, so that what it takes is decided by the largest layer and not by the file.
 */
import { ledger } from '../cost/ledger'
import type { Scales } from '../quant/binarizer'
import { fullPrecisionLayer, type LayerPrecision, type Manifest } from '../record/precision'
import type { Diagnosis, Layer, LayerRecord } from '../record/run'
import { InputError } from '../tensor/error'
import { gather, rowMajorStrides } from '../tensor/strided'
import { sameShape, sizeOf, type Tensor, type TensorFile } from '../tensor/tensor'
import { type About, emptyAbout, readAbout } from '../unet/checkpoint'
import { fileOf } from '../unet/choose-network'
import { type FoundNetwork, weightLayers } from '../unet/networks'
import { pause } from './pause'
import { weightStats } from './weights'

export type NamedNetwork = {
  /** Its tensors by bare names. */
  file: TensorFile
  network: FoundNetwork
  about: About
  /** Conv and linear layers in the order of the file. */
  layers: NamedLayer[]
  manifest: Manifest
  assumptions: string[]
}

type NamedLayer = Layer & { shape: number[] }

/** The layers of a network and what the file says of their precision; reads no tensor. */
export function namedNetwork(whole: TensorFile, network: FoundNetwork): NamedNetwork {
  const file = fileOf(whole, network)
  const stated = readAbout(whole)
  const layers = weightLayers(network.names, whole.tensors).map(({ id, kind, shape }) =>
    namedLayer(id, kind, shape, file),
  )
  const precisions = layers.map(({ id }) => [id, stated?.manifest[id] ?? precisionOf(id, file)] as const)
  const guessed = precisions.filter(([id, { bases }]) => bases > 0 && !stated?.manifest[id]).length
  return {
    file,
    network,
    about: stated ?? { ...emptyAbout, step: network.step ?? 0 },
    layers,
    manifest: Object.fromEntries(precisions),
    assumptions:
      guessed > 0 ? [`${guessed} layers are taken as binarized because the file holds scales for them`] : [],
  }
}

/** Modules whose weights are [in, out, ...]. */
const transposed = /(^|[._])(conv_?transpose|deconv)/i

function namedLayer(id: string, kind: Layer['kind'], shape: number[], file: TensorFile): NamedLayer {
  const [first = 1, second = 1] = shape
  const [outChannels, inChannels] = transposed.test(id) ? [second, first] : [first, second]
  const bias = file.tensors.get(`${id}.bias`)
  return {
    id,
    kind,
    place: { part: 'other', level: null, block: null, role: id.slice(id.lastIndexOf('.') + 1) },
    inChannels,
    outChannels,
    kernel: shape.length > 2 ? shape.at(-1)! : 1,
    stride: 0,
    resolution: 0,
    macs: 0,
    parameters: sizeOf(shape) + (bias ? sizeOf(bias.shape) : 0),
    shape,
  }
}

/** What the scales of a layer are called: by Signscope, by BinaryDM's code. */
const scaleNames = {
  sigma1: ['sigma1', 'scaling_first_order'],
  sigma2: ['sigma2', 'scaling_second_order'],
  alpha: ['alpha', 'quantizer_a.alpha'],
} as const

function scaleName(id: string, scale: keyof typeof scaleNames, file: TensorFile): string | undefined {
  return scaleNames[scale].map((ending) => `${id}.${ending}`).find((name) => file.tensors.has(name))
}

function precisionOf(id: string, file: TensorFile): LayerPrecision {
  if (scaleName(id, 'sigma1', file) === undefined) return fullPrecisionLayer
  const bases = scaleName(id, 'sigma2', file) === undefined ? 1 : 2
  const activationBits = scaleName(id, 'alpha', file) === undefined ? 32 : 4
  return { method: bases === 2 ? 'lmb' : 'sign', bases, activationBits }
}

export type WeightDiagnosisOptions = {
  onProgress?: (done: number, total: number, words: string) => void
  /** Looked at between layers; its reason is thrown. */
  signal?: AbortSignal
}

/**
 * Weight statistics of every layer, against the teacher's layer of the same name and shape where there is one. Throws an
 * InputError if no layer has one, and for scales that do not fit.
 */
export async function diagnoseWeights(
  teacher: NamedNetwork | null,
  student: NamedNetwork,
  { onProgress = () => {}, signal }: WeightDiagnosisOptions = {},
): Promise<Diagnosis> {
  const { file, network, layers, manifest } = student
  const compared = teacher ? layers.filter((layer) => counterpart(teacher, layer)).length : 0
  if (teacher && compared === 0) throw nothingInCommon(student, teacher)
  const records: LayerRecord[] = []
  for (const layer of layers) {
    await pause(signal)
    records.push(await layerRecord(teacher, student, layer))
    onProgress(records.length, layers.length, 'layers')
  }
  const parameters = [...file.tensors.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  return {
    family: network.family,
    config: {},
    network: network.prefix,
    unrun: network.unsupported ?? 'only its weights were asked for',
    assumptions: [
      ...student.assumptions,
      ...(teacher && compared < layers.length
        ? [`${layers.length - compared} layers have no counterpart of their name and shape in the teacher`]
        : []),
    ],
    ledger: ledger(layers, manifest, parameters),
    timesteps: [],
    protocol: null,
    output: null,
    layers: records,
  }
}

/** A function of its own, so that nothing holds the tensors of a layer when the next is read. */
async function layerRecord(
  teacher: NamedNetwork | null,
  { file, manifest }: NamedNetwork,
  layer: NamedLayer,
): Promise<LayerRecord> {
  const precision = manifest[layer.id]!
  const weights = weightStats({
    precision,
    stored: await outputsFirst(layer, file),
    scales: precision.bases > 0 ? await readScales(layer.id, file) : {},
    teacher: teacher && counterpart(teacher, layer) ? await outputsFirst(layer, teacher.file) : null,
    file: file.name,
    layer: layer.id,
  })
  return { layer, precision, weights, alignment: null }
}

function counterpart(teacher: NamedNetwork, { id, shape }: NamedLayer): boolean {
  const found = teacher.file.tensors.get(`${id}.weight`)
  return found !== undefined && sameShape(found.shape, shape)
}

/** The weight of a layer with its output channels along the first axis. */
export async function outputsFirst(
  { id, shape }: { id: string; shape: number[] },
  file: TensorFile,
): Promise<Tensor> {
  const weight = await file.read(`${id}.weight`)
  if (!transposed.test(id)) return weight
  const swap = <T>([first, second, ...rest]: T[]): T[] => [second!, first!, ...rest]
  const swapped = swap(shape)
  return { shape: swapped, data: gather(weight.data, swapped, swap(rowMajorStrides(shape))) }
}

/** Scales of a layer by the names they have in this file. */
export async function readScales(id: string, file: TensorFile): Promise<Scales> {
  const read = async (scale: keyof typeof scaleNames) => {
    const name = scaleName(id, scale, file)
    return name === undefined ? undefined : (await file.read(name)).data
  }
  return { sigma1: await read('sigma1'), sigma2: await read('sigma2'), alpha: (await read('alpha'))?.[0] }
}

function nothingInCommon(student: NamedNetwork, teacher: NamedNetwork): InputError {
  return new InputError({
    file: student.file.name,
    problem: `none of its ${student.layers.length} layers is in ${teacher.file.name} with the same name and shape`,
    remedy: 'A student has the layers of its teacher: give the checkpoint it was made from.',
  })
}

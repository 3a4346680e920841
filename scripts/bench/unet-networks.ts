/** Teachers and the students made from them that `bench unet` runs. In a page, once tfjs is ready. */
import { normal } from '../../lib/math/rng'
import { postTrainingBinarize } from '../../lib/quant/binarizer'
import type { BinarizationPlan } from '../../lib/quant/manifest'
import { manifestFor } from '../../lib/quant/manifest'
import { openTensors } from '../../lib/tensor/open'
import { blobSource, bytesSource, sizeOf, type TensorMap } from '../../lib/tensor/tensor'
import { initialAlphas } from '../../lib/train/step'
import { architecture } from '../../lib/unet/architecture'
import { type Checkpoint, emptyAbout, readCheckpoint, writeCheckpoint } from '../../lib/unet/checkpoint'
import { parseConfig, type UNetConfig } from '../../lib/unet/config'
import { parameterShapes, toNHWC } from '../../lib/unet/unet'

/** Names of the students of each teacher. */
export const families = {
  mnist: ['mnist-v1', 'mnist-baseline'],
  'cifar10-ddim': ['cifar10-ddim-baseline', 'cifar10-ddim-v1'],
} as const
export type FamilyName = keyof typeof families

export type Family = { teacher: Checkpoint; students: Map<string, Checkpoint> }

/** A teacher with those of its students whose name contains `only`. */
export async function readFamily(family: FamilyName, only: string): Promise<Family> {
  const read = family === 'mnist' ? await demoFamily() : await randomFamily('/configs/cifar10-ddim.json')
  const students = new Map<string, Checkpoint>()
  for (const name of families[family].filter((name) => name.includes(only)))
    students.set(name, await read.student(name))
  return { teacher: read.teacher, students }
}

type Reader = { teacher: Checkpoint; student(name: string): Promise<Checkpoint> }

async function demoFamily(): Promise<Reader> {
  return {
    teacher: await fetched('/demo/mnist-teacher/step-009000.safetensors'),
    student: (name) => fetched(`/demo/${name}/step-001000.safetensors`),
  }
}

async function fetched(url: string): Promise<Checkpoint> {
  const blob = await (await fetch(url)).blob()
  return readCheckpoint(await openTensors(blobSource(url, blob)))
}

/** What is done to the random teacher; kept layers stay in floats. */
const plans: Record<string, BinarizationPlan> = {
  'cifar10-ddim-baseline': { method: 'sign', bases: 1, activationBits: 4, where: 'all' },
  'cifar10-ddim-v1': { method: 'lmb', bases: 2, activationBits: 4, where: 'v1' },
}

/** A teacher of random weights and its students, binarized without training. A step takes the same time whatever the weights are. */
async function randomFamily(url: string): Promise<Reader> {
  const { model } = (await (await fetch(url)).json()) as { model: Record<string, unknown> }
  const values = randomParameters(parseConfig(model, url))
  const bytes = writeCheckpoint(values, { ...emptyAbout, config: model }, false)
  const teacher = await reopened('cifar10-ddim-teacher', bytes)
  return { teacher, student: (name) => binarized(teacher, plans[name]!, name) }
}

async function binarized(teacher: Checkpoint, plan: BinarizationPlan, name: string): Promise<Checkpoint> {
  const { config, layers, about } = teacher
  const manifest = manifestFor(layers, plan)
  const values: TensorMap = new Map(teacher.tensors)
  const vector = (name: string, data: Float32Array) => values.set(name, { shape: [data.length], data })
  for (const [id, { method, bases }] of Object.entries(manifest)) {
    if (bases === 0) continue
    const { scales } = postTrainingBinarize(values.get(`${id}.weight`)!, method, bases)
    vector(`${id}.sigma1`, scales.sigma1)
    if (scales.sigma2) vector(`${id}.sigma2`, scales.sigma2)
  }
  const { inChannels, sampleSize } = config
  const shape: [number, number, number, number] = [1, sampleSize, sampleSize, inChannels]
  const x = toNHWC(noiseFor(config), [1, inChannels, sampleSize, sampleSize])
  const batch = { shape, x, t: Int32Array.of(timestep), noise: new Float32Array(0) }
  for (const [id, alpha] of initialAlphas(architecture(config), manifest, values, batch))
    vector(`${id}.alpha`, Float32Array.of(alpha))
  return reopened(name, writeCheckpoint(values, { ...about, manifest, role: 'student' }, false))
}

async function reopened(name: string, bytes: Uint8Array): Promise<Checkpoint> {
  return readCheckpoint(await openTensors(bytesSource(`${name}.safetensors`, bytes)))
}

/** Weights of variance 1/inputs, norms that do nothing, no biases. */
function randomParameters(config: UNetConfig): TensorMap {
  const shapes = [...parameterShapes(config)]
  return new Map(
    shapes.map(([name, shape], i) => {
      const data = new Float32Array(sizeOf(shape))
      if (shape.length === 1) return [name, { shape, data: data.fill(name.endsWith('.weight') ? 1 : 0) }]
      const rate = (data.length / shape[0]!) ** -0.5
      return [name, { shape, data: normal(7, i, data).map((v) => v * rate) }]
    }),
  )
}

/** The timestep that is measured. */
export const timestep = 500

/** A noisy image of a network, NCHW. */
export function noiseFor({ inChannels, sampleSize }: UNetConfig): Float32Array {
  return normal(7, 1000, new Float32Array(inChannels * sampleSize ** 2))
}

/** The student's training as PyTorch computes it: tests/golden/train.py writes the file and says what is in it. */
import { fileURLToPath } from 'node:url'
import { withTensors } from '../../../lib/cli/open'
import { manifestFor } from '../../../lib/quant/manifest'
import type { Manifest } from '../../../lib/record/precision'
import type { TensorFile, TensorMap } from '../../../lib/tensor/tensor'
import type { Batch } from '../../../lib/train/batch'
import type { LrmConfig } from '../../../lib/train/config'
import type { Loss, Values } from '../../../lib/train/step'
import { architecture, flatten } from '../../../lib/unet/architecture'
import { parseConfig } from '../../../lib/unet/config'
import { parameterShapes, toNHWC, UNet } from '../../../lib/unet/unet'

const file = fileURLToPath(new URL('../../golden/train.safetensors', import.meta.url))

export const config = parseConfig(
  {
    sample_size: 8,
    in_channels: 1,
    out_channels: 1,
    down_block_types: ['DownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'UpBlock2D'],
    block_out_channels: [4, 8],
    layers_per_block: 1,
    attention_head_dim: null,
    norm_num_groups: 2,
  },
  'golden',
)
export const net = architecture(config)

export type Recipe = {
  name: string
  manifest: Manifest
  /** Recipe whose scales it has. */
  scalesOf: string
  lrm?: LrmConfig
  tau?: number
}

const { layers } = flatten(net)
const base = { activationBits: 4, where: 'all' } as const
const twoBases = manifestFor(layers, { ...base, method: 'lmb', bases: 2 })
const lrm: LrmConfig = { weight: 0.5, form: 'paper', axis: 'channels', divisor: 4, refreshEvery: 0 }

export const recipes: Recipe[] = [
  { name: 'sign', manifest: manifestFor(layers, { ...base, method: 'sign', bases: 1 }), scalesOf: 'sign' },
  { name: 'lmb', manifest: twoBases, scalesOf: 'lmb' },
  {
    name: 'ebb',
    manifest: manifestFor(layers, { ...base, method: 'ebb', bases: 2, where: 'v1' }),
    scalesOf: 'ebb',
    tau: 9e-2,
  },
  { name: 'lrm', manifest: twoBases, scalesOf: 'lmb', lrm },
  { name: 'lrm-normalised', manifest: twoBases, scalesOf: 'lmb', lrm: { ...lrm, form: 'normalised' } },
  { name: 'lrm-width', manifest: twoBases, scalesOf: 'lmb', lrm: { ...lrm, axis: 'width' } },
  {
    name: 'xnor-kept-8',
    manifest: manifestFor(layers, { ...base, method: 'xnor', bases: 1, keptBits: 8 }),
    scalesOf: 'xnor-kept-8',
  },
]

export type Golden = {
  teacher: UNet
  batch: Batch
  /** Of the teacher's features on the batch, by module id. */
  axes: Record<LrmConfig['axis'], TensorMap>
  /** Parameters and scales of the student. */
  values(recipe: Recipe): Values
  loss(recipe: Recipe): Loss
  gradients(recipe: Recipe): Map<string, Float32Array>
}

/** Everything in the file, by the names the training has for it. */
export async function readGolden(): Promise<Golden> {
  return withTensors(file, async (golden) => {
    const about = JSON.parse(golden.metadata.get('golden')!) as {
      timesteps: number[]
      losses: Record<string, Loss>
    }
    const shapes = parameterShapes(config)
    const latent = split((await golden.read('latent')).data, shapes)
    const teacher = new UNet(config, split((await golden.read('teacher')).data, shapes), 'golden')
    const nhwc = async (name: string) => {
      const { shape, data } = await golden.read(name)
      return toNHWC(data, shape)
    }
    const batch: Batch = {
      shape: [2, 8, 8, 1],
      x: await nhwc('x'),
      t: Int32Array.from(about.timesteps),
      noise: await nhwc('noise'),
    }
    const [values, gradients] = [new Map<string, Values>(), new Map<string, Map<string, Float32Array>>()]
    for (const { name, manifest, scalesOf } of recipes) {
      const scales = split((await golden.read(`${scalesOf}.scales`)).data, scaleShapes(manifest))
      const all: Values = new Map([...latent, ...scales].map(([n, t]) => [n, { ...t, shape: [...t.shape] }]))
      values.set(name, all)
      const own = split(
        (await golden.read(`${name}.gradients`)).data,
        new Map([...all].map(([n, { shape }]) => [n, shape])),
      )
      gradients.set(name, new Map([...own].map(([n, { data }]) => [n, data])))
    }
    return {
      teacher,
      batch,
      axes: { channels: await axesOf(golden, 'channels'), width: await axesOf(golden, 'width') },
      values: ({ name }) => values.get(name)!,
      loss: ({ name }) => about.losses[name]!,
      gradients: ({ name }) => gradients.get(name)!,
    }
  })
}

async function axesOf(golden: TensorFile, axis: LrmConfig['axis']): Promise<TensorMap> {
  const prefix = `axes.${axis}.`
  const names = [...golden.tensors.keys()].filter((name) => name.startsWith(prefix))
  const axes: TensorMap = new Map()
  for (const name of names) axes.set(name.slice(prefix.length), await golden.read(name))
  return axes
}

/** Shapes of sigma1, sigma2, step and alpha that a manifest asks for. */
function scaleShapes(manifest: Manifest): Map<string, number[]> {
  const outs = new Map(layers.map(({ id, outChannels }) => [id, [outChannels]]))
  return new Map(
    Object.entries(manifest).flatMap(([id, { method, bases, activationBits }]): [string, number[]][] => [
      ...(bases > 0 && method !== 'xnor' ? ([[`${id}.sigma1`, outs.get(id)!]] as [string, number[]][]) : []),
      ...(bases > 1 ? ([[`${id}.sigma2`, outs.get(id)!]] as [string, number[]][]) : []),
      ...(method === 'lsq' ? ([[`${id}.step`, outs.get(id)!]] as [string, number[]][]) : []),
      ...(activationBits !== 32 ? ([[`${id}.alpha`, [1]]] as [string, number[]][]) : []),
    ]),
  )
}

/** A flat array in the sorted order of names, taken apart. Throws a RangeError unless the sizes add up. */
function split(flat: Float32Array, shapes: Map<string, number[]>): TensorMap {
  const tensors: TensorMap = new Map()
  let at = 0
  for (const name of [...shapes.keys()].sort()) {
    const shape = shapes.get(name)!
    const size = shape.reduce((n, d) => n * d, 1)
    tensors.set(name, { shape, data: flat.slice(at, at + size) })
    at += size
  }
  if (at !== flat.length) throw new RangeError(`${flat.length} golden values for ${at}`)
  return tensors
}

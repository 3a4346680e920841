import { tensor4d } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { packedParts } from '../../../lib/cost/packed'
import { weightStats } from '../../../lib/diagnostics/weights'
import { normal, uniform } from '../../../lib/math/rng'
import { effectiveWeight } from '../../../lib/quant/binarizer'
import { manifestFor } from '../../../lib/quant/manifest'
import { fullPrecision } from '../../../lib/quant/quantizer'
import { initScales } from '../../../lib/quant/scales'
import { initStep } from '../../../lib/quant/weight-lsq'
import type { Method } from '../../../lib/record/methods'
import { fromFloat32, toFloat32 } from '../../../lib/tensor/float'
import { openTensors } from '../../../lib/tensor/open'
import { writeSafetensors } from '../../../lib/tensor/safetensors'
import { bytesSource, type DType, sizeOf, type Tensor } from '../../../lib/tensor/tensor'
import { layerList } from '../../../lib/unet/architecture'
import {
  type Checkpoint,
  networkOf,
  quantizerOf,
  readAbout,
  readCheckpoint,
  storedWeight,
  writeCheckpoint,
  writePacked,
  writeUnpacked,
} from '../../../lib/unet/checkpoint'
import { parseConfig } from '../../../lib/unet/config'
import { parameterShapes } from '../../../lib/unet/unet'

/** 6 and 10 channels: no row of weights fills whole bytes. Convolutions 3x3 and 1x1, linear layers, attention. */
const configJson = {
  sample_size: 8,
  in_channels: 3,
  out_channels: 3,
  down_block_types: ['DownBlock2D', 'AttnDownBlock2D'],
  up_block_types: ['AttnUpBlock2D', 'UpBlock2D'],
  block_out_channels: [6, 10],
  layers_per_block: 1,
  attention_head_dim: null,
  norm_num_groups: 2,
}
const config = { ...parseConfig(configJson, 'toy'), attentionNames: 'to_q' as const }
const layers = layerList(config)
const sourceSha256 = 'ab'.repeat(32)

const open = (bytes: Uint8Array, name = 'student.safetensors') => openTensors(bytesSource(name, bytes))
const read = async (bytes: Uint8Array, name?: string) => readCheckpoint(await open(bytes, name))

/** A student with random latent weights and scales that are not those its weights would give. */
function studentBytes(method: Method, bases: 1 | 2, { half = false, axes = new Map<string, Tensor>() } = {}) {
  const plan = { method, bases, activationBits: 4, keptBits: 8, where: 'v1' } as const
  const manifest = manifestFor(layers, plan)
  const values = new Map<string, Tensor>()
  let stream = 0
  for (const [name, shape] of parameterShapes(config)) {
    const data = normal(11, stream++, new Float32Array(sizeOf(shape)))
    values.set(name, { shape, data: data.map((v) => 0.2 * v + (shape.length === 1 ? 0.5 : 0)) })
  }
  const vector = (name: string, data: Float32Array) => values.set(name, { shape: [data.length], data })
  for (const { id, outChannels: O } of layers) {
    const w = values.get(`${id}.weight`)!.data
    const { method, bases } = manifest[id]!
    if (method === 'lsq') vector(`${id}.step`, initStep(w, O))
    if (bases > 0 && method !== 'xnor') {
      const spread = uniform(12, stream++, new Float32Array(O))
      const { sigma1, sigma2 } = initScales(w, O, bases === 2 ? 2 : 1)
      vector(
        `${id}.sigma1`,
        sigma1.map((s, o) => s * (0.5 + spread[o]!)),
      )
      // A second scale above the first makes the two bases trade places in size.
      if (sigma2)
        vector(
          `${id}.sigma2`,
          sigma2.map((s, o) => s * 3 * spread[o]!),
        )
    }
    vector(`${id}.alpha`, Float32Array.of(0.05 + 0.01 * (stream++ % 7)))
  }
  const about = {
    config: configJson,
    manifest,
    pixelUnshuffle: 1,
    schedule: 'ddim' as const,
    run: 'toy-student',
    role: 'student' as const,
    step: 120,
    teacherSha256: 'cd'.repeat(32),
    settings: { batch: 4 },
  }
  return writeCheckpoint(values, about, half, new Map(), axes)
}

function epsOf(checkpoint: Checkpoint): Float32Array {
  const unet = networkOf(checkpoint)
  const x = tensor4d(normal(3, 0, new Float32Array(2 * 8 * 8 * 3)), [2, 8, 8, 3])
  const eps = unet.forward(x, [10, 700], quantizerOf(checkpoint))
  const values = Float32Array.from(eps.dataSync())
  eps.dispose()
  x.dispose()
  unet.dispose()
  return values
}

/** Effective weights by layer, as bit patterns: -0 is not 0. */
function weightBits(checkpoint: Checkpoint): Map<string, Uint32Array> {
  const { manifest, scales } = checkpoint
  return new Map(
    layers.map(({ id }) => {
      const { data } = effectiveWeight(manifest[id]!, storedWeight(checkpoint, id), scales.get(id) ?? {})
      return [id, new Uint32Array(data.buffer, data.byteOffset, data.length)]
    }),
  )
}

type Edit = (
  tensors: Map<string, { tensor: Tensor; dtype: DType }>,
  about: { manifest: Record<string, Record<string, unknown>> },
) => void

/** The file with some of its tensors or statements changed. */
async function edited(bytes: Uint8Array, edit: Edit): Promise<Uint8Array> {
  const file = await open(bytes)
  const tensors = new Map<string, { tensor: Tensor; dtype: DType }>()
  for (const [name, { dtype }] of file.tensors) tensors.set(name, { tensor: await file.read(name), dtype })
  const about = JSON.parse(file.metadata.get('signscope')!)
  edit(tensors, about)
  return writeSafetensors(tensors, new Map([['signscope', JSON.stringify(about)]]))
}

beforeAll(() => startBackend())

describe.each([
  ['sign', 1],
  ['xnor', 1],
  ['lmb', 2],
  ['ebb', 2],
] as const)('a packed student of %s', (method, bases) => {
  it('computes with the same floats as its source, and so does the unpacked one', async () => {
    const source = await read(studentBytes(method, bases))
    const packed = await read(writePacked(source, sourceSha256))
    const unpacked = await read(writeUnpacked(packed))
    expect(packed.packed.size).toBe(layers.length)
    expect(
      [...packed.tensors.keys()].filter((name) => packed.packed.has(name.replace(/\.weight$/, ''))),
    ).toEqual([])
    expect(weightBits(packed)).toEqual(weightBits(source))
    expect(weightBits(unpacked)).toEqual(weightBits(source))
    const eps = epsOf(source)
    expect(eps.every(Number.isFinite)).toBe(true)
    expect(epsOf(packed)).toEqual(eps)
    expect(epsOf(unpacked)).toEqual(eps)
  })

  it('has the diagnostics of its source but for those of latent weights', async () => {
    const source = await read(studentBytes(method, bases))
    const packed = await read(writePacked(source, null))
    for (const { id } of layers) {
      const teacher = source.tensors.get(`${id}.weight`)!
      const statsOf = (checkpoint: Checkpoint) =>
        weightStats({
          precision: checkpoint.manifest[id]!,
          stored: storedWeight(checkpoint, id),
          scales: checkpoint.scales.get(id)!,
          teacher,
          file: '',
          layer: id,
        })
      const [own, theirs] = [statsOf(packed), statsOf(source)]
      expect([own.latent, own.reconstruction, own.channels, own.bases?.latent ?? null]).toEqual(
        Array(4).fill(null),
      )
      expect(theirs.reconstruction).not.toBe(null)
      const bases = theirs.bases && { ...theirs.bases, latent: null }
      const ofLatents = { latent: null, reconstruction: null, channels: null, bases }
      expect({ ...own, ...ofLatents }).toEqual({ ...theirs, ...ofLatents })
    }
  })
})

describe('the file', () => {
  it('takes along what the source says of itself, its hash and its axes', async () => {
    const axes = new Map([['mid_block', { shape: [4, 1], data: Float32Array.of(0.5, -0.5, 0.5, -0.5) }]])
    const source = await read(studentBytes('lmb', 2, { axes }))
    expect(source.axes).toEqual(axes)
    const packed = await read(writePacked(source, sourceSha256))
    expect(packed.axes).toEqual(axes)
    expect(packed.about).toEqual({ ...source.about, packed: { version: 1, sourceSha256 } })
    expect(packed.manifest).toEqual(source.manifest)
    expect((await read(writeUnpacked(packed))).axes).toEqual(axes)
  })
  it('holds one bit per weight and basis, codes as I8, scales as F32, and aligned tensors', async () => {
    const source = await read(studentBytes('lmb', 2))
    const bytes = writePacked(source, sourceSha256)
    const { tensors, metadata } = await open(bytes)
    // 6 output channels with 6*9 = 54 weights each: 7 bytes a row.
    const id = 'down_blocks.0.resnets.0.conv1'
    expect(tensors.get(`${id}.plane1`)).toEqual({ dtype: 'U8', shape: [6, 7] })
    expect(tensors.get(`${id}.plane2`)).toEqual({ dtype: 'U8', shape: [6, 7] })
    expect(tensors.get(`${id}.sigma2`)).toEqual({ dtype: 'F32', shape: [6] })
    expect(tensors.has(`${id}.weight`)).toBe(false)
    expect(tensors.get('conv_in.codes')).toEqual({ dtype: 'I8', shape: [6, 3, 3, 3] })
    expect(metadata.get('signscope.planes')).toContain('bit i of byte j')
    const sizes = { F32: 4, F16: 2, U8: 1, I8: 1 } as Record<string, number>
    const order = [...tensors.values()].map(({ dtype }) => sizes[dtype]!)
    expect(order).toEqual(order.toSorted((a, b) => b - a))
    const parts = packedParts(tensors, bytes.length)
    expect(Object.values(parts).reduce((a, b) => a + b)).toBe(bytes.length)
    expect(parts.sign).toBeGreaterThan(parts.secondBasis)
    expect(parts.secondBasis).toBeGreaterThan(0)
  })
  it('stores as F16 what a source in F16 had, and nothing that would be rounded', async () => {
    const manifest = {
      ...(await read(studentBytes('sign', 1))).manifest,
      conv_in: { method: 'fp', bases: 0, activationBits: 32 } as const,
    }
    for (const half of [true, false]) {
      const source = { ...(await read(studentBytes('sign', 1, { half }))), manifest }
      const bytes = writePacked(source, null)
      const { tensors } = await open(bytes)
      expect(tensors.get('conv_in.weight')!.dtype).toBe(half ? 'F16' : 'F32')
      expect(tensors.get('conv_in.bias')!.dtype).toBe('F32')
      expect((await read(bytes)).tensors.get('conv_in.weight')).toEqual(source.tensors.get('conv_in.weight'))
    }
    const third = Float32Array.of(1 / 3)
    expect(toFloat32('F16', fromFloat32('F16', third))).not.toEqual(third)
  })
  it('states kind, bits and tensors of every layer', async () => {
    const entry = async (bytes: Uint8Array, id: string) =>
      JSON.parse((await open(bytes)).metadata.get('signscope')!).manifest[id]
    const bytes = studentBytes('xnor', 1)
    const precision = { method: 'xnor', bases: 1, activationBits: 4 }
    const id = 'down_blocks.1.attentions.0.to_q'
    const shape = [10, 10]
    const stated = { ...precision, kind: 'linear', shape, weightBits: 1, alpha: `${id}.alpha` }
    expect(await entry(bytes, id)).toEqual({ ...stated, weights: [`${id}.weight`], scales: [] })
    const packed = writePacked(await read(bytes), null)
    expect(await entry(packed, id)).toEqual({
      ...stated,
      weights: [`${id}.plane1`],
      scales: [`${id}.sigma1`],
    })
    expect(await entry(packed, 'conv_in')).toEqual({
      ...{ method: 'lsq', bases: 0, activationBits: 8, kind: 'conv', shape: [6, 3, 3, 3], weightBits: 8 },
      ...{ weights: ['conv_in.codes'], scales: ['conv_in.step'], alpha: 'conv_in.alpha' },
    })
    expect(readAbout(await open(packed))!.manifest[id]).toEqual(precision)
  })
  it('keeps since when a layer has its precision', async () => {
    const bytes = await edited(studentBytes('sign', 1), (_, about) => {
      about.manifest.conv_out!.since = 40
    })
    const source = await read(bytes)
    expect(source.manifest.conv_out!.since).toBe(40)
    expect((await read(writePacked(source, null))).manifest.conv_out!.since).toBe(40)
  })
})

describe('a manifest without the additions', () => {
  it('is read as before', async () => {
    const bytes = studentBytes('lmb', 2)
    const older = await edited(bytes, (_, about) => {
      for (const [id, { method, bases, activationBits }] of Object.entries(about.manifest))
        about.manifest[id] = { method, bases, activationBits }
    })
    const { manifest, scales, tensors } = await read(bytes)
    expect(await read(older)).toMatchObject({ manifest, scales, tensors })
  })
})

describe('latent weights of a packed student', () => {
  it('are refused where they are asked for', async () => {
    const packed = await read(writePacked(await read(studentBytes('lmb', 2)), null))
    const unet = networkOf(packed)
    const x = tensor4d(new Float32Array(8 * 8 * 3), [1, 8, 8, 3])
    expect(() => unet.forward(x, [0], fullPrecision)).toThrow('its latent weights are not stored')
    x.dispose()
    unet.dispose()
  })
  it('cannot be packed if they are not finite', async () => {
    const source = await read(studentBytes('lmb', 2))
    source.tensors.get('mid_block.resnets.0.conv1.weight')!.data[3] = Number.NaN
    expect(() => writePacked(source, null)).toThrow(
      'mid_block.resnets.0.conv1.weight: a weight is not finite',
    )
  })
})

describe('a damaged or contradictory file', () => {
  const id = 'mid_block.resnets.0.conv1'
  const two = 'down_blocks.0.resnets.0.conv1'
  // One basis; 10 rows of 90 weights: 12 bytes each, 6 unused bits at the end of each row.
  const refused = async (edit: Edit, message: string, bytes = packedBytes) =>
    expect(read(await edited(await bytes, edit), 'bad.safetensors')).rejects.toThrow(
      `bad.safetensors: ${message}`,
    )
  const packedBytes = (async () => writePacked(await read(studentBytes('lmb', 2)), null))()
  const floatBytes = (async () => studentBytes('lmb', 2))()
  const plane = (rows: number, row: number) => ({
    tensor: { shape: [rows, row], data: new Float32Array(rows * row) },
    dtype: 'U8' as const,
  })

  it('with a plane of another length, type or spelling is refused', async () => {
    await refused(
      (t) => t.set(`${id}.plane1`, plane(10, 11)),
      `${id}.plane1: it is U8 [10,11], the layer needs U8 [10,12]`,
    )
    await refused(
      (t) => t.set(`${id}.plane1`, { ...plane(10, 12), dtype: 'F32' }),
      `${id}.plane1: it is F32 [10,12], the layer needs U8`,
    )
    await refused((t) => {
      const spoilt = plane(10, 12)
      spoilt.tensor.data[11] = 4
      t.set(`${id}.plane1`, spoilt)
    }, `${id}.plane1: row 0 has bits set behind its last weight`)
  })
  it('without a plane, a scale or a step it needs is refused', async () => {
    await refused(
      (t) => t.delete(`${id}.plane1`),
      `${id}.plane1: the manifest names this tensor, and it is missing`,
    )
    await refused(
      (t) => t.delete(`${id}.sigma1`),
      `${id}.sigma1: the manifest names this tensor, and it is missing`,
    )
    await refused(
      (t) => t.delete('conv_in.alpha'),
      'conv_in.alpha: the manifest names this tensor, and it is missing',
    )
    await refused((t) => t.delete(`${id}.sigma1`), `${id}.sigma1: the manifest names this tensor`, floatBytes)
    await refused((t, about) => {
      t.delete(`${two}.plane2`)
      delete about.manifest[two]!.weights
    }, `${two}.plane2: this tensor is missing`)
    const silent = await edited(await packedBytes, (t, about) => {
      t.delete(`${id}.sigma1`)
      delete about.manifest[id]!.scales
    })
    const checkpoint = await read(silent, 'bad.safetensors')
    expect(() => quantizerOf(checkpoint)).toThrow(`bad.safetensors: ${id}.sigma1: the scale is missing`)
  })
  it('with weights twice, or planes its method does not have, is refused', async () => {
    await refused((t, about) => {
      t.set(`${id}.weight`, { tensor: { shape: [10, 10, 3, 3], data: new Float32Array(900) }, dtype: 'F32' })
      delete about.manifest[id]!.weights
    }, `${id}: the file holds both ${id}.weight and ${id}.plane1`)
    await refused(
      (t) => t.set(`${id}.codes`, plane(10, 12)),
      `${id}.codes: a layer of method lmb does not have it`,
    )
    await refused(
      (t) => t.set(`${id}.plane2`, plane(10, 12)),
      `${id}.plane2: a layer of method lmb does not have it`,
    )
  })
  it('that states another shape, kind, bits, tensor or layer is refused', async () => {
    const states = (change: Record<string, unknown>, message: string) =>
      refused((_, about) => Object.assign(about.manifest[id]!, change), message)
    await states({ shape: [10, 10] }, `${id}.weight: the shape is [10, 10], the configuration needs`)
    await states({ kind: 'linear' }, `${id}: the manifest calls it linear, in the network it is conv`)
    await states({ weightBits: 8 }, `${id}: 8 bits are stated, lmb has 1`)
    await states(
      { scales: ['conv_in.step'] },
      'conv_in.step: the manifest names a tensor that is not this layer',
    )
    await states({ shape: [1e9, -1] }, 'signscope metadata: it cannot be read')
    await refused((_, about) => {
      about.manifest.nowhere = about.manifest[id]!
    }, 'nowhere: the manifest names a layer that the network does not have')
    await refused((_, about) => {
      delete about.manifest[id]
    }, `${id}.weight: this tensor is missing`)
  })
})

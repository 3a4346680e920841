import { memory } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../../lib/cli/backend'
import { partsOf } from '../../../../lib/diagnostics/sensitivity/parts'
import { measureSensitivity, type Sensitivity } from '../../../../lib/diagnostics/sensitivity/sensitivity'
import {
  type MeasureOptions,
  type Protocol,
  passesOf,
  withSources,
} from '../../../../lib/diagnostics/sensitivity/variants'
import { timelineOf } from '../../../../lib/diagnostics/trajectory'
import { startingNoise } from '../../../../lib/diffusion/sample'
import { keptFullPrecision } from '../../../../lib/quant/kept-layers'
import { initStep, weightCodes } from '../../../../lib/quant/weight-lsq'
import { architecture } from '../../../../lib/unet/architecture'
import { type Checkpoint, networkOf, quantizerOf } from '../../../../lib/unet/checkpoint'
import { predictNoise } from '../../../../lib/unet/predict'
import { binarized, readTeacher } from '../pair'

let teacher: Checkpoint
let student: Checkpoint
let protocol: Protocol
/** Its one timestep is the first of the run, where x_t is the starting noise. */
let single: Protocol

beforeAll(async () => {
  await startBackend()
  teacher = await readTeacher()
  student = binarized(teacher, 'lmb', 2, 0.3)
  protocol = { timeline: timelineOf(2, teacher), seeds: [1, 2], images: 1 }
  single = { timeline: timelineOf(1, teacher), seeds: [5], images: 2 }
})

const measured = (
  student: Checkpoint,
  by: 'layer' | 'block',
  protocol: Protocol,
  options?: MeasureOptions,
): Promise<Sensitivity> =>
  withSources([teacher, student], ([a, b]) => measureSensitivity(teacher, [a!, b!], by, protocol, options))

const partOf = ({ parts }: Sensitivity, id: string) => parts.find((part) => part.id === id)!

/** sum (eps - eps')^2 / sum eps^2 of a whole checkpoint run by itself, at the starting noise of seed 5. */
function errorByHand(other: Checkpoint): number {
  const { inChannels, sampleSize } = teacher.config
  const x = startingNoise(5, 2, inChannels * sampleSize ** 2)
  const [a, b] = [teacher, other].map((checkpoint) => {
    const unet = networkOf(checkpoint)
    const eps = predictNoise(unet, x, single.timeline.measured[0]!, quantizerOf(checkpoint))
    unet.dispose()
    return eps
  })
  const squares = a!.reduce((sum, v, i) => sum + (v - b![i]!) ** 2, 0)
  return squares / a!.reduce((sum, v) => sum + v * v, 0)
}

/** `base` with some layers of `other`, put together as a checkpoint of its own. */
function withLayersOf(base: Checkpoint, other: Checkpoint, ids: readonly string[]): Checkpoint {
  const [tensors, scales] = [new Map(base.tensors), new Map(base.scales)]
  const manifest = { ...base.manifest }
  for (const id of ids) {
    manifest[id] = other.manifest[id]!
    scales.set(id, other.scales.get(id) ?? {})
    for (const name of [`${id}.weight`, `${id}.bias`]) tensors.set(name, other.tensors.get(name)!)
  }
  return { ...base, manifest, tensors, scales }
}

const times4 = (scale?: Float32Array) => scale?.map((v) => 4 * v)

/** All but the kept layers with 8-bit codes, on the steps that fit the teacher's weights. */
function at8Bits(teacher: Checkpoint): Checkpoint {
  const packed: Checkpoint['packed'] = new Map()
  const scales: Checkpoint['scales'] = new Map()
  const manifest = { ...teacher.manifest }
  for (const layer of teacher.layers) {
    if (keptFullPrecision(layer)) continue
    const { id, outChannels } = layer
    const { shape, data } = teacher.tensors.get(`${id}.weight`)!
    const step = initStep(data, outChannels)
    packed.set(id, { shape: [...shape], codes: [weightCodes(data, step)] })
    scales.set(id, { step })
    manifest[id] = { method: 'lsq', bases: 0, activationBits: 32 }
  }
  return { ...teacher, name: 'eight-bits.safetensors', manifest, scales, packed }
}

describe('sensitivity', () => {
  it('measures what checkpoints with one layer exchanged give when run by themselves', async () => {
    // other biases, so that a forgotten one shows
    const bias = 'down.0.block.0.conv1.bias'
    const { shape, data } = teacher.tensors.get(bias)!
    const moved = {
      ...student,
      tensors: new Map(student.tensors).set(bias, { shape, data: data.map((v) => v + 0.5) }),
    }
    const result = await measured(moved, 'layer', single)
    expect(result.parts).toHaveLength(teacher.layers.length)
    expect(result.student.normalised!.mean).toBeCloseTo(errorByHand(moved), 6)
    for (const id of ['down.0.block.0.conv1', 'mid.attn_1.q', 'up.0.block.0.conv2', 'conv_out']) {
      const { binarized, restored, gain } = partOf(result, id)
      const [alone, without] = [
        errorByHand(withLayersOf(teacher, moved, [id])),
        errorByHand(withLayersOf(moved, teacher, [id])),
      ]
      expect(binarized.normalised!.mean, id).toBeCloseTo(alone, 6)
      expect(restored.normalised!.mean, id).toBeCloseTo(without, 6)
      expect(gain.normalised!.mean, id).toBeCloseTo(errorByHand(moved) - without, 6)
    }
    expect(partOf(result, 'down.0.block.0.conv1').binarized.normalised!.mean).toBeGreaterThan(1e-4)
  })
  it('takes all layers of a block together', async () => {
    const result = await measured(student, 'block', single)
    const { layers, binarized } = partOf(result, 'mid')
    const ids = layers.map((i) => teacher.layers[i]!.id)
    expect(ids.every((id) => id.startsWith('mid.'))).toBe(true)
    expect(ids.length).toBeGreaterThan(6)
    expect(binarized.normalised!.mean).toBeCloseTo(errorByHand(withLayersOf(teacher, student, ids)), 6)
  })
  it('puts a binarized layer whose scales are four times too large first', async () => {
    const w1a32 = binarized(teacher, 'lmb', 2)
    for (const id of ['down.0.block.0.conv1', 'down.0.downsample.conv', 'up.0.block.0.nin_shortcut']) {
      const { sigma1, sigma2 } = w1a32.scales.get(id)!
      const scales = { sigma1: times4(sigma1), sigma2: times4(sigma2) }
      const planted = { ...w1a32, scales: new Map(w1a32.scales).set(id, scales) }
      const { parts } = await measured(planted, 'layer', { ...single, images: 1 })
      expect(parts[0]!.id).toBe(id)
    }
  })
  it('finds it in layers that matter less where the others are good', async () => {
    const eightBits = at8Bits(teacher)
    // a group norm follows conv1, and takes back whatever its scale is
    const onTheStream = teacher.layers.filter(({ place }) => /^(conv2|shortcut|.*sample)$/.test(place.role))
    for (const { id } of onTheStream.filter((_, i) => i % 6 === 0)) {
      const scales = new Map(eightBits.scales).set(id, { step: times4(eightBits.scales.get(id)!.step) })
      const { parts } = await measured({ ...eightBits, scales }, 'layer', { ...single, images: 1 })
      expect(parts[0]!.id).toBe(id)
      const gains = parts.map(({ gain }) => gain.normalised!.mean)
      expect(gains[0], id).toBe(Math.max(...gains))
    }
  })
  it('finds nothing between a network and itself', async () => {
    const { student, parts } = await measured(teacher, 'block', protocol)
    const nothing = { mean: 0, standardError: 0, n: 4 }
    expect(student.normalised).toEqual(nothing)
    for (const part of parts) expect(part.gain).toEqual({ normalised: nothing, mse: nothing })
  })
  it('averages over timesteps and seeds, most harmful first', async () => {
    const { parts, timesteps, seeds } = await measured(student, 'block', protocol)
    expect({ timesteps, seeds }).toEqual({ timesteps: [500, 0], seeds: [1, 2] })
    const errors = parts.map(({ binarized }) => binarized.normalised!)
    expect(errors.map(({ mean }) => mean)).toEqual(errors.map(({ mean }) => mean).sort((a, b) => b - a))
    expect(errors[0]).toMatchObject({ n: 4 })
    expect(errors[0]!.standardError).toBeGreaterThan(0)
  })
  it('tells its progress, can be cancelled, and leaves no tensor behind', async () => {
    const before = memory().numTensors
    const seen: [number, number][] = []
    const cancelled = new AbortController()
    const run = measured(student, 'layer', protocol, {
      signal: cancelled.signal,
      onProgress: (done, total) => {
        seen.push([done, total])
        if (done === 5) cancelled.abort(new Error('enough'))
      },
    })
    await expect(run).rejects.toThrow('enough')
    const variants = 1 + 2 * teacher.layers.length
    expect(seen).toEqual([1, 2, 3, 4, 5].map((done) => [done, passesOf(protocol, variants)]))
    expect(memory().numTensors).toBe(before)
  })
})

describe('parts', () => {
  it.each(['layer', 'block'] as const)('by %s name every layer once', (by) => {
    const parts = partsOf(architecture(teacher.config), by)
    const places = parts.flatMap(({ layers }) => layers)
    expect(places.sort((a, b) => a - b)).toEqual(teacher.layers.map((_, i) => i))
  })
})

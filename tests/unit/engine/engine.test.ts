import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { openCheckpoint } from '../../../lib/cli/open'
import { startEngine } from '../../../lib/engine/engine'
import { normal } from '../../../lib/math/rng'
import { manifestFor } from '../../../lib/quant/manifest'
import { layerList, moduleIds } from '../../../lib/unet/architecture'
import { type Checkpoint, networkOf, quantizerOf } from '../../../lib/unet/checkpoint'
import { parseConfig } from '../../../lib/unet/config'
import { predictNoise } from '../../../lib/unet/predict'
import { readAs } from '../../../lib/unet/reading'
import { parseReading } from '../../../lib/unet/reading-name'
import { parameterShapes, toNCHW } from '../../../lib/unet/unet'
import { binarized, readTeacher } from '../diagnostics/pair'
import { checkpointOf, distance, expected, namesIn, networks, tolerance } from '../unet/upstream'

const module = new WebAssembly.Module(readFileSync('public/engine/strict.wasm'))

beforeAll(startBackend)

const inputFor = ({ config }: Checkpoint, images: number, seed = 3) =>
  normal(seed, 0, new Float32Array(images * config.inChannels * config.sampleSize ** 2))

function simulated(checkpoint: Checkpoint, x: Float32Array, t: ArrayLike<number>): Float32Array {
  const unet = networkOf(checkpoint)
  const eps = predictNoise(unet, x, t, quantizerOf(checkpoint))
  unet.dispose()
  return eps
}

describe('a network in full precision', () => {
  for (const { folder } of networks) {
    it(`gives upstream eps and activations: ${folder}`, async () => {
      const checkpoint = await checkpointOf(folder)
      const [x, t] = [await expected(folder, 'x'), await expected(folder, 't')]
      const engine = await startEngine(checkpoint, module, { taps: true, size: x.shape[2] })
      const seen = new Map<string, number[]>()
      const eps = engine.predict(x.data, t.data, (id, output) => {
        const values = output.dataSync() as Float32Array
        const image = output.rank === 4 ? toNCHW(values, output.shape) : values
        seen.set(id, [...(seen.get(id) ?? []), ...image])
      })
      expect(distance((await expected(folder, 'eps')).data, eps)).toBeLessThan(tolerance)
      expect([...seen.keys()].sort()).toEqual([...moduleIds(networkOf(checkpoint).architecture)].sort())
      for (const name of (await namesIn(folder)).filter((name) => name.startsWith('act.'))) {
        const values = seen.get(name.slice('act.'.length))!
        expect(distance((await expected(folder, name)).data, values), name).toBeLessThan(tolerance)
      }
    })
  }
})

describe('a network of W1A4', () => {
  it('gives what its simulation gives but where a value lies on the edge between two codes', async () => {
    const teacher = await readTeacher()
    for (const bases of [1, 2] as const) {
      const student = binarized(teacher, bases === 1 ? 'sign' : 'lmb', bases, 0.3)
      for (const taps of [false, true]) {
        const engine = await startEngine(student, module, { taps })
        expect(engine.oneBit.layers.length).toBeGreaterThan(15)
        const distances = [1, 2, 3, 4, 5, 6, 7].map((seed) => {
          const x = inputFor(student, 1, seed)
          return distance(simulated(student, x, [100 * seed]), engine.predict(x, 100 * seed))
        })
        // one code off moves eps a lot in a network that was not trained; without one only rounding is left
        expect(distances.filter((d) => d < 1e-5).length).toBeGreaterThanOrEqual(4)
      }
    }
  })

  it('gives what the demo students give simulated', async () => {
    for (const run of ['mnist-baseline', 'mnist-v1']) {
      const { checkpoint } = await openCheckpoint(`public/demo/${run}/step-001000.safetensors`, {})
      const engine = await startEngine(checkpoint, module)
      expect(engine.oneBit.layers).toHaveLength(35)
      const x = inputFor(checkpoint, 3)
      expect(
        distance(simulated(checkpoint, x, [999, 500, 20]), engine.predict(x, [999, 500, 20])),
      ).toBeLessThan(1e-5)
    }
  })

  it('computes every reading of a BinaryDM student with stored steps', async () => {
    const checkpoint = await checkpointOf('binarydm_s1')
    const x = inputFor(checkpoint, 1)
    for (const name of ['stored', 'w_only', 'w_a_frozen_a4', 'full']) {
      const reading = readAs(checkpoint, parseReading(name, '--mode'))
      const engine = await startEngine(reading, module)
      expect(distance(simulated(reading, x, [400]), engine.predict(x, [400])), name).toBeLessThan(1e-5)
    }
  })

  it('refuses steps that are computed from every batch', async () => {
    const checkpoint = await checkpointOf('binarydm_s1')
    const reading = readAs(checkpoint, parseReading('as_published', '--mode'))
    await expect(startEngine(reading, module)).rejects.toThrow(/computed from every batch/)
  })

  it('says when a value is not finite', async () => {
    const student = binarized(await readTeacher(), 'sign', 1, 0.3)
    const engine = await startEngine(student, module)
    const x = inputFor(student, 1)
    x[5] = Number.NaN
    expect(() => engine.predict(x, 10)).toThrow(/not finite/)
    x[5] = 0
    expect(engine.predict(x, 10).every(Number.isFinite)).toBe(true)
  })
})

describe('every way a network can be built', () => {
  const openaimodel = {
    ...{ image_size: 8, in_channels: 3, out_channels: 3, model_channels: 32, num_res_blocks: 1 },
    ...{ attention_resolutions: [2], channel_mult: [1, 2], num_head_channels: 16 },
  }
  const ways = {
    'scale and shift, blocks that resize, heads by kind': {
      ...{ use_scale_shift_norm: true, resblock_updown: true, use_new_attention_order: true },
    },
    'samplers without a convolution': { conv_resample: false },
    'heads by head': {},
  }
  for (const [words, options] of Object.entries(ways)) {
    for (const quantized of [false, true]) {
      it(`gives what its simulation gives: ${words}, ${quantized ? 'W1A4' : 'full precision'}`, async () => {
        const checkpoint = randomCheckpoint({ ...openaimodel, ...options }, quantized)
        const x = inputFor(checkpoint, 1)
        for (const taps of [false, true]) {
          const engine = await startEngine(checkpoint, module, { taps })
          expect(distance(simulated(checkpoint, x, [77]), engine.predict(x, [77]))).toBeLessThan(1e-5)
        }
      })
    }
  }
})

/** A network of random weights; binarized ones with a scale of 1/sqrt(products) and a step of 0.25. */
function randomCheckpoint(json: object, quantized: boolean): Checkpoint {
  const config = parseConfig(json, 'config.json')
  const layers = layerList(config)
  const tensors: Checkpoint['tensors'] = new Map()
  for (const [name, shape] of parameterShapes(config)) {
    const n = shape.reduce((a, b) => a * b, 1)
    const scale = shape.length > 1 ? (n / shape[0]!) ** -0.5 : 0.3
    const data = normal(11, tensors.size, new Float32Array(n)).map((v) => v * scale)
    tensors.set(name, { shape: [...shape], data })
  }
  const manifest = manifestFor(layers, {
    method: quantized ? 'sign' : 'fp',
    bases: 1,
    activationBits: 4,
    where: 'all',
  })
  const scales: Checkpoint['scales'] = new Map(
    layers.map(({ id, outChannels, inChannels, kernel }) => [
      id,
      { sigma1: new Float32Array(outChannels).fill((inChannels * kernel ** 2) ** -0.5), alpha: 0.25 },
    ]),
  )
  return {
    ...({ name: 'random', mode: 'stored', origin: 'other', otherSteps: null, assumptions: [] } as const),
    network: { role: 'raw', prefix: '', step: null } as Checkpoint['network'],
    about: {} as Checkpoint['about'],
    ...{ config, layers, manifest, tensors, scales, packed: new Map(), axes: new Map() },
  }
}

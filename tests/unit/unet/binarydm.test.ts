/** Students of BinaryDM's released code against what that code computes with them (tests/fixtures/binarydm_s1). */
import { readFileSync } from 'node:fs'
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, tensor } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { readTensor, withTensors } from '../../../lib/cli/open'
import { sample } from '../../../lib/diffusion/sample'
import { schedule } from '../../../lib/diffusion/schedule'
import { binarizer } from '../../../lib/quant/binarizer'
import { initAlpha } from '../../../lib/quant/lsq'
import { manifestFor } from '../../../lib/quant/manifest'
import type { Tensor as HostTensor } from '../../../lib/tensor/tensor'
import { architecture, flatten, layerList } from '../../../lib/unet/architecture'
import { isBinaryDM, readBinaryDM } from '../../../lib/unet/binarydm'
import { type Checkpoint, networkOf, quantizerOf, storedWeight } from '../../../lib/unet/checkpoint'
import { parseConfig } from '../../../lib/unet/config'
import { attention } from '../../../lib/unet/forward'
import { conv2d, fusedPart, linear } from '../../../lib/unet/ops'
import { predictNoise } from '../../../lib/unet/predict'
import { readAs } from '../../../lib/unet/reading'
import { parseReading } from '../../../lib/unet/reading-name'
import { toNCHW, toNHWC, uploadWeight } from '../../../lib/unet/unet'
import { checkpointOf, distance, expected, fixtures, namesIn, tolerance } from './upstream'

/** Rounding to a few levels can go either way where a value lies between two; the inputs were chosen to avoid it. */
const quantizedTolerance = 1e-5

const folder = 'binarydm_s1'
const ops = `${fixtures}/${folder}/ops.safetensors`
let student: Checkpoint
let names: string[]
let operations: string[]

beforeAll(async () => {
  await startBackend()
  student = await checkpointOf(folder)
  names = await namesIn(folder)
  operations = await withTensors(ops, async (file) => [...file.tensors.keys()])
})

const toleranceOf = (mode: string) => (/^(full|w_only)/.test(mode) ? tolerance : quantizedTolerance)
const upstreamValues = (output: Tensor): Float32Array =>
  output.rank === 4
    ? toNCHW(output.dataSync() as Float32Array, output.shape)
    : (output.dataSync().slice() as Float32Array)

describe.each([
  'full',
  'w_only.rule',
  'w_only.1',
  'w_only.2',
  'w_a_frozen.rule',
  'as_published.rule',
  'as_published_a4.rule',
])('the reading %s', (mode) => {
  it('gives the eps, activations and samples of the released code', async () => {
    const checkpoint = readAs(student, parseReading(mode, 'mode'))
    const [unet, quantizer] = [networkOf(checkpoint), quantizerOf(checkpoint)]
    const [x, t] = [await expected(folder, 'x'), await expected(folder, 't')]
    const seen = new Map<string, Float32Array>()
    const eps = predictNoise(unet, x.data, t.data, quantizer, (id, output) =>
      seen.set(id, upstreamValues(output)),
    )
    const bound = toleranceOf(mode)
    expect(distance((await expected(folder, `eps.${mode}`)).data, eps)).toBeLessThan(bound)
    for (const name of names.filter((name) => name.startsWith(`act.${mode}.`))) {
      const values = seen.get(name.slice(`act.${mode}.`.length))!
      expect(distance((await expected(folder, name)).data, values), name).toBeLessThan(bound)
    }
    if (names.includes(`ddim.${mode}.x_final`)) {
      const xT = (await expected(folder, 'ddim.x_T')).data
      const steps = [
        ...sample((x, t) => predictNoise(unet, x, t, quantizer), xT, {
          schedule: schedule('ldm'),
          steps: 10,
        }),
      ]
      expect(steps.map(({ t }) => t)).toEqual([901, 801, 701, 601, 501, 401, 301, 201, 101, 1])
      for (const [name, values] of [
        ['x_1', steps[0]!.x],
        ['x_final', steps[9]!.x],
      ] as const)
        expect(distance((await expected(folder, `ddim.${mode}.${name}`)).data, values)).toBeLessThan(bound)
    }
    unet.dispose()
  })
})

describe('single operators', () => {
  /** One conv or linear layer on its own, as the forward pass would run it. */
  function runLayer(checkpoint: Checkpoint, id: string, x: HostTensor): Float32Array {
    const layer = checkpoint.layers.find((layer) => layer.id === id)!
    const quantizer = quantizerOf(checkpoint)
    const weight = uploadWeight(quantizer.weight(id, storedWeight(checkpoint, id)))
    const bias = tensor(checkpoint.tensors.get(`${id}.bias`)!.data) as Tensor1D
    const rows = x.shape.length === 2
    const [b, c, h = 1, w = 1] = x.shape as [number, number, number?, number?]
    const input = rows ? tensor(x.data, [b, c]) : tensor(toNHWC(x.data, [b, c, h, w]), [b, h, w, c])
    const quantized = quantizer.input(id, input)
    const output = rows
      ? linear(quantized as Tensor2D, weight as Tensor2D, bias)
      : conv2d(
          quantized as Tensor4D,
          weight as Tensor4D,
          bias,
          layer.stride,
          layer.kernel === 1 ? [0, 0] : [1, 1],
        )
    return upstreamValues(output)
  }

  it('give the outputs of the released code in every mode, on the same inputs', async () => {
    const cases = operations.flatMap((name) => {
      const found = /^op\.(.+)\.out\.([a-z_0-9]+)(?:\.(\d))?$/.exec(name)
      return found ? [{ name, id: found[1]!, mode: found[2]!, order: found[3] }] : []
    })
    expect(cases).toHaveLength(53)
    for (const { name, id, mode, order } of cases) {
      const checkpoint = readAs(student, parseReading(order ? `${mode}.${order}` : mode, 'mode'))
      const x = await readTensor(`${ops}:op.${id}.in`)
      const values = id.endsWith('.attention') ? attentionOf(checkpoint, id, x) : runLayer(checkpoint, id, x)
      const reference = (await readTensor(`${ops}:${name}`)).data
      expect(distance(reference, values), name).toBeLessThan(tolerance)
    }
  })

  /** x (1, 3C, T). */
  function attentionOf(checkpoint: Checkpoint, id: string, x: HostTensor): Float32Array {
    const [, fused, tokens] = x.shape as [number, number, number]
    const heads = fused / 3 / checkpoint.config.headChannels!
    const input = tensor(toNHWC(x.data, [1, fused, 1, tokens]), [1, 1, tokens, fused]) as Tensor4D
    const [q, k, v] = [0, 1, 2].map((part) => fusedPart(input, part as 0 | 1 | 2, heads, 'by head'))
    const quantizer = quantizerOf(checkpoint)
    const output = attention(q!, k!, v!, heads, 'operands', (name, x) => quantizer.input(`${id}.${name}`, x))
    return upstreamValues(output)
  }

  it('start from the scales and steps the released code computes', async () => {
    const computed = operations.filter((name) => /_after/.test(name))
    expect(computed).toHaveLength(24)
    for (const name of computed) {
      const [, id, what, order] = /^op\.(.+)\.(sigma1|sigma2|alpha)_after(?:\.(\d))?$/.exec(name)!
      const reference = (await readTensor(`${ops}:${name}`)).data
      const reloaded = readAs(student, parseReading(`as_published.${order ?? 2}`, 'mode'))
      const values =
        what === 'alpha'
          ? [initAlpha((await readTensor(`${ops}:op.${id}.in`)).data, 8)]
          : reloaded.scales.get(id!)![what as 'sigma1' | 'sigma2']!
      expect(distance(reference, values), name).toBeLessThan(1e-6)
    }
  })
})

describe('effective weights', () => {
  it('are those of the released code to the last bit, zeros where a weight is zero', async () => {
    const recorded = names.filter((name) => name.startsWith('effw'))
    expect(recorded).toHaveLength(6)
    for (const name of recorded) {
      const [, bases, id] = /^effw(\d)\.(.+)$/.exec(name)!
      const read = readAs(student, parseReading(`w_only.${bases}`, 'mode'))
      const weight = quantizerOf(read).weight(id!, storedWeight(read, id!))
      // `+ 0`: the sign of a zero does not matter
      expect(Array.from(weight.data, (v) => v + 0)).toEqual(
        Array.from((await expected(folder, name)).data, (v) => v + 0),
      )
    }
  })

  it('differ from those with sign(0) = +1 at the weights that are zero, and only there', () => {
    const id = 'middle_block.1.qkv'
    const weight = student.tensors.get(`${id}.weight`)!
    const ours = { ...student.manifest, [id]: { ...student.manifest[id]!, zeroSign: undefined } }
    const [zero, one] = [quantizerOf(student), binarizer(ours, student.scales)].map(
      (quantizer) => quantizer.weight(id, weight).data,
    )
    const different = [...weight.data.keys()].filter((i) => zero![i] !== one![i])
    expect(different).toEqual([0])
    expect(weight.data[0]).toBe(0)
  })
})

describe('what the file does not tell', () => {
  it('is assumed and said: bases by block number, bits from the steps, scales as stored', () => {
    expect(student.assumptions).toHaveLength(3)
    expect(student.assumptions[0]).toMatch(
      /^two bases in 10 layers and one in 29: .* 12 \+ 12 blocks, not 4 \+ 4$/,
    )
    expect(student.assumptions[1]).toMatch(/^8-bit activations: /)
    expect(student.assumptions[2]).toContain('reading reload')
  })

  it('is the precision the released code ends with, on the paper’s LDM-4', () => {
    type Row = [id: string, order: 1 | 2, precision: 'full' | 'bnn', group: number | null]
    const manifest: { config: unknown; bnn_layers: Row[]; totals: { binarized_order2: { layers: number } } } =
      JSON.parse(readFileSync(`${fixtures}/manifests/binarydm_ldm4_lsun_beds256.json`, 'utf8'))
    const theirs = manifest.bnn_layers.map(([id, order, precision]) => [id, precision === 'bnn' ? order : 0])
    const layers = layerList(parseConfig(manifest.config, 'ldm4'))
    const ours = manifestFor(layers, { method: 'lmb', bases: 2, activationBits: 8, where: 'released-code' })
    expect(Object.entries(ours).map(([id, { bases }]) => [id, bases])).toEqual(theirs)
    expect(theirs.filter(([, bases]) => bases === 2)).toHaveLength(manifest.totals.binarized_order2.layers)
  })

  it('keeps the layers of the edges and the time MLP, and quantizes inputs and attention of the rest', () => {
    const entries = Object.entries(student.manifest)
    expect(entries.filter(([, p]) => p.method === 'fp' && p.activationBits === 32).map(([id]) => id)).toEqual(
      ['time_embed.0', 'time_embed.2', 'input_blocks.0.0', 'out.2'],
    )
    const operands = entries.filter(([id]) => /\.attention\.[qkwv]$/.test(id))
    expect(operands).toHaveLength(4 * 4)
    for (const [, p] of operands) expect(p).toEqual({ method: 'fp', bases: 0, activationBits: 8 })
  })

  it('takes 4 bits where the steps of the time projections are larger by the root of 127/7', async () => {
    const larger = Math.sqrt(127 / 7)
    const found = await withTensors(`${fixtures}/${folder}/model.safetensors`, (file) =>
      readBinaryDM(architecture(student.config), {
        ...file,
        async read(name) {
          const { shape, data } = await file.read(name)
          const step = name.endsWith('emb_layers.1.quantizer_a.alpha')
          return { shape, data: step ? data.map((v) => v * larger) : data }
        },
      }),
    )
    expect(found.assumptions[1]).toMatch(/^4-bit activations: /)
    expect(found.manifest['middle_block.1.qkv']!.activationBits).toBe(4)
  })

  it('cannot make up for a tensor that is missing', async () => {
    const net = architecture(student.config)
    const names = flatten(net).layers.map(({ id }) => `${id}.scaling_first_order`)
    const holding = (names: string[]) => ({
      name: 'a.ckpt',
      tensors: new Map(names.map((name) => [name, { dtype: 'F32' as const, shape: [1] }])),
      read: async () => ({ shape: [1], data: new Float32Array(1) }),
    })
    expect(isBinaryDM(names)).toBe(true)
    await expect(readBinaryDM(net, holding(names))).rejects.toThrow(
      'a.ckpt: time_embed.0.scaling_second_order: this tensor is missing',
    )
  })
})

import { describe, expect, it } from 'vitest'
import { type BitPlan, bitsOf, type LayerBits, plannedBits, presetPlan } from '../../../lib/cost/bits'
import { type CountedConvention, costOf, measuredCost } from '../../../lib/cost/conventions'
import { readLayerList } from '../../../lib/cost/layer-list'
import { ledger } from '../../../lib/cost/ledger'
import { manifestFor } from '../../../lib/quant/manifest'
import type { Layer } from '../../../lib/record/run'
import { layerList } from '../../../lib/unet/architecture'
import { parseConfig } from '../../../lib/unet/config'
import { parameterShapes } from '../../../lib/unet/unet'
import { layerLists, networkOf } from './networks'

/** A 1x1 conv from 2 to 4 channels on `resolution`^2 pixels: 8 weights, 4 biases. */
function layer(id: string, part: Layer['place']['part'], resolution = 2): Layer {
  const shape = { inChannels: 2, outChannels: 4, kernel: 1, stride: 1, resolution }
  const place = { part, level: 0, block: 0, role: 'conv1' }
  return { id, kind: 'conv', place, ...shape, macs: 8 * resolution ** 2, parameters: 12 }
}

const layers = [layer('a', 'in'), layer('b', 'down'), layer('c', 'mid'), layer('d', 'out')]
/** 32 weights, 16 biases, 4 values of norms. */
const parameters = 52

const cost = (convention: CountedConvention, plan: BitPlan) =>
  costOf({ layers, parameters, bits: plannedBits(layers, plan) }, convention)

const w1a4: BitPlan = { weight: 1, activation: 4, kept: 32, twoBases: null }
/** b has two bases, c one. */
const two: BitPlan = { ...w1a4, twoBases: 'v1' }

describe('operations', () => {
  it('of v1 are all MACs times the bits in the name by 64, whatever is kept and however many bases there are', () => {
    expect(cost('v1', two).operations).toMatchObject({ full: 128, counted: 8, ratio: 16 })
    expect(cost('v1', { ...two, kept: 8 }).operations!.counted).toBe(8)
    expect(cost('v1', { ...two, activation: 8 }).operations!.counted).toBe(16)
  })
  it('of Eq. 16-17 are a 64th of the bit products and the MACs of float layers, per basis where bases count', () => {
    expect(cost('v5-eq17', two).operations!.counted).toBe(64 + 4)
    expect(cost('mid', two).operations!.counted).toBe(64 + 2 * 2 + 2)
    expect(cost('bases-counted', two).operations!.counted).toBe(64 + 2 * 2 + 2)
    // 8 * 8 / 64: layers kept at 8 bits cost what floats do
    expect(cost('mid', { ...two, kept: 8 }).operations!.counted).toBe(64 + 2 * 2 + 2)
  })
  it('are the MACs themselves where weights or inputs are floats', () => {
    for (const convention of ['v1', 'mid', 'v5-eq17', 'bases-counted'] as const) {
      for (const floats of [{ weight: 32 }, { activation: 32 }])
        expect(cost(convention, { ...two, ...floats }).operations).toMatchObject({ counted: 128, ratio: 1 })
    }
  })
})

describe('bytes', () => {
  it('of v1 are w bits per weight and basis, bias and norm, float scales of the first basis, floats of kept layers', () => {
    // 16 kept weights, 16 binarized, 8 of them twice; 20 other values at a bit; 8 scales
    expect(cost('v1', two).bytes).toMatchObject({ full: 208, counted: 64 + (16 + 8 + 20) / 8 + 32 })
    // all 52 values at 4 bits, scales of b and c alone
    expect(cost('v1', { weight: 4, activation: 4, kept: null, twoBases: null }).bytes.counted).toBe(26 + 32)
  })
  it('of mid have 16-bit scales for each basis and float biases and norms, of v5 for one basis', () => {
    expect(cost('mid', two).bytes.counted).toBe(64 + 24 / 8 + 2 * 12 + 80)
    expect(cost('v5-eq17', two).bytes.counted).toBe(64 + 16 / 8 + 2 * 8 + 80)
  })
  it('of bases-counted are those of the ledger of the same student', () => {
    const plan = { method: 'lmb', bases: 2, activationBits: 4, where: 'v1', keptBits: 8 } as const
    const manifest = manifestFor(layers, plan)
    const bits = layers.map(({ id }) => bitsOf(manifest[id]!))
    const { bytes } = costOf({ layers, bits, parameters }, 'bases-counted')
    expect(bytes.counted).toBe(ledger(layers, manifest, parameters).packedBytes)
    expect(bits).toEqual(plannedBits(layers, { ...two, kept: 8 }))
  })
  it('of layers and of everything else add up to the total', () => {
    for (const convention of ['v1', 'mid', 'v5-eq17', 'bases-counted'] as const) {
      const { layers: each, otherBytes, bytes, operations } = cost(convention, two)
      expect(each.reduce((n, l) => n + l.bytes, otherBytes)).toBeCloseTo(bytes.counted, 9)
      expect(each.reduce((n, l) => n + l.operations, 0)).toBeCloseTo(operations!.counted, 9)
    }
  })
  it('of a measured file are its own', () => {
    expect(measuredCost(52, 416)).toMatchObject({ operations: null, bytes: { counted: 416, ratio: 0.5 } })
  })
})

describe('presets', () => {
  it('are the finished students: v5 has one basis left, v1 two in head and tail', () => {
    expect(presetPlan('v1')).toEqual({ weight: 1, activation: 4, kept: 32, twoBases: 'v1' })
    expect(presetPlan('v5')).toEqual({ weight: 1, activation: 4, kept: 8, twoBases: null })
    expect(presetPlan('baseline')).toEqual({ weight: 1, activation: 4, kept: 8, twoBases: null })
  })
})

describe('the CIFAR-10 DDIM network, whose cost no version prints', () => {
  const model = {
    ...{ in_channels: 3, out_ch: 3, ch: 128, ch_mult: [1, 2, 2, 2] },
    ...{ num_res_blocks: 2, attn_resolutions: [16] },
  }
  const config = parseConfig({ model, data: { image_size: 32 } }, 'cifar10.yml')
  const network = { layers: layerList(config), parameters: 0 }
  for (const shape of parameterShapes(config).values()) network.parameters += shape.reduce((a, b) => a * b, 1)
  const saved = (convention: CountedConvention, bits: LayerBits[]) => {
    const { bytes, operations } = costOf({ ...network, bits }, convention)
    return { mebibytes: bytes.counted / 2 ** 20, smaller: bytes.ratio, fewer: operations!.ratio }
  }
  const oneBasis = plannedBits(network.layers, w1a4)
  it('comes to 5.60 MiB and 16.0x under v1, 5.75 MiB and 15.7x under v5', () => {
    const [v1, v5] = [saved('v1', oneBasis), saved('v5-eq17', oneBasis)]
    // the count compared with leaves the biases of kept layers at 32 bits: 0.004 MiB
    expect(Math.abs(v1.mebibytes - 5.6)).toBeLessThan(0.01)
    expect([v1.smaller.toFixed(1), v1.fewer.toFixed(1)]).toEqual(['24.4', '16.0'])
    expect([v5.mebibytes.toFixed(2), v5.smaller.toFixed(1), v5.fewer.toFixed(1)]).toEqual([
      ...['5.75', '23.7', '15.7'],
    ])
  })
  it('comes to 7.36 MiB and 18.5x with two bases at the 32- and 16-pixel levels and in the downsampler below', () => {
    const bits = plannedBits(network.layers, two)
    bits[network.layers.findIndex(({ id }) => id === 'down.1.downsample.conv')]!.bases = 2
    const { mebibytes, smaller } = saved('mid', bits)
    expect([mebibytes.toFixed(2), smaller.toFixed(1)]).toEqual(['7.36', '18.5'])
  })
})

describe('a layer list', () => {
  it('is full precision where it states nothing else', () => {
    const { layers, bits } = networkOf('LDM-4')
    expect(layers).toHaveLength(123)
    expect(bits.every(({ weight, activation }) => weight === 32 && activation === 32)).toBe(true)
    const precision = { method: 'lmb', bases: 2, activationBits: 4 }
    const stated = readLayerList({ parameters, layers: [{ ...layer('a', 'mid'), precision }] }, 'x.json')
    expect(stated.bits).toEqual([{ weight: 1, bases: 2, activation: 4 }])
  })
  it('is refused by name of the entry that is missing or wrong', () => {
    const read = (json: unknown) => () => readLayerList(json, 'x.json')
    expect(read({ parameters, layers: [] })).toThrow('x.json: layers')
    expect(read({ parameters, layers: [{ ...layer('a', 'mid'), kernel: '3' }] })).toThrow('layers.0.kernel')
    expect(read({ parameters: 7, layers: [layer('a', 'mid')] })).toThrow('the layers alone have 8 weights')
    expect(Object.keys(layerLists)).toEqual(['LDM-4', 'LDM-8'])
  })
})

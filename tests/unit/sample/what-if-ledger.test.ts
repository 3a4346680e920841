import { describe, expect, it } from 'vitest'
import { precisionWords, switchedCost } from '../../../app/_sample/what-if-ledger'
import { ledger } from '../../../lib/cost/ledger'
import { manifestFor } from '../../../lib/quant/manifest'
import { readSwitches } from '../../../lib/record/switches'
import { layerList } from '../../../lib/unet/architecture'
import { parseConfig } from '../../../lib/unet/config'
import { parameterCount } from '../../../lib/unet/unet'

const config = parseConfig(
  {
    model: { in_channels: 1, out_ch: 1, ch: 32, ch_mult: [1, 2], num_res_blocks: 1, attn_resolutions: [4] },
    data: { image_size: 8 },
  },
  'test',
)
const layers = layerList(config)
const parameters = parameterCount(config)
const student = (bases: 1 | 2) => {
  const manifest = manifestFor(layers, { method: 'lmb', bases, activationBits: 4, where: 'all' })
  return { parameters, layers: layers.map((layer) => ({ layer, precision: manifest[layer.id]! })), manifest }
}
const bytes = (bases: 1 | 2, sw: string) => switchedCost(student(bases), readSwitches(sw)!).bytes.counted
const all = `0-${layers.length - 1}`

describe('the cost with switches', () => {
  it('is that of the packed file as stored, and of floats with every layer in full precision', () => {
    expect(bytes(1, '')).toBe(ledger(layers, student(1).manifest, parameters).packedBytes)
    expect(bytes(1, `${all}:f`)).toBe(4 * parameters)
  })
  it('goes from one basis to two and back by the size of planes and scales', () => {
    const binarized = layers.flatMap(({ id }, i) => (student(1).manifest[id]!.bases > 0 ? [i] : []))
    const switched = (bases: number) => binarized.map((i) => `${i}:${bases}`).join(';')
    expect(bytes(1, switched(2))).toBe(bytes(2, ''))
    expect(bytes(2, switched(1))).toBe(bytes(1, ''))
  })
  it('counts operations by the bits of weights and inputs', () => {
    const operations = (sw: string) => switchedCost(student(1), readSwitches(sw)!).operations!.counted
    expect(operations('2:f') - operations('')).toBe(0)
    const [at] = layers.flatMap(({ place }, i) => (place.role === 'conv2' ? [i] : []))
    const conv2 = layers[at!]!.macs
    expect(operations(`${at}:f`) - operations('')).toBeCloseTo(conv2 * (1 - 4 / 64), 6)
    expect(operations(`${at}:2a8`) - operations('')).toBeCloseTo((conv2 * (2 * 8 - 4)) / 64, 6)
  })
})

describe('precision in words', () => {
  it.each([
    ['FP32', { method: 'fp', bases: 0, activationBits: 32 }],
    ['W32A4', { method: 'fp', bases: 0, activationBits: 4 }],
    ['W1A4', { method: 'sign', bases: 1, activationBits: 4 }],
    ['W1A8, two bases', { method: 'lmb', bases: 2, activationBits: 8 }],
    ['W8A8', { method: 'lsq', bases: 0, activationBits: 8 }],
  ] as const)('is %s', (words, precision) => expect(precisionWords(precision)).toBe(words))
})

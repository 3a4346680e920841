/** One linear layer of two output channels, worked by hand. */
import { describe, expect, it } from 'vitest'
import { effectiveWeight } from '../../../lib/quant/binarizer'
import { type SwitchableLayer, switchLayer } from '../../../lib/quant/switch-layer'
import { switchedPrecision } from '../../../lib/quant/switched-precision'
import type { LayerPrecision } from '../../../lib/record/precision'
import type { LayerSwitch } from '../../../lib/record/switches'

const shape = [2, 3]
const latent = { shape, data: Float32Array.of(1, -2, 3, -4, 0, 8) }
const teacher = { shape, data: Float32Array.of(0.5, -3, 4, -6, 1, 9) }
const sign: LayerPrecision = { method: 'sign', bases: 1, activationBits: 4 }
const lmb: LayerPrecision = { method: 'lmb', bases: 2, activationBits: 4 }
const fp: LayerPrecision = { method: 'fp', bases: 0, activationBits: 32 }
const sigma1 = Float32Array.of(2, 4)
const oneBasis: SwitchableLayer = { precision: sign, weight: latent, scales: { sigma1, alpha: 0.5 } }
const codes = [Int8Array.of(1, -1, 1, -1, 1, 1)]
const packed: SwitchableLayer = { ...oneBasis, weight: { shape, codes } }

const to = (bases: LayerSwitch['bases'], activationBits: LayerSwitch['activationBits'] = null) => ({
  bases,
  activationBits,
})
const switched = (layer: SwitchableLayer, how: LayerSwitch) => switchLayer(layer, how, () => teacher)
const weights = ({ precision, weight, scales }: SwitchableLayer) => [
  ...effectiveWeight(precision, weight, scales).data,
]

describe('a switched layer', () => {
  it('in full precision is the teacher’s, its input in floats unless bits are asked for', () => {
    const full = switched(oneBasis, to(0))
    expect(full.precision).toEqual(fp)
    expect(weights(full)).toEqual([...teacher.data])
    expect(switched(oneBasis, to(0, 4))).toMatchObject({
      precision: { method: 'fp', activationBits: 4 },
      scales: { alpha: 0.5 },
    })
  })
  it('gets a second basis for what the first leaves of its latent weights', () => {
    // r = w - 2 sign(w) = -1, 0, 1 with mean|r| 2/3; w - 4 sign(w) = 0, -4, 4 with 8/3
    const two = switched(oneBasis, to(2))
    expect(two.precision).toEqual({ ...lmb })
    expect([...two.scales.sigma2!]).toEqual([Math.fround(2 / 3), Math.fround(8 / 3)])
    expect(weights(two)[1]).toBeCloseTo(-2 + 2 / 3, 6)
  })
  it('gets it from the teacher’s weights where only signs are stored', () => {
    // 0.5 - 2, -3 + 2, 4 - 2 and -6 + 4, 1 - 4, 9 - 4
    const two = switched(packed, to(2))
    expect([...two.scales.sigma2!]).toEqual([1.5, Math.fround(10 / 3)])
    const s = Math.fround(10 / 3)
    expect(weights(two)).toEqual([2 - 1.5, -2 - 1.5, 2 + 1.5, ...[-4 - s, 4 - s, 4 + s].map(Math.fround)])
  })
  it('keeps its first basis as it is when the second goes, packed or not', () => {
    const scales = { sigma1, sigma2: Float32Array.of(1, 1), alpha: 0.5 }
    const plane2 = Int8Array.of(-1, 1, 1, 1, -1, 1)
    for (const weight of [latent, { shape, codes: [...codes, plane2] }]) {
      const one = switched({ precision: lmb, weight, scales }, to(1))
      expect(weights(one)).toEqual([2, -2, 2, -4, 4, 4])
    }
  })
  it('that had no bases gets them from the floats it computes with', () => {
    const one = switched({ precision: fp, weight: latent, scales: {} }, to(1))
    expect(weights(one)).toEqual([2, -2, 2, -4, 4, 4])
    expect(one.precision).toEqual({ ...sign, activationBits: 32 })
  })
  it('goes to other bits with the step LSQ’s start would have there', () => {
    expect(switched(oneBasis, to(null, 8)).scales.alpha).toBeCloseTo(0.5 * Math.sqrt(7 / 127), 7)
    expect(switched(oneBasis, to(null, 32)).precision).toEqual({ ...sign, activationBits: 32 })
  })
  it('takes its step from each batch where none is stored', () => {
    expect(switchedPrecision({ ...sign, activationBits: 32 }, to(null, 4))).toEqual({
      ...sign,
      alphaPerBatch: true,
    })
    expect(switchedPrecision({ ...sign, alphaPerBatch: true }, to(0, 8))).toEqual({
      ...fp,
      activationBits: 8,
      alphaPerBatch: true,
    })
  })
  it('is itself where it is switched to what it is', () => {
    expect(switched(oneBasis, to(1, 4))).toEqual(oneBasis)
    expect(switched(packed, to(null))).toEqual(packed)
  })
})

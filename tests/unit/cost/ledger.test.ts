import { describe, expect, it } from 'vitest'
import { ledger } from '../../../lib/cost/ledger'
import { manifestFor } from '../../../lib/quant/manifest'
import type { Manifest } from '../../../lib/record/precision'
import type { Layer } from '../../../lib/record/run'
import { layerList } from '../../../lib/unet/architecture'
import { parseConfig } from '../../../lib/unet/config'
import { parameterShapes } from '../../../lib/unet/unet'

/** A 3x3 conv from 1 to `outChannels` channels on 2x2 pixels. */
function layer(id: string, outChannels: number): Layer {
  return {
    id,
    kind: 'conv',
    place: { part: 'mid', level: 0, block: 0, role: 'conv1' },
    inChannels: 1,
    outChannels,
    kernel: 3,
    stride: 1,
    resolution: 2,
    macs: 36 * outChannels,
    parameters: 10 * outChannels,
  }
}

describe('ledger', () => {
  const layers = [layer('a', 1), layer('b', 2), layer('c', 1)]
  // Weights 9, 18, 9; biases 1, 2, 1; and 7 values of norms.
  const parameters = 36 + 4 + 7
  const manifest: Manifest = {
    a: { method: 'sign', bases: 1, activationBits: 4 },
    b: { method: 'lmb', bases: 2, activationBits: 32 },
  }

  it('counts one bit per weight and basis in whole bytes per channel, scales and steps in float32', () => {
    expect(ledger(layers, manifest, parameters)).toEqual({
      fullPrecisionBytes: 188,
      // 9 bits a channel: 2 bytes for a, twice 2 for b.
      signBytes: 6,
      secondBasisBytes: 4,
      // a: one sigma1 and alpha; b: two sigma1 and two sigma2.
      scaleBytes: 4 * (1 + 1 + 2 + 2),
      // Kept layer c with its bias 10, other biases 3, norms 7.
      floatBytes: 4 * 20,
      packedBytes: 6 + 4 + 24 + 80,
      macs: 144,
      parameters,
    })
  })
  it('counts a byte per weight of a layer kept at 8 bits, and its steps among the scales', () => {
    const kept: Manifest = { b: { method: 'lsq', bases: 0, activationBits: 8 } }
    const { eightBitBytes, scaleBytes, floatBytes, packedBytes } = ledger(layers, kept, parameters)
    // 18 weights; two steps and alpha; all but those weights.
    expect([eightBitBytes, scaleBytes, floatBytes]).toEqual([18, 12, 4 * (47 - 18)])
    expect(packedBytes).toBe(18 + 12 + 4 * 29)
  })
  it('says of a full-precision network that packing saves nothing', () => {
    const { packedBytes, fullPrecisionBytes, signBytes, scaleBytes } = ledger(layers, {}, parameters)
    expect([packedBytes, signBytes, scaleBytes]).toEqual([fullPrecisionBytes, 0, 0])
  })
})

describe('ledger of the CIFAR-10 DDIM network', () => {
  const config = parseConfig(
    {
      model: {
        in_channels: 3,
        out_ch: 3,
        ch: 128,
        ch_mult: [1, 2, 2, 2],
        num_res_blocks: 2,
        attn_resolutions: [16],
      },
      data: { image_size: 32 },
    },
    'cifar10.yml',
  )
  const layers = layerList(config)
  const parameters = [...parameterShapes(config).values()].reduce(
    (n, s) => n + s.reduce((a, b) => a * b, 1),
    0,
  )
  const plan = { activationBits: 32, where: 'v1' } as const
  const weights = (l: Layer) => l.parameters - l.outChannels
  const mebibytes = (bytes: number) => bytes / 2 ** 20

  it('starts from the published size and MACs', () => {
    const { fullPrecisionBytes, macs } = ledger(layers, {}, parameters)
    expect(parameters).toBe(35_746_307)
    expect(mebibytes(fullPrecisionBytes)).toBeCloseTo(136.36, 2)
    expect(macs / 1e9).toBeCloseTo(6.054, 3)
  })
  it('keeps 334,592 weights and has 25,472 scales with one basis', () => {
    const manifest = manifestFor(layers, { ...plan, method: 'sign', bases: 1 })
    const kept = layers.filter((l) => manifest[l.id]!.bases === 0)
    expect(kept.reduce((n, l) => n + weights(l), 0)).toBe(334_592)
    const { scaleBytes, signBytes, packedBytes } = ledger(layers, manifest, parameters)
    expect(scaleBytes).toBe(4 * 25_472)
    expect(signBytes * 8).toBe(layers.reduce((n, l) => n + weights(l), 0) - 334_592)
    // BinaryDM's accounting has 16-bit scales and comes to 5.75 MiB; here they are float32.
    expect(mebibytes(packedBytes - scaleBytes / 2)).toBeCloseTo(5.75, 2)
  })
  it('adds a plane and a scale per channel where there are two bases', () => {
    const one = ledger(layers, manifestFor(layers, { ...plan, method: 'lmb', bases: 1 }), parameters)
    const manifest = manifestFor(layers, { ...plan, method: 'lmb', bases: 2 })
    const two = ledger(layers, manifest, parameters)
    const doubled = layers.filter((l) => manifest[l.id]!.bases === 2)
    expect(two.secondBasisBytes * 8).toBe(doubled.reduce((n, l) => n + weights(l), 0))
    expect(two.scaleBytes - one.scaleBytes).toBe(4 * doubled.reduce((n, l) => n + l.outChannels, 0))
    expect(two.packedBytes - one.packedBytes).toBe(two.secondBasisBytes + two.scaleBytes - one.scaleBytes)
  })
})

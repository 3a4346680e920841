import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { dropSecondBasis } from '../../../lib/quant/ebb'
import { type BinarizationPlan, manifestFor } from '../../../lib/quant/manifest'
import { type BinarizationPreset, binarizationPresets } from '../../../lib/quant/presets'
import { LayerPrecision } from '../../../lib/record/layer-precision'
import { bitsLabel, fullPrecisionLayer } from '../../../lib/record/precision'
import type { Layer, Place } from '../../../lib/record/run'

function layer(id: string, part: Place['part'], level: number | null, role = 'conv1'): Layer {
  const block = role === 'conv1' || role === 'time_proj' ? 0 : null
  const place: Place = { part, level, block, role }
  const shape = { inChannels: 8, outChannels: 8, kernel: 3, stride: 1, resolution: 8 }
  return { id, kind: 'conv', place, ...shape, macs: 36864, parameters: 584 }
}

const layers = [
  layer('conv_in', 'in', 0, 'conv_in'),
  layer('temb.dense.0', 'time', null, 'time_1'),
  layer('down.0.block.0.conv1', 'down', 0),
  layer('down.0.block.0.temb_proj', 'down', 0, 'time_proj'),
  layer('down.0.downsample.conv', 'down', 0, 'downsample'),
  layer('down.1.block.0.conv1', 'down', 1),
  layer('down.1.downsample.conv', 'down', 1, 'downsample'),
  layer('down.2.block.0.conv1', 'down', 2),
  layer('mid.block_1.conv1', 'mid', 2),
  layer('up.2.block.0.conv1', 'up', 2),
  layer('up.2.upsample.conv', 'up', 2, 'upsample'),
  layer('up.1.block.0.conv1', 'up', 1),
  layer('up.1.upsample.conv', 'up', 1, 'upsample'),
  layer('up.0.block.0.conv1', 'up', 0),
  layer('conv_out', 'out', 0, 'conv_out'),
]

const plan: BinarizationPlan = { method: 'lmb', bases: 2, activationBits: 4, where: 'all' }

function withBases(p: BinarizationPlan, bases: LayerPrecision['bases']): string[] {
  return Object.entries(manifestFor(layers, p))
    .filter(([, precision]) => precision.bases === bases)
    .map(([id]) => id)
}

describe('manifestFor', () => {
  it('names every layer in order and keeps first conv, last conv and time MLP in full precision', () => {
    expect(Object.keys(manifestFor(layers, plan))).toEqual(layers.map((l) => l.id))
    expect(withBases(plan, 0)).toEqual(['conv_in', 'temb.dense.0', 'conv_out'])
    expect(withBases(plan, 2)).toHaveLength(layers.length - 3)
    expect(bitsLabel(manifestFor(layers, plan))).toBe('W1A4')
  })
  it('gives v1 two bases at the two highest resolutions, as input_blocks 0-5 and output_blocks 6-11', () => {
    expect(withBases({ ...plan, where: 'v1' }, 2)).toEqual([
      'down.0.block.0.conv1',
      'down.0.block.0.temb_proj',
      'down.0.downsample.conv',
      'down.1.block.0.conv1',
      'up.1.block.0.conv1',
      'up.1.upsample.conv',
      'up.0.block.0.conv1',
    ])
    expect(withBases({ ...plan, where: 'v1' }, 1)).toContain('mid.block_1.conv1')
  })
  it('gives one basis everywhere if the plan has one', () => {
    const precision = manifestFor(layers, { ...plan, method: 'sign', bases: 1 })['mid.block_1.conv1']
    expect(precision).toEqual({ method: 'sign', bases: 1, activationBits: 4 })
    expect(withBases({ ...plan, method: 'sign', bases: 1 }, 2)).toEqual([])
  })
  it('keeps every layer for method fp, inputs at 32 bits', () => {
    const manifest = manifestFor(layers, { ...plan, method: 'fp' })
    expect(Object.values(manifest).every((p) => p.bases === 0 && p.activationBits === 32)).toBe(true)
  })
  it('refuses two bases for sign and xnor, and two layers of one id', () => {
    expect(() => manifestFor(layers, { ...plan, method: 'xnor' })).toThrow('method xnor with 2 bases')
    expect(() => manifestFor([layers[0]!, layers[0]!], plan)).toThrow('conv_in: two layers have this id')
  })
  it('keeps layers at 8 bits if asked, their inputs too unless the others stay floats', () => {
    const manifest = manifestFor(layers, { ...plan, keptBits: 8 })
    const kept = { method: 'lsq', bases: 0, activationBits: 8 }
    for (const id of ['conv_in', 'temb.dense.0', 'conv_out']) expect(manifest[id]).toEqual(kept)
    expect(bitsLabel(manifest)).toBe('W1A4')
    const floats = manifestFor(layers, { ...plan, keptBits: 8, activationBits: 32 })
    expect(floats.conv_in).toEqual({ ...kept, activationBits: 32 })
    expect(manifestFor(layers, { ...plan, method: 'fp', keptBits: 8 }).conv_in).toEqual(fullPrecisionLayer)
  })
})

describe('presets', () => {
  const manifestOf = ({ twoBases: where, ...preset }: BinarizationPreset) =>
    manifestFor(layers, { ...preset, where })
  const basesIn = (preset: BinarizationPreset) => Object.values(manifestOf(preset)).map(({ bases }) => bases)
  it('give one basis to the baseline, and two in head and tail alone to v1 and v5', () => {
    const headAndTail = Object.values(manifestFor(layers, { ...plan, where: 'v1' })).map(({ bases }) => bases)
    expect(basesIn(binarizationPresets.baseline).every((bases) => bases < 2)).toBe(true)
    expect(basesIn(binarizationPresets.v1)).toEqual(headAndTail)
    expect(basesIn(binarizationPresets.v5)).toEqual(headAndTail)
  })
  it('are all W1A4, and v1 alone keeps layers in full precision', () => {
    for (const [name, preset] of Object.entries(binarizationPresets)) {
      expect(bitsLabel(manifestOf(preset))).toBe('W1A4')
      expect(manifestOf(preset).conv_out!.method).toBe(name === 'v1' ? 'fp' : 'lsq')
    }
  })
})

describe('dropSecondBasis', () => {
  it('leaves EBB layers one basis since the transition, and other layers alone', () => {
    const before = manifestFor(layers, { ...plan, method: 'ebb', where: 'v1' })
    const after = dropSecondBasis(before, 5000)
    expect(Object.keys(after)).toEqual(Object.keys(before))
    for (const [id, precision] of Object.entries(before))
      expect(after[id]).toEqual(precision.bases === 2 ? { ...precision, bases: 1, since: 5000 } : precision)
    const lmb = manifestFor(layers, plan)
    expect(dropSecondBasis(lmb, 5000)).toEqual(lmb)
  })
  it('writes steps a manifest can be read with, and no others', () => {
    const entry = { method: 'ebb', bases: 1, activationBits: 4, since: 5000 }
    expect(z.parse(LayerPrecision, entry)).toEqual(entry)
    expect(z.safeParse(LayerPrecision, { ...entry, since: -1 }).success).toBe(false)
    expect(z.safeParse(LayerPrecision, { ...entry, since: 0.5 }).success).toBe(false)
  })
})

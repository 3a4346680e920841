/** The 25 modules of the CIFAR-10 network, i counted from its first convolution; module 12 is the middle block. */
import { describe, expect, it } from 'vitest'
import { manifestAt } from '../../../lib/train/plan'
import { architecture, flatten } from '../../../lib/unet/architecture'
import { parseConfig } from '../../../lib/unet/config'
import { modulesOf } from '../../../lib/unet/modules'
import { studentConfig } from './toy'

const net = architecture(
  parseConfig(
    {
      model: {
        in_channels: 3,
        out_ch: 3,
        ch: 32,
        ch_mult: [1, 2, 2, 2],
        num_res_blocks: 2,
        attn_resolutions: [16],
      },
      data: { image_size: 32 },
    },
    'test',
  ),
)
const modules = modulesOf(net)
const fp = { method: 'fp', bases: 0, activationBits: 32 }

/** First binarizable layer of a module. */
const layerOf = (i: number) => modules[i]!.layers[0]!

describe.each([1, 5])('progressive initialisation every %i steps', (every) => {
  const config = studentConfig('sign', 'teacher', { progressive: { every } })
  const precision = (i: number, step: number) => manifestAt(config, net, step)[layerOf(i)]

  it('begins with the middle block, which has its precision from the start', () => {
    expect(precision(12, 0)).toEqual({ method: 'sign', bases: 1, activationBits: 4 })
    const binary = Object.entries(manifestAt(config, net, 0)).filter(([, p]) => p.method !== 'fp')
    expect(binary.map(([id]) => id).sort()).toEqual([...modules[12]!.layers].sort())
  })

  it('turns the modules before and after binary together, and says since when', () => {
    const turned = { method: 'sign', bases: 1, activationBits: 4, since: 3 * every }
    for (const i of [9, 15]) {
      expect(precision(i, 3 * every - 1)).toEqual(fp)
      expect(precision(i, 3 * every)).toEqual(turned)
      expect(precision(i, 1000)).toEqual(turned)
    }
  })

  it('reaches the last module after 12 pairs and never the layers that are kept', () => {
    const full = (step: number) =>
      Object.entries(manifestAt(config, net, step)).filter(([, p]) => p.method === 'fp')
    const kept = [net.time[0], net.time[1], net.convIn, net.convOut].map(({ id }) => id)
    const ends = [...modules[24]!.layers]
    expect(
      full(12 * every - 1)
        .map(([id]) => id)
        .sort(),
    ).toEqual([...kept, ...ends].sort())
    expect(
      full(12 * every)
        .map(([id]) => id)
        .sort(),
    ).toEqual([...kept].sort())
  })
})

it('without it every layer is binary at once, and since the start', () => {
  const manifest = manifestAt(studentConfig('lmb', 'teacher'), net, 0)
  const binary = Object.values(manifest).filter((p) => p.method === 'lmb')
  expect(binary).toHaveLength(flatten(net).layers.length - 4)
  expect(binary.some((p) => 'since' in p)).toBe(false)
})

it('kept layers have 8 bits from the start, whatever the step', () => {
  const config = studentConfig('sign', 'teacher', { binarizer: { keptBits: 8 }, progressive: {} })
  for (const step of [0, 5, 100])
    expect(manifestAt(config, net, step)[net.convIn.id]).toEqual({
      method: 'lsq',
      bases: 0,
      activationBits: 8,
    })
})

describe('the transition of EBB', () => {
  const binarizer = { twoBases: 'v1', transition: 30 }

  it('leaves one basis, since then; a layer that had one all along keeps its date', () => {
    const config = studentConfig('ebb', 'teacher', { binarizer })
    const [head, middle] = [layerOf(1), layerOf(12)]
    const two = { method: 'ebb', bases: 2, activationBits: 4 }
    const one = { method: 'ebb', bases: 1, activationBits: 4 }
    expect(manifestAt(config, net, 29)[head]).toEqual(two)
    expect(manifestAt(config, net, 30)[head]).toEqual({ ...one, since: 30 })
    for (const step of [29, 30]) expect(manifestAt(config, net, step)[middle]).toEqual(one)
  })

  it('is the date of layers that turned binary before it, not of those that turn binary after it', () => {
    const config = studentConfig('ebb', 'teacher', { binarizer, progressive: { every: 5 } })
    // module 7 turns at 25, module 1 at 55
    const [before, after] = [layerOf(17), layerOf(1)]
    expect(manifestAt(config, net, 29)[after]).toEqual(fp)
    expect(manifestAt(config, net, 30)[after]).toEqual(fp)
    expect(manifestAt(config, net, 55)[after]).toEqual({
      method: 'ebb',
      bases: 1,
      activationBits: 4,
      since: 55,
    })
    expect(manifestAt(config, net, 25)[before]).toMatchObject({ since: 25 })
  })
})

/** Layer lists and parameters at real size against what upstream's classes say of themselves. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { layerList } from '../../../lib/unet/architecture'
import { parseConfig, type UNetConfig } from '../../../lib/unet/config'
import { inferConfig } from '../../../lib/unet/names'
import { parameterShapes, weightShape } from '../../../lib/unet/unet'
import { fixtures } from './upstream'

type Upstream = {
  config: Record<string, unknown> & { image_size?: number }
  totals: { parameters: number; macs_by_kind: { conv: number; linear: number } }
  tensors: [name: string, shape: number[], dtype: string][]
  layers: [
    id: string,
    kind: string,
    input: number[],
    weight: number[],
    output: number[],
    macs: number,
    stride?: number,
  ][]
}

function upstream(name: string): Upstream {
  return JSON.parse(readFileSync(`${fixtures}/manifests/${name}.json`, 'utf8'))
}

const names = [
  'ddim_cifar10',
  'diffusers_ddpm_cifar10_32',
  'diffusers_ddpm_cifar10_32_oldattn',
  'ldm4_lsun_beds256',
  'ldm8_lsun_churches256',
]

function configOf({ config, tensors }: Upstream): UNetConfig {
  const json = 'model' in config ? { ...config, data: { image_size: config.image_size } } : config
  const shapes = new Map(tensors.map(([name, shape]) => [name, shape]))
  return {
    ...parseConfig(json, 'config.json'),
    attentionNames: inferConfig(shapes, 'names').config.attentionNames,
  }
}

for (const name of names) {
  describe(name, () => {
    const manifest = upstream(name)
    const config = configOf(manifest)

    it('lists every conv and linear layer in order of execution, with kind, shapes, stride and MACs', () => {
      const theirs = manifest.layers.filter(([, kind]) => kind !== 'matmul')
      const ours = layerList(config)
      expect(ours.map(({ id }) => id)).toEqual(theirs.map(([id]) => id))
      for (const [i, [id, kind, , weight, output, macs, stride]] of theirs.entries()) {
        const layer = ours[i]!
        expect(
          { kind: layer.kind, weight: weightShape(layer), macs: layer.macs, stride: layer.stride },
          id,
        ).toEqual({
          kind,
          weight,
          macs,
          stride: stride ?? 1,
        })
        const { outChannels, resolution: side, axes } = layer
        if (kind === 'conv')
          expect(output, id).toEqual([1, outChannels, ...(axes === 1 ? [side * side] : [side, side])])
      }
    })

    it('asks for every parameter by name and shape, and for no other', () => {
      const theirs = manifest.tensors.map(([name, shape]) => [name, shape] as const)
      expect(new Map(parameterShapes(config))).toEqual(new Map(theirs))
    })

    it('adds up to the totals', () => {
      const layers = layerList(config)
      const macs = (kind: string) =>
        layers.filter((layer) => layer.kind === kind).reduce((sum, layer) => sum + layer.macs, 0)
      expect(macs('conv')).toBe(manifest.totals.macs_by_kind.conv)
      expect(macs('linear')).toBe(manifest.totals.macs_by_kind.linear)
      const parameters = [...parameterShapes(config).values()].reduce(
        (sum, shape) => sum + shape.reduce((n, d) => n * d, 1),
        0,
      )
      expect(parameters).toBe(manifest.totals.parameters)
    })

    it('is configured the same from tensor names and shapes alone, but for its noise', () => {
      const shapes = new Map(manifest.tensors.map(([name, shape]) => [name, shape]))
      const { config: inferred, assumptions } = inferConfig(shapes, 'model.bin')
      const { noise: _, ...network } = config
      expect(inferred).toEqual(network)
      expect(assumptions.join(' ')).toContain(`image size ${config.sampleSize}`)
    })
  })
}

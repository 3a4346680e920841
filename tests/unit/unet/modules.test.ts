import { describe, expect, it } from 'vitest'
import { architecture, flatten, moduleIds } from '../../../lib/unet/architecture'
import { parseConfig } from '../../../lib/unet/config'
import { modulesOf } from '../../../lib/unet/modules'

/** An ermongroup/ddim network; attention at the resolution of the paper's CIFAR-10 one. */
const ddim = (multipliers: number[], size: number) =>
  architecture(
    parseConfig(
      {
        model: {
          in_channels: 3,
          out_ch: 3,
          ch: 128,
          ch_mult: multipliers,
          num_res_blocks: 2,
          attn_resolutions: [16],
        },
        data: { image_size: size },
      },
      'test',
    ),
  )

const cifar10 = ddim([1, 2, 2, 2], 32)

/** One residual block per level, attention at the lower one. */
const diffusers = architecture(
  parseConfig(
    {
      sample_size: 8,
      in_channels: 1,
      out_channels: 1,
      down_block_types: ['DownBlock2D', 'AttnDownBlock2D'],
      up_block_types: ['AttnUpBlock2D', 'UpBlock2D'],
      block_out_channels: [8, 16],
      layers_per_block: 1,
      attention_head_dim: null,
      norm_num_groups: 4,
    },
    'test',
  ),
)

/** The network of LDM-4 (LSUN bedrooms), as its project's yaml nests it. */
const ldm4 = architecture(
  parseConfig(
    {
      model: {
        params: {
          unet_config: {
            params: {
              image_size: 64,
              in_channels: 3,
              out_channels: 3,
              model_channels: 224,
              attention_resolutions: [8, 4, 2],
              num_res_blocks: 2,
              channel_mult: [1, 2, 3, 4],
              num_head_channels: 32,
            },
          },
        },
      },
    },
    'test',
  ),
)

const networks = [
  { name: 'LDM-4', net: ldm4, count: 25 },
  { name: 'the CIFAR-10 network', net: cifar10, count: 25 },
  // LDM-4's and LDM-8's numbers of levels: 12 and 15 modules on either side of the middle
  { name: 'four levels', net: ddim([1, 2, 3, 4], 64), count: 25 },
  { name: 'five levels', net: ddim([1, 2, 2, 4, 4], 32), count: 31 },
  { name: 'a small diffusers network', net: diffusers, count: 9 },
]

describe.each(networks)('the modules of $name', ({ net, count }) => {
  const modules = modulesOf(net)

  it(`are ${count}, the middle block in the middle, as many before as after`, () => {
    expect(modules).toHaveLength(count)
    expect(modules[Math.floor(count / 2)]!.id).toBe(net.mid.id)
    expect(count % 2).toBe(1)
  })

  it('hold every conv and linear layer once, but the time MLP and the last convolution', () => {
    const all = flatten(net).layers.map(({ id }) => id)
    const outside = [net.time[0].id, net.time[1].id, net.convOut.id]
    expect(modules.flatMap(({ layers }) => layers)).toEqual(all.filter((id) => !outside.includes(id)))
  })

  it('are named by something a tap sees', () => {
    const seen = moduleIds(net)
    expect(modules.filter(({ id }) => !seen.has(id))).toEqual([])
  })
})

it('names modules by their last unit: the attention of a block, the upsampler after it', () => {
  expect(modulesOf(diffusers).map(({ id }) => id)).toEqual([
    'conv_in',
    'down_blocks.0.resnets.0',
    'down_blocks.0.downsamplers.0',
    'down_blocks.1.attentions.0',
    'mid_block',
    'up_blocks.0.attentions.0',
    'up_blocks.0.upsamplers.0',
    'up_blocks.1.resnets.0',
    'up_blocks.1.resnets.1',
  ])
  const upsampler = modulesOf(diffusers)[6]!
  expect(upsampler.layers).toContain('up_blocks.0.resnets.1.conv1')
  expect(upsampler.layers.at(-1)).toBe('up_blocks.0.upsamplers.0.conv')
})

it('of latent-diffusion are its TimestepEmbedSequential modules', () => {
  const numbered = (way: string) => Array.from({ length: 12 }, (_, i) => `${way}_blocks.${i}`)
  expect(modulesOf(ldm4).map(({ id }) => id)).toEqual([
    ...numbered('input'),
    'middle_block',
    ...numbered('output'),
  ])
  expect(modulesOf(ldm4)[15]!.layers).toEqual([
    'output_blocks.2.0.in_layers.2',
    'output_blocks.2.0.emb_layers.1',
    'output_blocks.2.0.out_layers.3',
    'output_blocks.2.0.skip_connection',
    'output_blocks.2.1.qkv',
    'output_blocks.2.1.proj_out',
    'output_blocks.2.2.conv',
  ])
})

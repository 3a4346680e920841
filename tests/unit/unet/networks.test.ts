/** Which networks a file holds, on the names and shapes of real models and of real trainings. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { withTensors } from '../../../lib/cli/open'
import type { PlainValue, TensorFile } from '../../../lib/tensor/tensor'
import { readCheckpoint } from '../../../lib/unet/checkpoint'
import { chooseNetwork, fileOf } from '../../../lib/unet/choose-network'
import { findNetworks, otherParts, roleOfPrefix, stepInName, weightLayers } from '../../../lib/unet/networks'
import { fixtures } from './upstream'

type Listed = { tensors: [name: string, shape: number[]][]; values?: Record<string, PlainValue> }

/** Tensor names and shapes of upstream's classes at real size, and of checkpoints as PyTorch lists them. */
const { manifests, real } = JSON.parse(
  gunzipSync(readFileSync(`${fixtures}/manifests/names.json.gz`)).toString(),
) as { manifests: Record<string, Listed & { layers: string[] }>; real: Record<string, Listed> }

/** A file that lists these tensors and reads them as the values given, else as zeros. */
function listing(
  name: string,
  tensors: [name: string, shape: number[]][],
  values: Record<string, PlainValue> = {},
  contents: Record<string, number> = {},
): TensorFile {
  return {
    name,
    container: 'torch-zip',
    tensors: new Map(tensors.map(([tensor, shape]) => [tensor, { dtype: 'F32', shape }])),
    metadata: new Map(),
    values: new Map(Object.entries(values)),
    read: async (tensor) => ({ shape: [1], data: Float32Array.of(contents[tensor] ?? 0) }),
  }
}

const summary = (file: TensorFile) =>
  findNetworks(file).map(({ role, prefix, family, names, step }) => [role, prefix, family, names.size, step])

describe('names of real models', () => {
  const families = {
    binarydm_ldm4_lsun_beds256: 'binarydm',
    ddim_cifar10: 'ddim',
    ddim_lsun_bedroom: 'ddim',
    diffusers_ddpm_cifar10_32: 'diffusers',
    diffusers_ddpm_cifar10_32_oldattn: 'diffusers',
    ldm4_cin256_v2: 'sd',
    ldm4_lsun_beds256: 'openaimodel',
    ldm8_cin256: 'sd',
    ldm8_lsun_churches256: 'openaimodel',
    sd15_unet_diffusers: 'diffusers-conditional',
    sd_v1_openaimodel: 'sd',
  }
  expect(Object.keys(manifests)).toEqual(Object.keys(families))

  for (const [name, family] of Object.entries(families)) {
    const { tensors, layers } = manifests[name]!

    it(`${name} is one network of family ${family}, bare and in every wrapper`, () => {
      for (const prefix of [
        '',
        'module.',
        'model.',
        'model.diffusion_model.',
        'unet.',
        '_orig_mod.module.',
      ]) {
        const file = listing(
          'model.pt',
          tensors.map(([tensor, shape]) => [prefix + tensor, shape]),
        )
        expect(summary(file)).toEqual([['raw', prefix, family, tensors.length, null]])
      }
    })

    it(`${name} has the conv and linear layers upstream runs`, () => {
      const file = listing('model.pt', tensors)
      const [network] = findNetworks(file)
      const found = weightLayers(network!.names, file.tensors).map(({ id }) => id)
      expect(found.sort()).toEqual([...new Set(layers)].sort())
    })

    it(`${name} is found with its average and teacher in a Lightning checkpoint`, () => {
      const student = tensors.map(([tensor, shape]) => [`model.diffusion_model.${tensor}`, shape] as const)
      const average = tensors.map(
        ([tensor, shape]) => [`model_ema.diffusion_model${tensor.replaceAll('.', '')}`, shape] as const,
      )
      const counters = [
        'model_ema.decay',
        'model_ema.num_updates',
        'betas',
        'first_stage_model.decoder.conv_in.weight',
      ]
      const own = [...student, ...average, ...counters.map((counter) => [counter, [4, 4]] as const)]
      const all = [...own, ...own.map(([tensor, shape]) => [`model2.${tensor}`, shape] as const)]
      const file = listing(
        'last.ckpt',
        all.map(([tensor, shape]) => [`state_dict/${tensor}`, [...shape]]),
        { global_step: 1234 },
      )
      const n = tensors.length
      expect(summary(file)).toEqual([
        ['raw', 'state_dict/model.diffusion_model.', family, n, 1234],
        ['ema', 'state_dict/model_ema.', family, n, 1234],
        ['teacher', 'state_dict/model2.model.diffusion_model.', family, n, 1234],
        ['teacher-ema', 'state_dict/model2.model_ema.', family, n, 1234],
      ])
      expect([...otherParts(file, findNetworks(file))]).toEqual([
        ['state_dict/model_ema.', 2],
        ['state_dict/', 1],
        ['state_dict/first_stage_model.', 1],
        ['state_dict/model2.', 4],
      ])
    })
  }
})

describe('real trainings', () => {
  const student = ['raw', 'state_dict/model.diffusion_model.', 'binarydm', 345]
  const ema = ['ema', 'state_dict/model_ema.', 'binarydm', 345]
  const expected: Record<string, unknown[][]> = {
    'binarydm_fashion/a4_fixed/epoch=000000-step=000000100.ckpt': [[...student, 100]],
    'binarydm_fashion/a4_fixed/epoch=000000-step=000000400.ckpt': [[...student, 400]],
    'binarydm_fashion/a4_fixed/last.ckpt': [
      [...student, 600],
      [...ema, 600],
      ['teacher', 'state_dict/model2.model.diffusion_model.', 'binarydm', 345, 600],
    ],
    'binarydm_fashion/as_released/epoch=000000-step=000000100.ckpt': [[...student, 100]],
    'binarydm_fashion/as_released/epoch=000000-step=000000400.ckpt': [[...student, 400]],
    'binarydm_fashion/as_released/last.ckpt': [
      [...student, 600],
      [...ema, 600],
    ],
    'binarydm_fashion/teacher.ckpt': [
      ['raw', 'state_dict/model.diffusion_model.', 'openaimodel', 164, 4100],
      ['ema', 'state_dict/model_ema.', 'openaimodel', 164, 4100],
    ],
    'ddim_mnist/ckpt_782.pth': [
      ['raw', '0/module.', 'ddim', 76, 782],
      ['ema', '4/', 'ddim', 76, 782],
    ],
    'ddim_mnist_timeblind/ckpt_1500.pth': [['raw', '0/module.', 'ddim', 142, 1500]],
    'ddim_mnist_timeblind/ckpt_300.pth': [['raw', '0/module.', 'ddim', 142, 300]],
    'ddim_mnist_timeblind/ckpt_5700.pth': [
      ['raw', '0/module.', 'ddim', 142, 5700],
      ['ema', '4/', 'ddim', 142, 5700],
    ],
  }
  expect(Object.keys(real)).toEqual(Object.keys(expected))

  for (const [path, networks] of Object.entries(expected)) {
    it(`${path} holds ${networks.map(([role]) => role).join(', ')}`, () => {
      expect(summary(listing('x.ckpt', real[path]!.tensors, real[path]!.values))).toEqual(networks)
    })
  }

  it('the prefix of a network tells its role without the file', () => {
    for (const { tensors, values } of Object.values(real))
      for (const { role, prefix } of findNetworks(listing('x.ckpt', tensors, values)))
        expect(roleOfPrefix(prefix, 'x.ckpt')).toBe(role)
    expect(roleOfPrefix('state_dict/model2.model_ema.', 'last.ckpt')).toBe('teacher-ema')
    expect(roleOfPrefix('', 'v1-5-pruned-emaonly.ckpt')).toBe('ema')
    expect(roleOfPrefix('', 'schema.pt')).toBe('raw')
  })

  it('the reader lists of an ermongroup/ddim checkpoint what PyTorch does, optimizer aside', async () => {
    const path = 'ddim_mnist_timeblind/ckpt_5700.pth'
    const { tensors, values } = real[path]!
    await withTensors(`${fixtures}/real/${path}`, async (file) => {
      expect([...file.tensors].map(([name, { shape }]) => [name, shape])).toEqual(tensors)
      expect(Object.fromEntries(file.values)).toEqual(values)
    })
  })

  it('the average is read unless the raw weights are asked for, by role or by prefix', async () => {
    await withTensors(`${fixtures}/real/ddim_mnist_timeblind/ckpt_5700.pth`, async (file) => {
      const bias = async (network?: string) => {
        const checkpoint = await readCheckpoint(file, undefined, { network })
        expect(checkpoint.about.step).toBe(5700)
        return [checkpoint.network.role, checkpoint.tensors.get('conv_out.bias')!.data[0]]
      }
      const stored = async (name: string) => (await file.read(name)).data[0]
      const [raw, ema] = [await stored('0/module.conv_out.bias'), await stored('4/conv_out.bias')]
      expect(raw).not.toBe(ema)
      expect(await bias()).toEqual(['ema', ema])
      expect(await bias('ema')).toEqual(['ema', ema])
      expect(await bias('raw')).toEqual(['raw', raw])
      expect(await bias('0/module.')).toEqual(['raw', raw])
      await expect(bias('teacher')).rejects.toThrow(/no such network.*raw \(0\/module\.\), ema \(4\/\)/)
    })
  })
})

describe('roots of other code', () => {
  const net: [string, number[]][] = [
    ['init.weight', [8, 3, 3, 3]],
    ['out.weight', [3, 8]],
  ]
  const under = (prefix: string, tensors = net) =>
    tensors.map(([name, shape]) => [prefix + name, shape] as [string, number[]])

  it('a wrapper of average and online copy gives both', () => {
    const tensors = [
      ...under('ema/ema_model.model.'),
      ...under('ema/online_model.model.'),
      ['ema/initted', [1]] as [string, number[]],
    ]
    expect(summary(listing('model-40.pt', tensors, { step: 40_000 }))).toEqual([
      ['raw', 'ema/online_model.model.', 'other', 2, 40_000],
      ['ema', 'ema/ema_model.model.', 'other', 2, 40_000],
    ])
  })

  it('a network whose modules are called model and head is one network', () => {
    const tensors = [...under('model.'), ...under('head.')]
    expect(summary(listing('a.safetensors', tensors))).toEqual([['raw', '', 'other', 4, null]])
  })

  it('of several networks the one under a usual key comes first, then the larger one', () => {
    const tensors = [...under('critic/', [['a.weight', [99, 99]]]), ...under('actor/'), ...under('params/')]
    expect(summary(listing('a.pt', tensors)).map(([, prefix]) => prefix)).toEqual([
      'params/',
      'critic/',
      'actor/',
    ])
  })

  it('a file that calls itself an average is one', () => {
    for (const name of [
      'ema_diffusion_cifar10_model-790000.ckpt',
      'v1-5-pruned-emaonly.ckpt',
      'unet_ema/a.bin',
    ])
      expect(findNetworks(listing(name, net))[0]!.role).toBe('ema')
    for (const name of ['model-790000.ckpt', 'cinema.pt', 'schema.pt'])
      expect(findNetworks(listing(name, net))[0]!.role).toBe('raw')
  })

  it('quantized relatives are told by the tensors they add', () => {
    const mark: [string, number[]] = ['time_embed.0.weight', [8, 8]]
    const family = (name: string) =>
      findNetworks(listing('a.pt', under('model.', [mark, [name, [8, 1, 1, 1]]])))[0]!.family
    expect(family('out.2.weight_quantizer.delta')).toBe('q-diffusion')
    expect(family('input_blocks.3.0.skip_connection.weight_quantizer_0.delta')).toBe('q-diffusion')
    expect(family('out.2.loraA.weight')).toBe('efficientdm')
    expect(family('out.2.scaling_first_order')).toBe('binarydm')
  })

  it('an autoencoder by itself is a network, beside a U-Net it is another part', () => {
    const file = listing('vae.ckpt', under('state_dict/first_stage_model.'))
    expect(summary(file)).toEqual([['raw', 'state_dict/', 'other', 2, null]])
  })

  it('arrays that are no weights are no network', async () => {
    const file = listing('io.safetensors', [
      ['x', [2, 3, 8, 8]],
      ['act.temb.dense.0', [2, 128]],
    ])
    expect(findNetworks(file)).toEqual([])
    await expect(chooseNetwork(file)).rejects.toMatchObject({ code: 'not_a_checkpoint' })
  })
})

describe('the choice between raw weights and their average', () => {
  const file = (alphas: Record<string, number>, left: string[] = []) => {
    const layers = ['time_embed.0', 'input_blocks.1.0.in_layers.2']
    const tensors = layers.flatMap((id): [string, number[]][] => [
      [`${id}.weight`, [8, 8]],
      [`${id}.scaling_first_order`, [8, 1]],
      [`${id}.quantizer_a.alpha`, [1]],
    ])
    const both = tensors.flatMap(([name, shape]): [string, number[]][] => [
      [`model.diffusion_model.${name}`, shape],
      [`model_ema.diffusion_model${name.replaceAll('.', '')}`, shape],
    ])
    return listing(
      's.ckpt',
      both.filter(([name]) => !left.includes(name)),
      {},
      alphas,
    )
  }
  const raw = 'model.diffusion_model.input_blocks.1.0.in_layers.2.quantizer_a.alpha'
  const ema = 'model_ema.diffusion_modelinput_blocks10in_layers2quantizer_aalpha'
  const role = async (...args: Parameters<typeof file>) => (await chooseNetwork(file(...args))).role

  it('goes to the average only if its alphas are near the raw ones', async () => {
    expect(await role({ [raw]: 0.1, [ema]: 0.12 })).toBe('ema')
    expect(await role({ [raw]: 0.1, [ema]: 0.3 })).toBe('raw')
    expect(await role({ [raw]: 0.1, [ema]: Number.NaN })).toBe('raw')
  })

  it('does not ask the alphas of layers that are never binarized', async () => {
    const kept = 'model_ema.diffusion_modeltime_embed0quantizer_aalpha'
    expect(await role({ [raw]: 0.1, [ema]: 0.1, [kept]: 1e30 })).toBe('ema')
  })

  it('goes to the raw weights if the average lacks a tensor', async () => {
    expect(await role({ [raw]: 0.1, [ema]: 0.1 }, ['model_ema.diffusion_modeltime_embed0weight'])).toBe('raw')
  })

  it('a chosen network is read by its bare names', async () => {
    const whole = file({ [raw]: 0.1, [ema]: 0.12 })
    const own = fileOf(whole, await chooseNetwork(whole, 'ema'))
    expect([...own.tensors.keys()]).toHaveLength(6)
    expect((await own.read('input_blocks.1.0.in_layers.2.quantizer_a.alpha')).data[0]).toBeCloseTo(0.12)
    await expect(own.read(raw)).rejects.toMatchObject({ code: 'missing_tensor' })
  })
})

it('steps are read off file names', () => {
  expect(['ckpt_40000.pth', 'model-790000.ckpt', 'epoch=000000-step=000000400.ckpt'].map(stepInName)).toEqual(
    [40_000, 790_000, 400],
  )
  expect(stepInName('epoch=3-step=100-loss=0.25.ckpt')).toBe(100)
  expect(['model.pt', 'ckpt.pth', 'a-00001-of-00002.safetensors'].map(stepInName)).toEqual([null, null, null])
})

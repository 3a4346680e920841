import { describe, expect, it } from 'vitest'
import { sortDropped } from '../../../app/_drop/dropped'

/** Paths as they would be dropped. */
const sorted = (...paths: string[]) => {
  const { checkpoints, configs } = sortDropped(
    paths.map((path) => {
      const at = path.lastIndexOf('/')
      return { file: new File(['x'], path.slice(at + 1)), folder: path.slice(0, Math.max(0, at)) }
    }),
  )
  return {
    checkpoints: checkpoints.map(({ file, shards }) => [file.name, ...shards.map(({ name }) => name)]),
    configs: configs.map(({ file }) => file.name),
  }
}

describe('sortDropped', () => {
  it('takes single files as they are, so that each gets its answer', () => {
    expect(sorted('a.pt', 'picture.png', 'config.yaml')).toEqual({
      checkpoints: [['a.pt'], ['picture.png']],
      configs: ['config.yaml'],
    })
  })

  it('takes checkpoints and configuration of a folder, and leaves the rest', () => {
    expect(
      sorted(
        'run/ckpt_1.pth',
        'run/sub/ckpt_2.pth',
        'run/log.txt',
        'run/sub/grid.png',
        'run/configs/a-project.yaml',
      ),
    ).toEqual({ checkpoints: [['ckpt_1.pth'], ['ckpt_2.pth']], configs: ['a-project.yaml'] })
  })

  it('puts shards to their index, by folder and name', () => {
    const shard = (n: number) => `model-0000${n}-of-00002.safetensors`
    expect(
      sorted(`m/${shard(1)}`, `m/${shard(2)}`, 'm/model.safetensors.index.json', 'm/other.safetensors'),
    ).toEqual({
      checkpoints: [['model.safetensors.index.json', shard(1), shard(2)], ['other.safetensors']],
      configs: [],
    })
  })

  it('takes the U-Net of a diffusers pipeline and its own configuration', () => {
    expect(
      sorted(
        'p/model_index.json',
        'p/scheduler/scheduler_config.json',
        'p/unet/config.json',
        'p/unet/diffusion_pytorch_model.bin',
        'p/vae/config.json',
        'p/vae/diffusion_pytorch_model.bin',
      ),
    ).toEqual({ checkpoints: [['diffusion_pytorch_model.bin']], configs: ['config.json'] })
  })
})

/** What is wrong with the input is told in a sentence that names file, tensor and remedy; the exit code is 2. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withTensors } from '../../../lib/cli/open'
import { writeSafetensors } from '../../../lib/tensor/safetensors'
import type { Tensor } from '../../../lib/tensor/tensor'
import { fixtures } from '../unet/upstream'
import { run, spawned, temporaryFolder } from './command-line'

const folder = temporaryFolder()
const out = join(folder, 'out.safetensors')
const io = `${fixtures}/ddim_s1/io.safetensors`
const model = `${fixtures}/ddim_s1/model.safetensors`
const config = `${fixtures}/ddim_s1/config.json`

const forward = (file: string, ...flags: string[]) =>
  run('forward', file, '--x', `${io}:x`, '--t', '5', '--out', out, ...flags)

/** The small network with its tensors changed. */
async function changedModel(name: string, change: (tensors: Map<string, Tensor>) => void): Promise<string> {
  const tensors = await withTensors(model, async (file) => {
    const all = new Map<string, Tensor>()
    for (const name of file.tensors.keys()) all.set(name, await file.read(name))
    return all
  })
  change(tensors)
  const path = join(folder, name)
  writeFileSync(
    path,
    writeSafetensors(new Map([...tensors].map(([n, tensor]) => [n, { tensor, dtype: 'F32' }]))),
  )
  return path
}

async function expectRefusal(outcome: ReturnType<typeof run>, ...words: string[]) {
  const { code, stdout, stderr } = await outcome
  for (const word of words) expect(stderr).toContain(word)
  expect(stderr).not.toContain('    at ')
  expect([code, stdout]).toEqual([2, ''])
  expect(existsSync(out)).toBe(false)
}

describe('a checkpoint is refused', () => {
  it('when it is of another type', async () => {
    const picture = join(folder, 'cat.safetensors')
    writeFileSync(picture, Buffer.from('\x89PNG\r\n\x1a\n and so on', 'latin1'))
    await expectRefusal(forward(picture), 'cat.safetensors', 'it is an image', 'Give a safetensors file')
    await expectRefusal(forward(config), 'config.json', 'it is JSON', 'give the weights file beside it')
  })

  it('when it is cut off', async () => {
    const cut = join(folder, 'cut.safetensors')
    writeFileSync(cut, readFileSync(model).subarray(0, 500_000))
    await expectRefusal(forward(cut), 'cut.safetensors', 'truncated', 'download or copy it again')
    const zip = join(folder, 'cut.pt')
    writeFileSync(zip, readFileSync(`${fixtures}/ddim_s2_pt/model.pt`).subarray(0, 500_000))
    await expectRefusal(forward(zip), 'cut.pt', 'truncated')
  })

  it('when a tensor is missing', async () => {
    const path = await changedModel('missing.safetensors', (tensors) => tensors.delete('mid.attn_1.k.weight'))
    await expectRefusal(
      forward(path, '--config', config),
      'missing.safetensors',
      'mid.attn_1.k.weight',
      'missing',
      '--config',
    )
  })

  it('when a tensor has another shape', async () => {
    const path = await changedModel('shape.safetensors', (tensors) =>
      tensors.set('mid.block_1.conv1.weight', { shape: [32, 32, 1, 1], data: new Float32Array(1024) }),
    )
    await expectRefusal(
      forward(path, '--config', config),
      'shape.safetensors',
      'mid.block_1.conv1.weight',
      '[32, 32, 1, 1]',
      '[32, 32, 3, 3]',
    )
  })

  it('when its architecture is unknown', async () => {
    const path = join(folder, 'other.safetensors')
    const tensor = { shape: [2], data: new Float32Array(2) }
    writeFileSync(path, writeSafetensors(new Map([['encoder.weight', { tensor, dtype: 'F32' }]])))
    const families = [
      'ermongroup/ddim',
      'diffusers UNet2DModel',
      'latent-diffusion',
      'BinaryDM',
      'other networks',
    ]
    await expectRefusal(forward(path), 'other.safetensors', 'encoder.weight', ...families)
    const ldm = join(folder, 'ldm.safetensors')
    const crossAttention = 'input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight'
    const names = ['time_embed.0.weight', crossAttention]
    writeFileSync(ldm, writeSafetensors(new Map(names.map((name) => [name, { tensor, dtype: 'F32' }]))))
    await expectRefusal(forward(ldm), 'ldm.safetensors', 'conditioned by cross attention')
  })

  it('when it is not there, or a folder without a model', async () => {
    await expectRefusal(forward(join(folder, 'nowhere.pt')), 'nowhere.pt', 'no such file', 'Check the path')
    mkdirSync(join(folder, 'empty'))
    await expectRefusal(forward(join(folder, 'empty')), 'empty', 'diffusion_pytorch_model')
  })
})

describe('a configuration is refused', () => {
  const withConfig = (name: string, content: string) => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return forward(model, '--config', path)
  }

  it('when it is no configuration, of another family, or of an unsupported kind', async () => {
    await expectRefusal(withConfig('a.yml', 'model: [1, 2'), 'a.yml', 'neither yaml nor json')
    await expectRefusal(withConfig('b.yml', 'hello: world'), 'b.yml', 'not a U-Net configuration')
    const other = readFileSync(`${fixtures}/diffusers_old_s1/config.json`, 'utf8')
    await expectRefusal(withConfig('c.json', other), 'c.json', 'diffusers family', 'ddim')
    const odd = other.replace('"silu"', '"gelu"')
    await expectRefusal(withConfig('d.json', odd), 'd.json', 'act_fn', 'gelu')
  })

  it('but yaml is read as well as json, and found beside the weights', async () => {
    const yaml =
      'model:\n  {in_channels: 3, out_ch: 3, ch: 32, ch_mult: [2, 1], num_res_blocks: 1, attn_resolutions: [8]}\n'
    const path = join(folder, 'model.yml')
    writeFileSync(path, `${yaml}data:\n  image_size: 16\n`)
    const used = join(folder, 'used.safetensors')
    const { code } = await run(
      'forward',
      model,
      '--config',
      path,
      '--x',
      `${io}:x`,
      '--t',
      '5',
      '--out',
      used,
    )
    expect(code).toBe(0)
  })

  it('and what has to be assumed without one is said', async () => {
    const alone = join(folder, 'alone')
    mkdirSync(alone)
    copyFileSync(model, join(alone, 'model.safetensors'))
    const { stdout } = await run('inspect', join(alone, 'model.safetensors'))
    expect(stdout).toMatch(/assuming +image size 32/)
    expect(stdout).toContain('ddim')
  })
})

describe('an argument is refused', () => {
  it('when a tap is no module of the network, with those close to it', async () => {
    await expectRefusal(
      forward(model, '--tap', 'mid.atn_1.q'),
      '--tap mid.atn_1.q',
      'no such module',
      'mid.attn_1.q',
    )
  })

  it('when a tensor is not in its file, with those close to it', async () => {
    const outcome = run('forward', model, '--x', `${io}:ddim.x_t`, '--t', '5', '--out', out)
    await expectRefusal(outcome, 'ddim.x_t', 'no such tensor', 'ddim.x_T')
  })

  it('when a tensor does not fit the network, or timesteps the images', async () => {
    const outcome = run('forward', model, '--x', `${io}:act.temb.dense.1`, '--t', '5', '--out', out)
    await expectRefusal(outcome, 'act.temb.dense.1', '[2, 128]', '[B, 3, H, W]')
    await expectRefusal(
      run('forward', model, '--x', `${io}:x`, '--t', '1,2,3', '--out', out),
      '3 timesteps for 2 images',
    )
  })

  it('when a flag is unknown, missing or out of range', async () => {
    await expectRefusal(forward(model, '--speed', 'high'), '--speed', 'See --help')
    await expectRefusal(run('forward', model, '--x', `${io}:x`, '--out', out), '--t', 'missing')
    await expectRefusal(run('sample', model, '--steps', '0', '--out', out), '--steps', 'from 1')
    await expectRefusal(
      run('sample', model, '--images', '1', '--steps', '1001', '--out', out),
      '--steps',
      '1 to 1000',
    )
    await expectRefusal(run('fly'), 'fly', 'no such command', 'inspect')
  })

  it('when the result cannot be written where it shall go', async () => {
    const nowhere = join(folder, 'no', 'out.safetensors')
    await expectRefusal(
      run('forward', model, '--x', `${io}:x`, '--t', '5', '--out', nowhere),
      'its folder does not exist',
    )
  })
})

it('a process ends with code 2 and an empty stdout, without a stack trace', async () => {
  const outcome = spawned('forward', join(folder, 'nowhere.pt'), '--x', `${io}:x`, '--t', '5', '--out', out)
  await expectRefusal(outcome, 'nowhere.pt', 'no such file')
})

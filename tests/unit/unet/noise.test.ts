import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openCheckpoint, withTensors } from '../../../lib/cli/open'
import { scheduleOf } from '../../../lib/diagnostics/network'
import { schedule } from '../../../lib/diffusion/schedule'
import { openTensors } from '../../../lib/tensor/open'
import { writeSafetensors } from '../../../lib/tensor/safetensors'
import { bytesSource, type DType } from '../../../lib/tensor/tensor'
import { readCheckpoint } from '../../../lib/unet/checkpoint'
import { parseConfig } from '../../../lib/unet/config'
import { betasOf, type Noise, readNoise } from '../../../lib/unet/noise'
import { fixtures } from './upstream'

const ldm4 = { spacing: 'root', start: 0.0015, end: 0.0195, timesteps: 1000 } as const
const ldm8 = { ...ldm4, end: 0.0155 }

async function fileWith(vectors: Record<string, ArrayLike<number>>, dtype: DType = 'F32') {
  const entries = Object.entries(vectors).map(([name, values]) => {
    const data = Float32Array.from(values)
    return [name, { tensor: { shape: [data.length] as number[], data }, dtype }] as const
  })
  return openTensors(bytesSource('m.safetensors', writeSafetensors(new Map(entries))))
}
const read = async (vectors: Record<string, ArrayLike<number>>, dtype?: DType) =>
  readNoise(await fileWith(vectors, dtype), 'model.diffusion_model.')

/** The U-Net of a yaml of latent-diffusion, with what the training says of its noise. */
const unetParams = JSON.parse(readFileSync(`${fixtures}/ldm8_s1_ckpt/config.json`, 'utf8')).model.params
  .unet_config.params
const project = (params: object) => ({
  model: { params: { unet_config: { params: unetParams }, ...params } },
})

describe('betas that are linear in the root', () => {
  it('of LDM-8 are these, worked out by hand', () => {
    // roots 0.03872983 to 0.12449900: at the second of four 0.06731955, at the third 0.09590928
    const few = schedule('ldm', { noise: { ...ldm8, timesteps: 4 } })
    const betas = [0.0015, 0.00453192, 0.00919859, 0.0155]
    const bars = [0.9985, 0.99397488, 0.98483171, 0.96956682]
    for (const [i, beta] of betas.entries()) {
      expect(few.betas[i]).toBeCloseTo(beta, 7)
      expect(few.alphaBars[i]).toBeCloseTo(bars[i]!, 7)
    }
    // the mean of beta over the way is (a^2 + ab + b^2) / 3, with the roots a and b: 7.2740e-3
    const sum = betasOf(ldm8).reduce((total, beta) => total + beta, 0)
    expect(sum / 1000).toBeCloseTo(7.274e-3, 5)
  })
})

describe('a buffer of the file', () => {
  it('of betas is told by its ends, however it was rounded', async () => {
    for (const noise of [ldm4, ldm8, { spacing: 'linear', start: 1e-4, end: 0.02, timesteps: 100 } as const])
      for (const dtype of ['F32', 'F16'] as const)
        expect(await read({ betas: betasOf(noise) }, dtype)).toEqual(noise)
  })

  it('of alphas_cumprod alone does as well', async () => {
    const { alphaBars } = schedule('ldm', { noise: ldm8 })
    expect(await read({ alphas_cumprod: alphaBars })).toEqual(ldm8)
  })

  it('that is none of the known ways is kept beta by beta', async () => {
    const betas = [0.25, 0.125, 0.5]
    expect(await read({ betas })).toEqual({ betas })
    expect([...betasOf({ betas })]).toEqual(betas)
  })

  it('of the network comes before that of the file around it, and one that holds no betas is left alone', async () => {
    const names = { betas: betasOf(ldm4), 'model.betas': betasOf(ldm8), 'model2.betas': [0.5] }
    expect(await read(names)).toEqual(ldm8)
    for (const values of [[0, 0.5], [Number.NaN], [1]]) expect(await read({ betas: values })).toBeNull()
    expect(await read({ other: [0.5] })).toBeNull()
  })

  it('is found in files of real trainings, raw weights, averages and teachers', async () => {
    await withTensors(`${fixtures}/real/binarydm_fashion/a4_fixed/last.ckpt`, async (file) => {
      for (const prefix of ['model.diffusion_model.', 'model_ema.', 'model2.model.diffusion_model.'])
        expect(await readNoise(file, `state_dict/${prefix}`)).toEqual(ldm4)
    })
  })
})

describe('a configuration', () => {
  it('of latent-diffusion tells the noise where it is a whole project', () => {
    const yaml = { linear_start: 0.0015, linear_end: 0.0155, timesteps: 1000 }
    expect(parseConfig(project(yaml), 'ldm8.yaml').noise).toEqual(ldm8)
    expect(parseConfig(project({ ...yaml, beta_schedule: 'sqrt_linear' }), 'a.yaml').noise).toEqual({
      ...ldm8,
      spacing: 'linear',
    })
    expect(parseConfig(project({ ...yaml, beta_schedule: 'cosine' }), 'a.yaml').noise).toBeUndefined()
    expect(parseConfig(unetParams, 'unet.yaml').noise).toBeUndefined()
    expect(() => parseConfig(project({ linear_end: 2 }), 'a.yaml')).toThrow('a.yaml')
  })

  it('of ermongroup/ddim tells it in its diffusion section', () => {
    const json = JSON.parse(readFileSync(`${fixtures}/ddim_s2_pt/config.json`, 'utf8'))
    const diffusion = {
      beta_schedule: 'linear',
      beta_start: 0.002,
      beta_end: 0.03,
      num_diffusion_timesteps: 50,
    }
    expect(parseConfig({ ...json, diffusion }, 'a.yml').noise).toEqual({
      spacing: 'linear',
      start: 0.002,
      end: 0.03,
      timesteps: 50,
    })
  })

  it('keeps it when it is written down and read again', () => {
    const config = parseConfig(project({ linear_start: 0.0015, linear_end: 0.0155 }), 'ldm8.yaml')
    expect(parseConfig(JSON.parse(JSON.stringify(config)), 'stored')).toEqual(config)
  })
})

describe('a checkpoint', () => {
  const withBuffer = `${fixtures}/ldm8_s1_ckpt/model.ckpt`
  const given = (params: object) => ({ json: project(params), file: 'project.yaml' })
  const without = async (noise?: Noise) =>
    withTensors(withBuffer, async (file) => {
      const tensors = new Map([...file.tensors].filter(([name]) => !/betas|alphas_cumprod/.test(name)))
      const bare = { ...file, tensors }
      return {
        assumed: await readCheckpoint(bare),
        configured: await readCheckpoint(bare, given({ linear_start: 0.0015, linear_end: 0.0155 }), {
          noise,
        }),
        otherwise: await readCheckpoint(bare, undefined, { noise }),
      }
    })

  it('goes by its own buffer before a configuration', async () => {
    const { checkpoint } = await openCheckpoint(withBuffer)
    expect(checkpoint.config.noise).toEqual(ldm4)
    expect(checkpoint.assumptions.join()).not.toContain('betas')
    const read = await withTensors(withBuffer, (file) =>
      readCheckpoint(file, given({ linear_start: 0.0015, linear_end: 0.0155 })),
    )
    expect(read.config.noise).toEqual(ldm4)
  })

  it('without one goes by its configuration, then by what is told beside it, then by its family, and says so', async () => {
    const beside: Noise = { betas: [0.5] }
    const { assumed, configured, otherwise } = await without(beside)
    expect([configured.config.noise, otherwise.config.noise]).toEqual([ldm8, beside])
    expect(scheduleOf(configured).alphaBars).toEqual(schedule('ldm', { noise: ldm8 }).alphaBars)
    expect(assumed.config.noise).toBeUndefined()
    expect(scheduleOf(assumed)).toEqual(schedule('ldm'))
    expect(assumed.assumptions).toContain(
      'betas linear in the root, from 0.0015 to 0.0195, 1000 timesteps: no file says them',
    )
    for (const { assumptions } of [configured, otherwise]) expect(assumptions.join()).not.toContain('betas')
  })
})

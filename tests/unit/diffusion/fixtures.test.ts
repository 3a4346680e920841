import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { type SampleOptions, type SampleStep, sample } from '../../../lib/diffusion/sample'
import { schedule } from '../../../lib/diffusion/schedule'
import type { ScheduleName } from '../../../lib/record/run'
import { predictNoise } from '../../../lib/unet/predict'
import { UNet } from '../../../lib/unet/unet'
import { checkpointOf, clippedTolerance, distance, expected, tolerance } from '../unet/upstream'

beforeAll(startBackend)

async function tenSteps(folder: string, name: ScheduleName, options: Partial<SampleOptions>) {
  const { config, tensors } = await checkpointOf(folder)
  const unet = new UNet(config, tensors, folder)
  const xT = await expected(folder, 'ddim.x_T')
  const steps: SampleStep[] = [
    ...sample((x, t) => predictNoise(unet, x, t), xT.data, {
      schedule: schedule(name),
      steps: 10,
      ...options,
    }),
  ]
  unet.dispose()
  return steps
}

async function compare(folder: string, key: string, steps: SampleStep[], bound: number, names: string[]) {
  const values: Record<string, Float32Array> = {
    x_1: steps[0]!.x,
    x_5: steps[4]!.x,
    x_final: steps[9]!.x,
    x0_first: steps[0]!.x0,
    x0_last: steps[9]!.x0,
  }
  for (const name of names) {
    const reference = (await expected(folder, `${key}.${name}`)).data
    expect(distance(reference, values[name]!), name).toBeLessThan(bound)
  }
}

const all = ['x_1', 'x_5', 'x_final', 'x0_first', 'x0_last']

describe('ten DDIM steps from the same noise', () => {
  it('follow ermongroup over uniform timesteps', async () => {
    const steps = await tenSteps('ddim_s1', 'ddim', {})
    expect(steps.map(({ t }) => t)).toEqual([900, 800, 700, 600, 500, 400, 300, 200, 100, 0])
    await compare('ddim_s1', 'ddim', steps, tolerance, all)
  })

  it('follow ermongroup over quadratic timesteps', async () => {
    const steps = await tenSteps('ddim_s2_pt', 'ddim', { rule: 'quad' })
    expect(steps.map(({ t }) => t)).toEqual([800, 632, 483, 355, 246, 158, 88, 39, 9, 0])
    await compare('ddim_s2_pt', 'ddim', steps, tolerance, all)
  })

  it('follow latent-diffusion, from 901 to 1, and end at the first alpha_bar', async () => {
    const steps = await tenSteps('ldm8_s1_ckpt', 'ldm', {})
    expect(steps.map(({ t }) => t)).toEqual([901, 801, 701, 601, 501, 401, 301, 201, 101, 1])
    await compare('ldm8_s1_ckpt', 'ddim', steps, tolerance, ['x_1', 'x_final', 'x0_last'])
  })

  for (const folder of ['diffusers_new_s1', 'diffusers_old_s1']) {
    it(`follow diffusers without clipping (${folder})`, async () => {
      const steps = await tenSteps(folder, 'diffusers', { clip: false })
      await compare(folder, 'ddim_noclip', steps, tolerance, ['x_1', 'x_final'])
    })

    it(`follow diffusers with its default, clipping (${folder})`, async () => {
      const steps = await tenSteps(folder, 'diffusers', {})
      await compare(folder, 'ddim_clip', steps, clippedTolerance, ['x_1', 'x_final'])
    })
  }
})

import { describe, expect, it } from 'vitest'
import { samplingTimesteps, schedule } from '../../../lib/diffusion/schedule'
import { samplingOf } from '../../../lib/diffusion/scheduler-config'
import { InputError } from '../../../lib/tensor/error'

const none = { scheduler: null, config: null }
const scheduler = (json: object) => ({ ...none, scheduler: { json, file: 'scheduler_config.json' } })

describe('the schedule of a model', () => {
  it('is that of its family when it says nothing', () => {
    expect(samplingOf('ddim', none).schedule).toEqual(schedule('ddim'))
    expect(samplingOf('diffusers', none).schedule).toEqual(schedule('diffusers'))
  })

  it('takes betas, timesteps, clipping, last alpha and variance from scheduler_config.json', () => {
    const json = {
      beta_start: 0.001,
      beta_end: 0.01,
      num_train_timesteps: 100,
      clip_sample: false,
      set_alpha_to_one: false,
      variance_type: 'fixed_large',
    }
    const { schedule: made, clip, variance } = samplingOf('diffusers', scheduler(json))
    expect([made.betas.length, made.betas[0], made.betas[99]]).toEqual([
      100,
      Math.fround(0.001),
      Math.fround(0.01),
    ])
    expect(made.finalAlphaBar).toBe(made.alphaBars[0])
    expect([clip, variance]).toEqual([false, 'large'])
  })

  it('takes betas from the diffusion section of an ermongroup configuration', () => {
    const diffusion = {
      beta_schedule: 'linear',
      beta_start: 0.002,
      beta_end: 0.03,
      num_diffusion_timesteps: 50,
    }
    const config = { json: { diffusion }, file: 'cifar10.yml' }
    const { betas } = samplingOf('ddim', { ...none, config }).schedule
    expect([betas.length, betas[0], betas[49]]).toEqual([50, Math.fround(0.002), Math.fround(0.03)])
  })

  it('keeps the betas but not the flags of a file when another code base is asked for', () => {
    const { schedule: made, clip } = samplingOf('diffusers', scheduler({ beta_end: 0.01 }), 'ddim')
    expect([made.name, made.betas[999], clip, made.clips]).toEqual([
      'ddim',
      Math.fround(0.01),
      undefined,
      false,
    ])
  })

  for (const [item, value] of [
    ['beta_schedule', 'squaredcos_cap_v2'],
    ['prediction_type', 'v_prediction'],
    ['timestep_spacing', 'trailing'],
    ['steps_offset', 1],
    ['num_train_timesteps', 'many'],
  ] as const) {
    it(`refuses ${item} ${value} by name`, () => {
      expect(() => samplingOf('diffusers', scheduler({ [item]: value }))).toThrow(InputError)
      expect(() => samplingOf('diffusers', scheduler({ [item]: value }))).toThrow(item)
    })
  }
})

describe('the timesteps a sampler visits', () => {
  it('differ between code bases that share names', () => {
    const ends = (timesteps: number[]) => [timesteps[0], timesteps.at(-1), timesteps.length]
    expect(ends(samplingTimesteps(schedule('ddim'), 10))).toEqual([900, 0, 10])
    expect(ends(samplingTimesteps(schedule('ldm'), 10))).toEqual([901, 1, 10])
    // 1000/7 leaves a remainder: ermongroup's range() visits one more timestep, diffusers drops it
    expect(ends(samplingTimesteps(schedule('ddim'), 7))).toEqual([994, 0, 8])
    expect(ends(samplingTimesteps(schedule('diffusers'), 7))).toEqual([852, 0, 7])
  })

  it('are refused beyond the range of training, and quad outside ddim', () => {
    expect(() => samplingTimesteps(schedule('ddim'), 1001)).toThrow('1 to 1000')
    expect(() => samplingTimesteps(schedule('ldm'), 10, 'quad')).toThrow('ddim schedule')
  })
})

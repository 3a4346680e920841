import { describe, expect, it } from 'vitest'
import { samplingTimesteps, schedule } from '../../../lib/diffusion/schedule'
import { noiseOfScheduler, samplingOf } from '../../../lib/diffusion/scheduler-config'
import { type ScheduleName, scheduleNames } from '../../../lib/record/run'
import { InputError } from '../../../lib/tensor/error'
import type { Noise } from '../../../lib/unet/noise'

const none = { scheduler: null, config: null }
const scheduler = (json: object) => ({ ...none, scheduler: { json, file: 'scheduler_config.json' } })
const of = (family: ScheduleName, noise?: Noise) => ({ config: { family, noise }, about: { schedule: null } })
const linear = (start: number, end: number, timesteps = 1000) =>
  ({ spacing: 'linear', start, end, timesteps }) as const

describe('the schedule of a model', () => {
  it('is that of its family when nothing is said', () => {
    expect(samplingOf(of('ddim'), none).schedule).toEqual(schedule('ddim'))
    expect(samplingOf(of('diffusers'), none).schedule).toEqual(schedule('diffusers'))
  })

  it('has the betas of the checkpoint, whosever sampler is asked for', () => {
    for (const name of scheduleNames) {
      const { betas } = samplingOf(of('ldm', linear(0.002, 0.03, 50)), none, name).schedule
      expect([betas.length, betas[0], betas[49]]).toEqual([50, Math.fround(0.002), Math.fround(0.03)])
    }
  })

  it('takes clipping, last alpha and variance from scheduler_config.json', () => {
    const json = { clip_sample: false, set_alpha_to_one: false, variance_type: 'fixed_large' }
    const { schedule: made, clip, variance } = samplingOf(of('diffusers'), scheduler(json))
    expect(made.finalAlphaBar).toBe(made.alphaBars[0])
    expect([clip, variance]).toEqual([false, 'large'])
  })

  it('takes no flags of scheduler_config.json when another code base is asked for', () => {
    const { schedule: made, clip } = samplingOf(of('diffusers'), scheduler({}), 'ddim')
    expect([made.name, clip, made.clips]).toEqual(['ddim', undefined, false])
  })

  it('of a beta_schedule that is not known is refused, unless the file holds the betas', () => {
    const project = { model: { params: { beta_schedule: 'cosine' } } }
    const own = { ...none, config: { json: project, file: 'project.yaml' } }
    expect(() => samplingOf(of('ldm'), own)).toThrow('model.params.beta_schedule')
    expect(samplingOf(of('ldm', linear(0.1, 0.2)), own).schedule.betas[0]).toBe(Math.fround(0.1))
  })

  for (const [item, value] of [
    ['beta_schedule', 'squaredcos_cap_v2'],
    ['prediction_type', 'v_prediction'],
    ['timestep_spacing', 'trailing'],
    ['steps_offset', 1],
    ['num_train_timesteps', 'many'],
  ] as const) {
    it(`refuses ${item} ${value} by name`, () => {
      expect(() => samplingOf(of('diffusers'), scheduler({ [item]: value }))).toThrow(InputError)
      expect(() => samplingOf(of('diffusers'), scheduler({ [item]: value }))).toThrow(item)
    })
  }
})

describe('the betas of scheduler_config.json', () => {
  it('are linear, or linear in the root, from the defaults of diffusers on', () => {
    expect(noiseOfScheduler({})).toEqual(linear(1e-4, 0.02))
    expect(
      noiseOfScheduler({
        beta_start: 0.001,
        beta_end: 0.01,
        num_train_timesteps: 100,
        beta_schedule: 'linear',
      }),
    ).toEqual(linear(0.001, 0.01, 100))
    const ldm = { beta_start: 0.0015, beta_end: 0.0155, beta_schedule: 'scaled_linear' }
    expect(noiseOfScheduler(ldm)).toEqual({ ...linear(0.0015, 0.0155), spacing: 'root' })
  })

  it('are left open where the file names something else', () => {
    expect(noiseOfScheduler({ beta_schedule: 'squaredcos_cap_v2' })).toBeUndefined()
    expect(noiseOfScheduler({ trained_betas: [0.1] })).toBeUndefined()
    expect(noiseOfScheduler(undefined)).toBeUndefined()
  })
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

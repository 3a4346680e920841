import { describe, expect, it } from 'vitest'
import { scheduleOf } from '../../../lib/diagnostics/network'
import {
  mixedBatch,
  mixedSteps,
  teacherStates,
  timelineOf,
  timestepsOnTheWay,
} from '../../../lib/diagnostics/trajectory'
import { sample, startingNoise } from '../../../lib/diffusion/sample'
import { schedule } from '../../../lib/diffusion/schedule'
import { parseConfig } from '../../../lib/unet/config'

const config = parseConfig(
  {
    model: { in_channels: 3, out_ch: 3, ch: 32, ch_mult: [1], num_res_blocks: 1, attn_resolutions: [] },
    data: { image_size: 4 },
  },
  'config',
)
const origin = { config, about: { schedule: null } }
const noise = { seed: 3, images: 2 }
/** A stand-in for a network that depends on both arguments. */
const predict = (x: Float32Array, t: number | ArrayLike<number>) => x.map((v) => v * 0.5 + Number(t) / 2000)

describe('timelineOf', () => {
  it('measures at the timesteps DDIM visits with a number of steps', () => {
    expect(timelineOf(4, origin)).toEqual({
      steps: 4,
      visited: [750, 500, 250, 0],
      measured: [750, 500, 250, 0],
    })
  })
  it('measures a list once each, noisiest first', () => {
    expect(timelineOf([10, 990, 10], origin).measured).toEqual([990, 10])
  })
  it('refuses timesteps the schedule does not have', () => {
    expect(() => timelineOf([1000], origin)).toThrow('there is no timestep 1000')
    expect(() => timelineOf([1.5], origin)).toThrow('there is no timestep 1.5')
    expect(() => timelineOf([], origin)).toThrow('no timestep given')
    expect(() => timelineOf(0, origin)).toThrow('0 sampling steps')
  })
})

describe('scheduleOf', () => {
  it('is that of the family unless the checkpoint states the one it was trained for', () => {
    const diffusers = { config: { ...config, family: 'diffusers' as const }, about: { schedule: null } }
    expect(scheduleOf(diffusers).clips).toBe(true)
    expect(scheduleOf({ ...diffusers, about: { schedule: 'ddim' } }).clips).toBe(false)
  })
})

describe('teacherStates', () => {
  it('yields the states of the DDIM run with the prediction made there', () => {
    // 15 steps do not divide 1000: upstream then visits 16 timesteps.
    const timeline = timelineOf(15, origin)
    const states = [...teacherStates(predict, origin, timeline, noise)]
    const x = startingNoise(3, 2, 48)
    const steps = [...sample(predict, x, { schedule: schedule('ddim'), steps: 15 })]
    expect(states.map((s) => s.t)).toEqual(steps.map((s) => s.t))
    expect(states).toHaveLength(16)
    for (const [i, step] of steps.entries()) {
      expect(states[i]!.x).toEqual(step.xt)
      expect(states[i]!.eps).toEqual(predict(step.xt, step.t))
    }
  })
  it('reaches a timestep in between by the deterministic update, and starts from the noise above the first', () => {
    const timeline = timelineOf([990, 500, 495], origin)
    const states = new Map([...teacherStates(predict, origin, timeline, noise)].map((s) => [s.t, s]))
    expect([...states.keys()]).toEqual(timestepsOnTheWay(timeline))
    const { x, eps } = states.get(500)!
    const bar = (t: number) => schedule('ddim').alphaBars[t]!
    states.get(495)!.x.forEach((v, i) => {
      const x0 = (x[i]! - Math.sqrt(1 - bar(500)) * eps[i]!) / Math.sqrt(bar(500))
      const expected = Math.sqrt(bar(495)) * x0 + Math.sqrt(1 - bar(495)) * eps[i]!
      // x0 is rounded to float32 on the way and may be ten times as large.
      expect(Math.abs(v - expected)).toBeLessThan(1e-5)
    })
    expect(states.get(990)!.x).toEqual(startingNoise(3, 2, 48))
  })
})

describe('mixedBatch', () => {
  it('takes each image from another noise level of one run', () => {
    const mixing = mixedBatch(predict, origin, noise)
    let step = mixing.next()
    let parts = 0
    for (; !step.done; step = mixing.next()) parts += 1
    expect(parts).toBe(mixedSteps)
    const { x, t } = step.value
    expect(t).toEqual([625, 125])
    const states = new Map(
      [...teacherStates(predict, origin, timelineOf(mixedSteps, origin), noise)].map((s) => [s.t, s.x]),
    )
    expect(x.subarray(0, 48)).toEqual(states.get(625)!.subarray(0, 48))
    expect(x.subarray(48)).toEqual(states.get(125)!.subarray(48))
  })
})

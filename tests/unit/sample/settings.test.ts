import { describe, expect, it } from 'vitest'
import { jobsOf, obstacleOf, settingsFault } from '../../../app/_sample/settings'
import type { SampleNetwork, SampleViewData } from '../../../app/_views/load-sample'
import { fullPrecisionLayer, type LayerPrecision } from '../../../lib/record/precision'
import type { Layer } from '../../../lib/record/run'

const head = { id: 'r', name: 'lmb', role: 'student', slot: 0, method: 'lmb', bits: 'W1A4' } as const
const network: SampleNetwork = {
  run: head,
  checkpointId: 'c',
  step: 100,
  sha256: 'a'.repeat(64),
  fileName: 'student.safetensors',
  bytes: 1e6,
  hasWeights: true,
  family: 'ddim',
  unrun: null,
  config: { inChannels: 1, sampleSize: 28 },
  wanted: {},
  parameters: 6e5,
  macs: 6e7,
  packedBytes: 1e5,
  fullPrecisionBytes: 2e6,
  recorded: null,
  layers: [],
  blocks: [],
}
const data: SampleViewData = {
  run: head,
  steps: [100],
  teacher: { ...network, run: { ...head, role: 'teacher', slot: null } },
  student: network,
}
const settings = { seed: 7, sampler: 'ddim', steps: 50, n: 16, sw: '', threads: 1 } as const

describe('settingsFault', () => {
  it.each([
    ['steps', { ...settings, steps: 1001 }],
    ['steps', { ...settings, steps: 0 }],
    ['n', { ...settings, n: 65 }],
    ['threads', { ...settings, threads: 17 }],
    ['seed', { ...settings, seed: -1 }],
  ])('names %s when a link asks for what cannot be drawn', (item, asked) => {
    expect(settingsFault(asked)?.item).toContain(`${item}=`)
  })

  it('lets the defaults pass', () => {
    expect(settingsFault(settings)).toBeNull()
  })
})

describe('obstacleOf', () => {
  it('finds nothing in the way of a stored pair', () => {
    expect(obstacleOf(data, settings)).toEqual({ kind: 'nothing' })
  })

  it('names every network whose weights are not stored', () => {
    const found = obstacleOf({ ...data, student: { ...network, hasWeights: false } }, settings)
    expect(found).toMatchObject({
      kind: 'no-weights',
      teacherMissing: false,
      networks: [{ checkpointId: 'c' }],
    })
  })

  it('tells a student whose teacher was never stored', () => {
    expect(obstacleOf({ ...data, teacher: null }, settings)).toMatchObject({
      kind: 'no-weights',
      teacherMissing: true,
    })
  })

  it('refuses a network whose single step would outlast the watchdog, and lets one image of it pass', () => {
    const large = { ...data, student: { ...network, macs: 2e10 } }
    expect(obstacleOf(large, settings).kind).toBe('too-large')
    expect(obstacleOf(large, { ...settings, n: 1 }).kind).toBe('nothing')
  })

  it('refuses states that do not fit a tab', () => {
    const large = { ...data, student: { ...network, config: { inChannels: 3, sampleSize: 256 } } }
    expect(obstacleOf(large, settings).kind).toBe('too-large')
  })
})

describe('switches in a link', () => {
  const layers = [{ layer: {} as Layer, precision: fullPrecisionLayer }]
  const one = { ...data, student: { ...network, layers } }
  it('are refused where they say nothing, or name a layer the student does not have', () => {
    expect(obstacleOf(one, { ...settings, sw: '0:f' })).toEqual({ kind: 'nothing' })
    for (const sw of ['all', '0-1:f'])
      expect(obstacleOf(one, { ...settings, sw })).toMatchObject({
        kind: 'fault',
        fault: { item: `sw=${sw}` },
      })
  })
  it('are for the student alone, which may need its teacher', () => {
    const { full, simulated } = jobsOf(data, { ...settings, sw: '0:f' })
    expect(full!.switched).toBe(null)
    expect(simulated!.switched).toMatchObject({ switches: '0:f', teacher: { sha256: data.teacher!.sha256 } })
    expect(jobsOf(data, settings).simulated!.switched).toBe(null)
  })
})

describe('jobsOf', () => {
  const [oneBit, coarse]: LayerPrecision[] = [
    { method: 'sign', bases: 1, activationBits: 4 },
    { method: 'sign', bases: 1, activationBits: 8 },
  ]
  const withLayer = (precision: LayerPrecision): SampleViewData => ({
    ...data,
    student: { ...network, layers: [{ layer: {} as Layer, precision }] },
  })

  it('gives every way of running the same seed, sampler, steps and images', () => {
    const { full, simulated, engine } = jobsOf(withLayer(oneBit!), settings)
    const drawn = { seed: 7, sampler: 'ddim', steps: 50, images: 16 }
    expect(full).toMatchObject({ ...drawn, arithmetic: 'floats' })
    expect(simulated).toMatchObject({ ...drawn, arithmetic: 'floats' })
    expect(engine).toMatchObject({ ...drawn, arithmetic: 'one bit', sha256: network.sha256 })
  })

  it('gives threads to the engine alone', () => {
    const { full, simulated, engine } = jobsOf(withLayer(oneBit!), { ...settings, threads: 4 })
    expect([full?.threads, simulated?.threads, engine?.threads]).toEqual([1, 1, 4])
  })

  it('leaves the engine out where it has nothing to run at one bit, or steps it does not compute', () => {
    expect(jobsOf(withLayer(coarse!), settings).engine).toBeNull()
    expect(jobsOf(withLayer(oneBit!), { ...settings, sw: '0:f' }).engine).toBeNull()
    expect(jobsOf(withLayer({ ...oneBit!, alphaPerBatch: true }), settings).engine).toBeNull()
    expect(jobsOf({ ...data, student: null }, settings)).toMatchObject({ simulated: null, engine: null })
  })
})

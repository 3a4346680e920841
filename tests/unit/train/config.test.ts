import { describe, expect, it } from 'vitest'
import { InputError } from '../../../lib/tensor/error'
import { parseTrainConfig } from '../../../lib/train/config'

const student = {
  name: 'student',
  role: 'student',
  seed: 1,
  data: { set: 'mnist', pixelUnshuffle: 1 },
  batch: 4,
  steps: 101,
  optimizer: { learningRate: 1e-3, warmupSteps: 0, finalShare: 0, clip: 1, ema: 0.9 },
  snapshots: [],
  teacher: 'teacher.safetensors',
}

function parsed(own: Record<string, unknown>) {
  const config = parseTrainConfig({ ...student, ...own }, 'config.json')
  if (config.role !== 'student') throw new Error('not a student')
  return config
}

function fault(own: Record<string, unknown>): { file: string; item?: string; problem: string } {
  try {
    parsed(own)
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('it was read without complaint')
}

/** Defaults of LRM: Eq. 15 with the released weight and K = 4, axes of the first batch. */
const lrm = { weight: 1e-4, form: 'paper', axis: 'channels', divisor: 4, refreshEvery: 0 }

describe('a preset', () => {
  it('baseline is one basis with kept layers at 8 bits, and nothing else', () => {
    const { binarizer, lrm, progressive } = parsed({ preset: 'baseline' })
    expect(binarizer).toMatchObject({ method: 'sign', bases: 1, activationBits: 4, keptBits: 8 })
    expect({ lrm, progressive }).toEqual({ lrm: null, progressive: null })
  })

  it('v1 is LMB in head and tail with LRM and progressive initialisation', () => {
    const config = parsed({ preset: 'v1' })
    expect(config.binarizer).toMatchObject({
      method: 'lmb',
      bases: 2,
      twoBases: 'v1',
      activationBits: 4,
      keptBits: 32,
    })
    expect(config.lrm).toEqual(lrm)
    expect(config.progressive).toEqual({ every: 1 })
  })

  it('v5 is EBB in head and tail until half of the training, with LRM and kept layers at 8 bits', () => {
    const config = parsed({ preset: 'v5' })
    expect(config.binarizer).toEqual({
      ...{ method: 'ebb', bases: 2, twoBases: 'v1', activationBits: 4, keptBits: 8 },
      ...{ tau: 9e-2, transition: 50 },
    })
    expect(config.lrm).toEqual(lrm)
    expect(config.progressive).toBe(null)
  })

  it('comes after what the configuration says itself', () => {
    const own = {
      preset: 'v5',
      binarizer: { activationBits: 8, transition: 7 },
      lrm: { weight: 1 },
      progressive: { every: 3 },
    }
    const config = parsed(own)
    expect(config.binarizer).toMatchObject({ method: 'ebb', activationBits: 8, transition: 7, keptBits: 8 })
    expect(config.lrm).toEqual({ ...lrm, weight: 1 })
    expect(config.progressive).toEqual({ every: 3 })
    expect(parsed({ preset: 'v5', lrm: null }).lrm).toBe(null)
  })

  it('is written out: what a checkpoint stores reads back as the same training', () => {
    const config = parsed({ preset: 'v1' })
    expect(config).not.toHaveProperty('preset')
    expect(parseTrainConfig(config, 'again.json')).toEqual(config)
  })

  it.each(['v2', 'toString', 5])('%s does not exist, and the field is named', (preset) => {
    expect(fault({ preset })).toMatchObject({ file: 'config.json', item: 'preset' })
  })
})

describe('what is left out', () => {
  const ebb = { method: 'ebb', bases: 2, activationBits: 4 }
  it('a transition is half of the training, and at least one step', () => {
    expect(parsed({ binarizer: ebb }).binarizer.transition).toBe(50)
    expect(parsed({ binarizer: ebb, steps: 1 }).binarizer.transition).toBe(1)
    expect(parsed({ binarizer: { ...ebb, transition: 90 } }).binarizer.transition).toBe(90)
  })
  it('other methods have no transition', () => {
    const lmb = { method: 'lmb', bases: 2, activationBits: 4 }
    expect(parsed({ binarizer: lmb }).binarizer.transition).toBe(undefined)
  })
})

describe('an error names the field', () => {
  const sign = { method: 'sign', bases: 1, activationBits: 4 }
  it.each([
    ['data', { binarizer: sign, data: { set: 'folder', pixelUnshuffle: 1 } }],
    ['data', { binarizer: sign, data: { set: 'folder', path: 'images', pixelUnshuffle: 1 } }],
    ['data.set', { binarizer: sign, data: { set: 'lsun', pixelUnshuffle: 1 } }],
    ['binarizer.bases', { binarizer: { ...sign, bases: 2 } }],
    ['binarizer.activationBits', { binarizer: { ...sign, activationBits: 2 } }],
    ['binarizer', {}],
    ['lrm.axis', { binarizer: sign, lrm: { axis: 'height' } }],
    ['lrm.weight', { preset: 'v1', lrm: { weight: 0 } }],
    ['progressive.every', { binarizer: sign, progressive: { every: 0 } }],
    ['binarizer.transition', { preset: 'v5', binarizer: { transition: 0 } }],
  ])('%s', (item, own) => {
    expect(fault(own)).toMatchObject({ file: 'config.json', item })
  })
})

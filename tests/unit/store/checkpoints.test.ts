import { describe, expect, it } from 'vitest'
import type { Audit } from '../../../lib/record/audit'
import { findCheckpoint, getCheckpoint, storeCheckpoint } from '../../../lib/store/checkpoints'
import { db } from '../../../lib/store/db'
import { getLayerHistory, getPrecisionHistory } from '../../../lib/store/layers'
import { getRun, listRuns } from '../../../lib/store/runs'
import { sampleLayer, sampleTeacher, sampleUpload } from './sample-upload'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()

describe('storeCheckpoint', () => {
  it('gives back the whole diagnosis, nulls included, in order of the forward pass', async () => {
    const upload = sampleUpload()
    const { id, duplicate } = await storeCheckpoint(upload)
    const stored = await getCheckpoint(id)
    expect(duplicate).toBe(false)
    expect(stored!.diagnosis).toEqual(upload.diagnosis)
    expect(stored!.samples).toEqual(upload.samples)
    expect(stored).toMatchObject({
      step: 1000,
      sha256: upload.sha256,
      bytes: upload.bytes,
      hasWeights: false,
    })
  })

  it('means the output SQNR over the timesteps that were measured', async () => {
    expect((await findCheckpoint('w1a4-lmb', 1000))!.outputSqnr).toBe(15)
  })

  it('stores a teacher, which has no series and no colour', async () => {
    const { id } = await storeCheckpoint(sampleTeacher())
    const stored = await getCheckpoint(id)
    expect(stored!.diagnosis).toEqual(sampleTeacher().diagnosis)
    expect(stored!.outputSqnr).toBeNull()
    expect((await getRun('teacher'))!.colour).toBeNull()
  })

  it('links a student to a teacher that was stored later', async () => {
    const teacher = await getRun('teacher')
    expect((await getRun('w1a4-lmb'))!.teacherRunId).toBe(teacher!.id)
  })

  it('stores the same file at the same step once, however many ask at a time', async () => {
    const upload = sampleUpload({ step: 2000 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => storeCheckpoint(upload)))
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1)
    expect(answers.filter((answer) => !answer.duplicate)).toHaveLength(1)
    expect(await db().checkpoint.count({ where: { sha256: upload.sha256 } })).toBe(1)
    expect(await db().layer.count({ where: { checkpointId: answers[0]!.id } })).toBe(2)
  })

  it('lists the newer of two files at one step and keeps the older one under its id', async () => {
    const first = await storeCheckpoint(sampleUpload({ name: 'again', content: 'first' }))
    const second = await storeCheckpoint(sampleUpload({ name: 'again', content: 'second' }))
    const run = await getRun('again')
    expect(run!.checkpoints.map((checkpoint) => checkpoint.id)).toEqual([second.id])
    expect((await findCheckpoint('again', 1000))!.id).toBe(second.id)
    expect(await getCheckpoint(first.id)).not.toBeNull()
    expect(await getLayerHistory(run!.id, 'conv_in')).toHaveLength(1)
  })

  it('gives seven runs seven colours and starts over after that', async () => {
    for (let i = 0; i < 6; i++) await storeCheckpoint(sampleUpload({ name: `colour-${i}` }))
    const colours = (await listRuns()).filter((run) => run.role === 'student').map((run) => run.colour!)
    expect(colours.sort()).toEqual([0, 0, 1, 2, 3, 4, 5, 6])
  })

  it.each([
    ['a run of the other role', { ...sampleTeacher('w1a4-lmb'), step: 9 }, /holds a student/],
    ['an empty NUL name', sampleUpload({ name: 'a\0b' }), /NUL/],
    ['half a surrogate pair', sampleUpload({ name: '\ud800' }), /surrogate/],
    ['a step the database cannot hold', sampleUpload({ step: 2 ** 31 }), /2147483647/],
    ['a layer that is there twice', withLayers([sampleLayer('a'), sampleLayer('a')]), /twice/],
    ['a series shorter than the timesteps', withLayers([shortLayer()]), /2 values for 3 timesteps/],
    ['fewer pixels than declared', withPixels('AAEC'), /3 bytes, 4 are declared/],
  ])('refuses %s and leaves no row', async (_what, upload, message) => {
    const before = await rows()
    await expect(storeCheckpoint(upload)).rejects.toThrow(message)
    expect(await rows()).toEqual(before)
  })

  it('leaves nothing of a checkpoint when the database fails half-way', async () => {
    const before = await rows()
    const broken = withLayers([sampleLayer('a'), sampleLayer('b')])
    broken.diagnosis.layers[1]!.layer.kind = null as unknown as 'conv'
    await expect(storeCheckpoint({ ...broken, run: { ...broken.run, name: 'broken' } })).rejects.toThrow()
    expect(await rows()).toEqual(before)
  })
})

describe('findCheckpoint', () => {
  it('takes the latest step when none is asked for', async () => {
    expect((await findCheckpoint('w1a4-lmb', null))!.step).toBe(2000)
  })

  it('knows neither an unknown run nor an unknown step', async () => {
    expect(await findCheckpoint('nobody', null)).toBeNull()
    expect(await findCheckpoint('w1a4-lmb', 5)).toBeNull()
  })
})

describe('getRun', () => {
  it('has its checkpoints ascending by step and its settings as they came', async () => {
    const run = await getRun('w1a4-lmb')
    expect(run!.checkpoints.map((checkpoint) => checkpoint.step)).toEqual([1000, 2000])
    expect(run!.settings).toEqual(sampleUpload().run.settings)
  })

  it('takes an odd name as the text it is', async () => {
    const name = '../__proto__ <b>&\u202e'
    await storeCheckpoint(sampleUpload({ name }))
    expect((await getRun(name))!.name).toBe(name)
  })
})

describe('getLayerHistory', () => {
  it('has one record per step, ascending', async () => {
    const run = await getRun('w1a4-lmb')
    const history = await getLayerHistory(run!.id, 'down.0.block.1.conv2')
    expect(history.map((entry) => entry.step)).toEqual([1000, 2000])
    expect(history[0]!.record).toEqual(sampleLayer('down.0.block.1.conv2'))
  })
})

function withLayers(layers: ReturnType<typeof sampleLayer>[]) {
  const upload = sampleUpload({ name: 'refused' })
  return { ...upload, diagnosis: { ...upload.diagnosis, layers } }
}

function shortLayer() {
  const layer = sampleLayer('short')
  return { ...layer, alignment: { ...layer.alignment!, cosine: [1, 1] } }
}

function withPixels(pixels: string) {
  const upload = sampleUpload({ name: 'refused' })
  return { ...upload, samples: { ...upload.samples!, pixels } }
}

async function rows() {
  return [await db().run.count(), await db().checkpoint.count(), await db().layer.count()]
}

it('the precisions of a run are read step by step, also as they were at an earlier time', async () => {
  const name = 'turns-binary'
  const at = (step: number, bases: 0 | 2) => {
    const upload = sampleUpload({ name, step })
    const [first, ...others] = upload.diagnosis.layers
    const layers = [{ ...first!, precision: { ...first!.precision, bases } }, ...others]
    return { ...upload, diagnosis: { ...upload.diagnosis, layers } }
  }
  await storeCheckpoint(at(0, 0))
  const between = new Date()
  await new Promise((resolve) => setTimeout(resolve, 5))
  await storeCheckpoint(at(100, 2))
  const { id } = (await getRun(name))!
  const basesOf = async (storedBy?: Date) =>
    (await getPrecisionHistory(id, storedBy)).map(({ step, layers }) => [step, layers[0]!.precision.bases])
  expect(await basesOf()).toEqual([
    [0, 0],
    [100, 2],
  ])
  expect(await basesOf(between)).toEqual([[0, 0]])
  // there and back again, with steps alike in between
  for (const [step, bases] of [
    [200, 2],
    [300, 2],
    [400, 0],
    [500, 2],
  ] as const)
    await storeCheckpoint(at(step, bases))
  expect(await basesOf()).toEqual([
    [0, 0],
    [100, 2],
    [300, 2],
    [400, 0],
    [500, 2],
  ])
})

describe('a stored checkpoint', () => {
  it('keeps what the audit found, and no audit where none was made', async () => {
    const audit: Audit = {
      findings: [
        {
          layer: 'conv_in',
          code: 'alpha-unusable',
          severity: 'fault',
          title: 'α unusable',
          what: 'The step of conv_in is no step of a quantizer.',
          evidence: [{ name: 'alpha', value: 'NaN', unit: '' }],
          remedy: 'Train it again.',
        },
      ],
      layers: [],
    }
    const upload = sampleUpload({ name: 'audited' })
    const { id } = await storeCheckpoint({ ...upload, diagnosis: { ...upload.diagnosis, audit } })
    expect((await getCheckpoint(id))!.diagnosis.audit).toEqual(audit)
    expect((await findCheckpoint('w1a4-lmb', 1000))!.diagnosis).not.toHaveProperty('audit')
  })
})

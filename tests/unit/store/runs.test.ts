import { beforeAll, expect, it } from 'vitest'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { openRun } from '../../../lib/store/live'
import { getQuality, getRun, listRunEntries, runsHolding } from '../../../lib/store/runs'
import { sampleTeacher, sampleUpload } from './sample-upload'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()

let afterTwo: Date
let ids: string[]

beforeAll(async () => {
  await storeCheckpoint(sampleTeacher())
  const first = await storeCheckpoint(sampleUpload({ name: 'a', step: 1 }))
  const second = await storeCheckpoint(sampleUpload({ name: 'a', step: 2 }))
  ids = [first.id, second.id]
  afterTwo = new Date((await getRun('a'))!.checkpoints.at(-1)!.createdAt)
  await storeCheckpoint(sampleUpload({ name: 'a', step: 2, content: 'again' }))
  await storeCheckpoint(sampleUpload({ name: 'b', step: 5 }))
  const { run } = sampleUpload({ name: 'empty' })
  await openRun({ ...run, teacher: 'never stored' })
})

it('lists every run with its latest checkpoint, the last changed first', async () => {
  const entries = await listRunEntries()
  expect(entries.map(({ name, steps }) => [name, steps])).toEqual([
    ['empty', 0],
    ['b', 1],
    ['a', 2],
    ['teacher', 1],
  ])
  const whole = (await getRun('a'))!
  const last = whole.checkpoints.at(-1)!
  expect(entries[2]).toMatchObject({
    ...{
      id: whole.id,
      role: 'student',
      teacher: 'teacher',
      colour: whole.colour,
      updatedAt: whole.updatedAt,
    },
    latest: {
      ...{ id: last.id, step: 2, ledger: last.ledger, outputSqnr: 15, sampleCosine: 0.9 },
      createdAt: last.createdAt,
    },
  })
  expect(entries[0]).toMatchObject({ latest: null, teacher: null })
})

it('lists what was stored by a moment, the students of one teacher, some of them', async () => {
  const before = await listRunEntries({ teacher: 'teacher', storedBy: afterTwo })
  expect(before.map(({ name, latest }) => [name, latest?.id ?? null])).toEqual([
    ['b', null],
    ['a', ids[1]],
  ])
  const one = await listRunEntries({ teacher: 'teacher', most: 1 })
  expect(one.map(({ name }) => name)).toEqual(['b'])
})

it('lists the runs of given checkpoints as if these were the latest', async () => {
  const entries = await listRunEntries({ checkpoints: [ids[0]!, 'unknown'] })
  expect(entries.map(({ name, latest }) => [name, latest!.step])).toEqual([['a', 1]])
  expect(await listRunEntries({ checkpoints: [] })).toEqual([])
})

it('gives the quality of some runs by step, the newest file of each', async () => {
  const { id } = (await getRun('a'))!
  const points = [
    { step: 1, value: 15 },
    { step: 2, value: 15 },
  ]
  expect(await getQuality([id, 'unknown'])).toEqual(new Map([[id, points]]))
  expect(await getQuality([])).toEqual(new Map())
})

it('finds the runs that hold a file', async () => {
  const { sha256 } = sampleUpload({ name: 'b', step: 5 })
  expect((await runsHolding([sha256, 'f'.repeat(64)])).map(({ name }) => name)).toEqual(['b'])
})

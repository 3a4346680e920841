import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { demoBatches, demoRuns } from '../../../scripts/demo'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'signscope-demo-'))
  const run = (name: string, config: object, steps: number[]) => {
    mkdirSync(path.join(folder, name))
    writeFileSync(path.join(folder, name, 'config.json'), JSON.stringify(config))
    for (const step of steps)
      writeFileSync(path.join(folder, name, `step-${String(step).padStart(6, '0')}.safetensors`), '')
  }
  const student = (method: string, more: object = {}) => ({
    role: 'student',
    teacher: '../teacher/step-000900.safetensors',
    binarizer: { method },
    ...more,
  })
  const lrm = { form: 'paper' }
  run('a-full', student('lmb', { lrm, progressive: { every: 1 } }), [0, 50, 100])
  run('b-baseline', student('sign'), [0, 100])
  run('c-lmb', student('lmb'), [100])
  run('another-baseline', student('sign', { teacher: '../another-teacher/step-000500.safetensors' }), [100])
  run('another-teacher', { role: 'teacher' }, [500])
  run('teacher', { role: 'teacher' }, [300, 900])
  run('not-trained-yet', student('sign'), [])
})
afterAll(() => rmSync(folder, { recursive: true }))

const words = () =>
  demoBatches(demoRuns(folder)).map((batch) =>
    batch.map(
      ({ name, files }) => `${name} ${files.map((file) => Number(/(\d+)\.safe/.exec(file)![1])).join(' ')}`,
    ),
  )

it('a first look needs the last checkpoints of the teacher with most students, its baseline and its fullest method', () => {
  expect(words()[0]).toEqual(['teacher 900', 'b-baseline 100', 'a-full 100'])
})

it('then comes the end of every other run, then the way there, the latest steps first', () => {
  expect(words().slice(1)).toEqual([
    ['another-teacher 500'],
    ['another-baseline 100'],
    ['c-lmb 100'],
    ['teacher 300'],
    ['b-baseline 0'],
    ['a-full 50 0'],
  ])
})

it('every checkpoint is loaded once; a folder that is not there is an empty demo', () => {
  const all = demoBatches(demoRuns(folder))
    .flat()
    .flatMap(({ files }) => files)
  expect(new Set(all).size).toBe(all.length)
  expect(all).toHaveLength(10)
  expect(demoBatches(demoRuns(path.join(folder, 'nowhere')))).toEqual([])
})

import { expect, it } from 'vitest'
import { compareRecipes, recipeOf } from '../../../lib/record/recipe'

const lrm = { weight: 1e-4, form: 'paper', axis: 'channels', divisor: 4, refreshEvery: 0 }
const normalised = { ...lrm, form: 'normalised' }
const progressive = { every: 1 }

const student = (method: string, settings: Record<string, unknown> = {}) =>
  recipeOf({
    role: 'student',
    method: 'said by the manifest',
    settings: { binarizer: { method }, ...settings },
  })

it.each([
  ['sign', { lrm: null, progressive: null }, 'Baseline'],
  ['lmb', {}, '+ LMB'],
  ['sign', { lrm }, '+ LRM'],
  ['sign', { lrm: normalised }, '+ LRM (normalised)'],
  ['lmb', { lrm }, '+ LMB + LRM'],
  ['lmb', { lrm, progressive }, 'BinaryDM v1 (full)'],
  ['lmb', { lrm: normalised, progressive }, 'BinaryDM v1 (full, LRM normalised)'],
  ['ebb', {}, '+ EBB'],
  ['ebb', { lrm }, 'BinaryDM v5 (EBB + LRM)'],
  ['lmb', { progressive }, '+ LMB + progressive initialisation'],
  ['xnor', {}, 'XNOR'],
])('%s with %j is called %s', (method, settings, label) => {
  expect(student(method, settings).label).toBe(label)
})

it('a run without a training configuration is called by the method of its checkpoints', () => {
  const run = (method: string) => recipeOf({ role: 'student', method, settings: {} })
  expect(run('sign').label).toBe('Baseline')
  expect(run('lmb + sign')).toEqual({ id: 'lmb', label: '+ LMB' })
  expect(recipeOf({ role: 'teacher', method: 'teacher', settings: {} }).id).toBe('teacher')
})

it('recipes stand in the order of an ablation, unknown ones last', () => {
  const shuffled = [
    student('ebb', { lrm }),
    student('nova'),
    student('lmb', { lrm }),
    student('sign'),
    student('lmb'),
  ]
  expect(shuffled.sort(compareRecipes).map(({ label }) => label)).toEqual([
    'Baseline',
    '+ LMB',
    '+ LMB + LRM',
    'BinaryDM v5 (EBB + LRM)',
    '+ nova',
  ])
})

import { expect, it } from 'vitest'
import { hereOf, pageTargets, shownWords, targetOf } from '../../../app/_ui/jump-targets'

const onLayer = hereOf('/r/lmb/conv_in', '?c=200&t=500&m=cosine')

it('a layer of the same run keeps checkpoint, timestep and metric', () => {
  expect(targetOf({ kind: 'layer', run: 'lmb', layer: 'conv_out' }, onLayer).url).toBe(
    '/r/lmb/conv_out?c=200&t=500&m=cosine',
  )
})

it('a checkpoint of the same run stays on the page, one of another run leads to that run', () => {
  expect(targetOf({ kind: 'checkpoint', run: 'lmb', step: 50 }, onLayer).url).toBe(
    '/r/lmb/conv_in?c=50&t=500&m=cosine',
  )
  expect(targetOf({ kind: 'checkpoint', run: 'v1', step: 50 }, onLayer)).toEqual({
    label: 'v1 · step 50',
    kind: 'checkpoint',
    url: '/r/v1?c=50&t=500&l=conv_in&m=cosine',
  })
})

it('another run keeps all but the step', () => {
  expect(targetOf({ kind: 'run', run: 'v1', role: 'student' }, onLayer).url).toBe(
    '/r/v1?t=500&l=conv_in&m=cosine',
  )
})

it('pages are those of everyone and of the run, without the one the reader is on', () => {
  expect(pageTargets(onLayer, []).map(({ label }) => label)).toEqual([
    'Runs',
    'Results',
    'Compare',
    'Learn',
    'Shared links',
    'Run lmb',
    'Sample lmb',
  ])
  expect(pageTargets(hereOf('/results', ''), ['r', 'un']).map(({ url }) => url)).toEqual(['/'])
  expect(pageTargets(hereOf('/compare', '?r=a@1,b@2'), ['sample']).map(({ url }) => url)).toEqual([
    '/r/b/sample',
  ])
})

it('says how many of how many are listed', () => {
  const places = [{ kind: 'run', run: 'lmb', role: 'student' } as const]
  expect(shownWords(places, { run: 21, checkpoint: 0, layer: 0 })).toBe('1 of 21 runs')
})

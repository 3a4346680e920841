import { expect, test } from 'vitest'
import { termTargets } from '../../../app/_learn/term-targets'

test('a term is found by words of its name, and nothing without words', () => {
  expect(termTargets([])).toEqual([])
  expect(termTargets(['explain', 'accumulated'])).toEqual([
    { label: 'Explain “accumulated”', kind: 'learn', url: '/learn#accumulated' },
  ])
  expect(termTargets(['cosine', 'rank']).map(({ url }) => url)).toEqual(['/learn#lowrank'])
  expect(termTargets(['conv1'])).toEqual([])
})

import { expect, it } from 'vitest'
import { turnsBinaryAt } from '../../../lib/quant/progressive'

const turns = (count: number) => Array.from({ length: count }, (_, i) => turnsBinaryAt(i, count))

it('takes the 25 modules of the paper from the middle outward in 13 iterations', () => {
  const outward = [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
  expect(turns(25)).toEqual([...outward, 0, ...outward.toReversed()])
})

it('starts at floor(M/2) of an even number of modules', () => {
  expect(turns(4)).toEqual([2, 1, 0, 1])
})

it('is done at once with a single module', () => {
  expect(turns(1)).toEqual([0])
})

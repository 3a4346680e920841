import { expect, it } from 'vitest'
import { Kept } from '../../../lib/store/kept'

/** A Kept of letters that weigh what they are asked to, with a note of each load. */
function letters(most: number) {
  const kept = new Kept<string>(most)
  const loads: string[] = []
  const get = (key: string, weight = 1) =>
    kept.of(key, async () => {
      loads.push(key)
      return { value: key.toUpperCase(), weight }
    })
  return { kept, loads, get }
}

it('loads once, also for those who ask while it loads', async () => {
  const { loads, get } = letters(2)
  expect(await Promise.all([get('a'), get('a')])).toEqual(['A', 'A'])
  expect(await get('a')).toBe('A')
  expect(loads).toEqual(['a'])
})

it('drops the least recently used when the weight is more than may be kept', async () => {
  const { loads, get } = letters(3)
  for (const key of ['a', 'b', 'c', 'a', 'd', 'a', 'c', 'b']) await get(key)
  expect(loads).toEqual(['a', 'b', 'c', 'd', 'b'])
  await get('e', 3)
  await get('b')
  expect(loads).toEqual(['a', 'b', 'c', 'd', 'b', 'e', 'b'])
})

it('does not keep what is heavier than all it may keep', async () => {
  const { loads, get } = letters(2)
  await get('a', 3)
  await get('a', 3)
  expect(loads).toEqual(['a', 'a'])
})

it('keeps neither what was not found nor a failure', async () => {
  const { kept, loads, get } = letters(2)
  expect(await kept.of('a', async () => null)).toBeNull()
  await expect(kept.of('a', () => Promise.reject(new Error('busy')))).rejects.toThrow('busy')
  expect(await get('a')).toBe('A')
  expect(loads).toEqual(['a'])
})

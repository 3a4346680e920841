import { describe, expect, it } from 'vitest'
import { brief } from '../../app/_views/brief'
import { directionOf, matchesFilter, pageOf, pageSize, sortRuns } from '../../app/_views/run-filter'
import { runOrders } from '../../lib/record/view'
import type { RunEntry } from '../../lib/store/runs'

function entry(
  name: string,
  more: { role?: 'teacher'; sqnr?: number; bytes?: number; steps?: number } = {},
): RunEntry {
  const { role = 'student', sqnr = null, bytes, steps = 1 } = more
  const ledger = {
    ...{ fullPrecisionBytes: 1000, packedBytes: bytes ?? 0, signBytes: 1, secondBasisBytes: 0 },
    ...{ scaleBytes: 0, floatBytes: 0, macs: 1, parameters: 1 },
  }
  return {
    ...{ id: name, name, role, method: 'lmb', bits: 'W1A4', colour: 0, teacher: 'fp', steps },
    updatedAt: '2026-01-01T00:00:00.000Z',
    latest:
      bytes === undefined
        ? null
        : { id: `${name}-1`, step: 1, ledger, outputSqnr: sqnr, sampleCosine: null, createdAt: '' },
  }
}

/** The last changed first, as the store gives them. */
const runs = [
  entry('run-10', { sqnr: 5, bytes: 30 }),
  entry('run-9', { sqnr: 20, bytes: 10, steps: 3 }),
  entry('fp', { role: 'teacher', bytes: 0 }),
  entry('begun'),
  entry('run-2', { sqnr: -3, bytes: 20, steps: 2 }),
]
const ordered = (order: (typeof runOrders)[number]) => sortRuns(runs, order).map(({ name }) => name)

describe('order of the list', () => {
  it('has teachers first, then the last changed, if nothing else is asked for', () => {
    expect(ordered('changed')).toEqual(['fp', 'run-10', 'run-9', 'begun', 'run-2'])
    expect(ordered('-changed')).toEqual(['fp', 'run-2', 'begun', 'run-9', 'run-10'])
  })

  it('has the best first, and what was not measured last both ways', () => {
    expect(ordered('sqnr')).toEqual(['run-9', 'run-10', 'run-2', 'fp', 'begun'])
    expect(ordered('-sqnr')).toEqual(['run-2', 'run-10', 'run-9', 'fp', 'begun'])
    expect(ordered('size')).toEqual(['run-9', 'run-2', 'run-10', 'fp', 'begun'])
    expect(ordered('-size')).toEqual(['fp', 'run-10', 'run-2', 'run-9', 'begun'])
    expect(ordered('checkpoints').slice(0, 2)).toEqual(['run-9', 'run-2'])
  })

  it('takes numbers in names as numbers', () => {
    expect(ordered('name')).toEqual(['begun', 'fp', 'run-2', 'run-9', 'run-10'])
    expect(ordered('-name')).toEqual(['run-10', 'run-9', 'run-2', 'fp', 'begun'])
  })

  it('keeps every run, whatever the order', () => {
    for (const order of runOrders) expect(ordered(order).sort()).toEqual(runs.map(({ name }) => name).sort())
    expect(directionOf('size').direction).toBe(1)
    expect(directionOf('-sqnr')).toEqual({ column: 'sqnr', direction: 1 })
  })
})

describe('pages of the list', () => {
  const numbers = Array.from({ length: 2 * pageSize + 1 }, (_, i) => i)

  it('hold every item once', () => {
    const pages = [1, 2, 3].map((page) => pageOf(numbers, page))
    expect(pages.map(({ items }) => items.length)).toEqual([pageSize, pageSize, 1])
    expect(pages.flatMap(({ items }) => items)).toEqual(numbers)
    expect(pages.map(({ page, pages }) => [page, pages])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ])
  })

  it('end where the list does', () => {
    expect(pageOf(numbers.slice(0, pageSize), 1).pages).toBe(1)
    expect(pageOf(numbers, 99).page).toBe(3)
    expect(pageOf(numbers, -1).page).toBe(1)
    expect(pageOf([], 1)).toEqual({ page: 1, pages: 1, items: [] })
  })
})

it('a filter finds the students of a teacher', () => {
  expect(matchesFilter(entry('run-2'), 'teacher:fp')).toBe(true)
  expect(matchesFilter({ ...entry('run-2'), teacher: null }, 'teacher:fp')).toBe(false)
})

it('numbers that go to the browser keep six digits and whole ones all of theirs', () => {
  expect(
    brief({ a: [0.123456789, null, 'x'], b: { n: 123456789, small: -1.23456789e-9, no: Number.NaN } }),
  ).toEqual({
    a: [0.123457, null, 'x'],
    b: { n: 123456789, small: -1.23457e-9, no: Number.NaN },
  })
})

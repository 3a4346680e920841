import { describe, expect, test } from 'vitest'
import { directionOf, groups, pictureNames, type Term, termIds, termOf } from '../../../app/_learn/glossary'
import { metricNames } from '../../../app/_ui/format'
import { figures } from '../../../app/_views/compare-figures'
import { measures } from '../../../app/_views/error-numbers'
import { layerNumbers } from '../../../app/_views/network-colour'
import { columns } from '../../../app/_views/results-table'
import { errorNames, tailNames } from '../../../lib/record/sweep'
import { errorKinds, metrics } from '../../../lib/record/view'

const all: [string, Term][] = termIds.map((id) => [id, termOf(id)])

describe('the glossary', () => {
  test('has every metric, kind of error and measure of an output that pages offer', () => {
    for (const id of [...metrics, ...errorKinds, ...errorNames, ...tailNames]) expect(termIds).toContain(id)
  })

  test('calls every measure as the pages do, and has the same direction', () => {
    const arrows: Record<string, Term['better']> = { '↑': 'up', '↓': 'down', up: 'up' }
    const shown = [
      ...metrics.map((id) => ({ ...metricNames[id], term: id })),
      ...[...errorNames, ...tailNames].map((id) => ({ ...measures[id], term: id })),
      ...columns,
      ...figures,
    ]
    for (const { name, better, term } of shown) {
      expect(name).toContain(termOf(term).name)
      expect(termOf(term).better, name).toBe(arrows[better])
    }
  })

  test('has every number the U-Net can be coloured by', () => {
    for (const { term, name } of Object.values(layerNumbers))
      expect(termOf(term).better, name).not.toBeUndefined()
  })

  test('gives each concept one name', () => {
    expect(new Set(all.map(([, { name }]) => name)).size).toBe(all.length)
  })

  test('has a formula and a direction for every measure', () => {
    for (const [id, term] of all.filter(([, { better }]) => better !== undefined)) {
      expect(term.formula, id).toBeTruthy()
      expect(directionOf(term), id).toMatch(
        /higher is better ↑|lower is better ↓|neither direction is better/,
      )
    }
  })

  test('explains in one to four sentences', () => {
    for (const [id, { text }] of all) {
      expect(text, id).toMatch(/[.)]$/)
      expect(text.length, id).toBeLessThanOrEqual(340)
    }
  })

  test('uses every group and every picture, and none of its ids is that of a group', () => {
    expect(new Set(all.map(([, { group }]) => group))).toEqual(new Set(Object.keys(groups)))
    expect(new Set(all.flatMap(([, { picture }]) => picture ?? []))).toEqual(new Set(pictureNames))
    for (const id of Object.keys(groups)) expect(termIds).not.toContain(id)
  })
})

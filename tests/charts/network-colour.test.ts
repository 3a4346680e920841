import { expect, test } from 'vitest'
import { knownNumbers, layerNumbers, numberScale } from '../../app/_views/network-colour'
import { layerRow } from '../../app/_views/run-rows'
import { networkColours } from '../../lib/record/view'
import { sampleLayer } from '../unit/store/sample-upload'

const record = sampleLayer('conv')
const row = layerRow(record)

test('every colour of a link is the map or a number of a layer', () => {
  expect(networkColours).toEqual(['map', ...Object.keys(layerNumbers)])
})

test('numbers are those of the record', () => {
  const values = Object.fromEntries(Object.entries(layerNumbers).map(([name, { of }]) => [name, of(row)]))
  expect(values).toEqual({
    weights: 7.25,
    teacher: 6.5,
    ratio: 0.25,
    flips: 0.01,
    std: 0.25,
    macs: 0.002304,
    parameters: 38,
  })
})

test('a number no layer has is not offered', () => {
  expect(knownNumbers([row])).toEqual(Object.keys(layerNumbers))
  const oneBasis = { ...row, ratio: null, flips: null }
  expect(knownNumbers([oneBasis])).not.toContain('ratio')
  expect(knownNumbers([oneBasis])).not.toContain('flips')
})

test('a scale of amounts ends at the largest, also where all are zero', () => {
  expect(numberScale(layerNumbers.parameters, [row]).domain).toEqual([0, 38])
  expect(numberScale(layerNumbers.flips, [{ ...row, flips: 0 }]).domain).toEqual([0, 1])
})

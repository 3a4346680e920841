import { describe, expect, it } from 'vitest'
import { chooseBases, chooseInput, resetLayers } from '../../../lib/quant/switch-choice'
import { fullPrecisionLayer, type LayerPrecision } from '../../../lib/record/precision'
import { readSwitches, switchesText } from '../../../lib/record/switches'

const precisions: LayerPrecision[] = [
  fullPrecisionLayer,
  { method: 'sign', bases: 1, activationBits: 4 },
  { method: 'lmb', bases: 2, activationBits: 8 },
  { method: 'lsq', bases: 0, activationBits: 8 },
]
const stored = (index: number) => precisions[index]!
const all = [0, 1, 2, 3]
const from = (text: string) => readSwitches(text)!

describe('choosing', () => {
  it('switches only layers that are not so as stored', () => {
    expect(switchesText(chooseBases(new Map(), all, stored, 0))).toBe('1-3:f')
    expect(switchesText(chooseBases(new Map(), all, stored, 2))).toBe('0-1:2;3:2')
    expect(switchesText(chooseInput(new Map(), all, stored, 8))).toBe('0-1:a8')
  })
  it('what a layer has as stored takes its switch away, and leaves the other', () => {
    expect(switchesText(chooseBases(from('1:fa8'), [1], stored, 1))).toBe('1:a8')
    expect(switchesText(chooseInput(from('1:2a8'), [1], stored, 4))).toBe('1:2')
    expect(switchesText(chooseBases(from('1:2'), [1], stored, 1))).toBe('')
  })
  it('32 bits is what the input of a restored layer has by itself', () => {
    expect(switchesText(chooseInput(from('1:f'), [1], stored, 32))).toBe('1:f')
    expect(switchesText(chooseInput(from('1:f'), [1], stored, 4))).toBe('1:fa4')
  })
  it('of others leaves a layer as it is; a reset takes both of its switches', () => {
    expect(switchesText(resetLayers(from('1-2:fa8'), [1]))).toBe('2:fa8')
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkedCases } from '@/scripts/bench/kernel-layers'
import { layerData, oneBitContestant } from '@/scripts/bench/one-bit-contestant'

const module = new WebAssembly.Module(readFileSync('public/engine/strict.wasm'))
const layer = checkedCases.find(({ name }) => name === '3x3 6x6 21->37')!
const outputs = 6 * 6 * 37

describe('a layer of the benchmark', () => {
  for (const bases of [1, 2] as const)
    it(`gives every integer of the reference with ${bases === 1 ? 'one basis' : 'two bases'}, of its own pass alone`, async () => {
      const own = await oneBitContestant(layer, layerData(layer), bases, module)
      expect(own.takeMismatches()).toBeGreaterThan(0.9 * outputs)
      own.pass()
      expect(own.takeMismatches()).toBe(0)
      expect(own.takeMismatches()).toBe(outputs)
    })

  it('is caught when it computes with one other sign', async () => {
    const data = layerData(layer)
    const [first, second] = data.signs
    const flipped = first.slice()
    flipped[0] = -flipped[0]!
    const own = await oneBitContestant(layer, { ...data, signs: [flipped, second] }, 1, module)
    own.pass()
    // one output channel, where the code under that sign is not 0
    const mismatches = own.takeMismatches()
    expect(mismatches).toBeGreaterThan(0)
    expect(mismatches).toBeLessThanOrEqual(36)
  })

  it('has inputs and weights of one value where sums are the largest there are', () => {
    const saturated = checkedCases[0]!
    const { x, signs, expected } = layerData({ ...saturated, size: 3, outputs: 1 })
    expect(new Set(signs[0])).toEqual(new Set([1]))
    expect(new Set(x).size).toBe(1)
    // the middle of 3x3 pixels sees all 9 * 512 products; its scale is 1, its bias -3
    expect(expected[0][4]).toBe(7 * 9 * 512 - 3)
  })
})

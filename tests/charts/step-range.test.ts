import { describe, expect, it } from 'vitest'
import { rangeAfterKey, rangeBetween } from '../../app/_charts/step-range'

const whole = [0, 1000] as const
const press = (range: readonly [number, number] | null, key: string, shiftKey = false) =>
  rangeAfterKey({ range, whole }, { key, shiftKey })

describe('rangeAfterKey', () => {
  it('+ halves the steps around their middle, - doubles them, and all of them are no range', () => {
    expect(press(null, '+')).toEqual([250, 750])
    expect(press([250, 750], '+')).toEqual([375, 625])
    expect(press([375, 625], '-')).toEqual([250, 750])
    expect(press([250, 750], '-')).toBeNull()
  })

  it('Shift and an arrow move it by a quarter and not beyond the ends', () => {
    expect(press([400, 600], 'ArrowRight', true)).toEqual([450, 650])
    expect(press([400, 600], 'ArrowLeft', true)).toEqual([350, 550])
    expect(press([790, 990], 'ArrowRight', true)).toEqual([800, 1000])
    expect(press([10, 210], 'ArrowLeft', true)).toEqual([0, 200])
  })

  it('widening at an end shifts what does not fit to the other side', () => {
    expect(press([0, 200], '-')).toEqual([0, 400])
  })

  it('never gets narrower than two steps', () => {
    expect(press([10, 12], '+')).toEqual([10, 12])
  })

  it('Escape shows all, and leaves the key to others if all are shown', () => {
    expect(press([10, 12], 'Escape')).toBeNull()
    expect(press(null, 'Escape')).toBeUndefined()
  })

  it('leaves every other key alone', () => {
    for (const [range, key, shift] of [
      [null, '-', false],
      [null, 'ArrowLeft', true],
      [[1, 9], 'ArrowLeft', false],
      [[1, 9], 't', false],
    ] as const)
      expect(press(range, key, shift)).toBeUndefined()
  })
})

describe('rangeBetween', () => {
  it('takes two steps in any order, whole and inside', () => {
    expect(rangeBetween(700.4, 199.6, whole)).toEqual([200, 700])
    expect(rangeBetween(-50, 80, whole)).toEqual([0, 80])
  })

  it('is nothing where both are the same step or neighbours', () => {
    expect(rangeBetween(5, 5.9, whole)).toBeNull()
  })
})

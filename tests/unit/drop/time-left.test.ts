import { describe, expect, it } from 'vitest'
import { timeLeft } from '../../../app/_drop/time-left'

describe('timeLeft', () => {
  it('says nothing while there is too little to tell', () => {
    expect(timeLeft(0.01, 60_000)).toBe('')
    expect(timeLeft(0.5, 500)).toBe('')
  })

  it('grows coarser with the time that is left', () => {
    expect(timeLeft(0.9, 45_000)).toBe('a few seconds left')
    expect(timeLeft(0.5, 41_000)).toBe('about 50 s left')
    expect(timeLeft(0.25, 60_000)).toBe('about 3 min left')
  })
})

import { describe, expect, it } from 'vitest'
import { historyOf } from '../../../app/_ui/use-view'

describe('historyOf', () => {
  it('makes a choice a step of its own, and what follows at once of the same kind a part of it', () => {
    const chosen = { names: 't', at: 1000 }
    expect(historyOf(null, chosen)).toBe('push')
    expect(historyOf(chosen, { names: 't', at: 1100 })).toBe('replace')
    expect(historyOf(chosen, { names: 'l', at: 1100 })).toBe('push')
    expect(historyOf(chosen, { names: 't', at: 1501 })).toBe('push')
  })
})

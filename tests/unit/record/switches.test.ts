import { describe, expect, it } from 'vitest'
import { type LayerSwitch, readSwitches, switchesText } from '../../../lib/record/switches'

const full: LayerSwitch = { bases: 0, activationBits: null }
const two: LayerSwitch = { bases: 2, activationBits: 8 }
const floats: LayerSwitch = { bases: null, activationBits: 32 }

describe('switches as text', () => {
  it('share an entry where neighbours agree, in ascending order', () => {
    const switches = new Map([
      [12, two],
      [5, full],
      [4, full],
      [6, full],
      [30, floats],
      [8, full],
    ])
    expect(switchesText(switches)).toBe('4-6:f;8:f;12:2a8;30:a32')
  })
  it('read back as what they were', () => {
    for (const text of ['', '0:1', '4-6:f;8:f;12:2a8;30:a32', '0-3:1a4', '7:fa4'])
      expect(switchesText(readSwitches(text)!)).toBe(text)
    expect(readSwitches('4-5:f;12:2a8')).toEqual(
      new Map([
        [4, full],
        [5, full],
        [12, two],
      ]),
    )
  })
  it('leave out what switches nothing', () => {
    expect(switchesText(new Map([[1, { bases: null, activationBits: null }]]))).toBe('')
  })
  it.each(['4', '4:', '4:x', '4:3', '4:fa5', '9-4:f', ':f', '4:f;', '4:f,5:f', '1-99999:f', '4:f a8'])(
    '%s is refused',
    (text) => expect(readSwitches(text)).toBe(null),
  )
})

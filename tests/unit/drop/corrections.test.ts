import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  correctionWords,
  forget,
  noCorrections,
  recall,
  remember,
  wantedAs,
} from '../../../app/_drop/corrections'

const stored = new Map<string, string>()
beforeEach(() => {
  stored.clear()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  })
})
afterEach(() => vi.unstubAllGlobals())

const some = { ...noCorrections, student: 'model_ema.', mode: 'reload_a4.1', config: { sampleSize: 16 } }

describe('corrections', () => {
  it('are remembered for files of a kind, and forgotten', () => {
    remember('binarydm-1', some)
    expect(recall('binarydm-1')).toEqual(some)
    expect(recall('binarydm-2')).toBeNull()
    forget('binarydm-1')
    expect(recall('binarydm-1')).toBeNull()
    expect(stored.size).toBe(0)
  })

  it('are nothing to remember where nothing was corrected', () => {
    remember('ddim-1', noCorrections)
    expect(stored.size).toBe(0)
  })

  it('that can no longer be read count as none', () => {
    for (const text of ['{', '{"mode":4}', '{"config":{"sampleSize":-1}}', 'null']) {
      stored.set('signscope:read-as:ddim-1', text)
      expect(recall('ddim-1')).toBeNull()
    }
  })

  it('give a student its reading and a teacher none', () => {
    expect(wantedAs('student', 'model.', some)).toEqual({
      network: 'model.',
      mode: 'reload_a4.1',
      schedule: null,
    })
    expect(wantedAs('teacher', 'model2.', some)).toMatchObject({ network: 'model2.', mode: 'stored' })
  })

  it('are told in words', () => {
    expect(correctionWords(some)).toBe('student model_ema., reading reload_a4.1, image size 16')
    expect(correctionWords({ ...noCorrections, config: { headChannels: null, heads: 8 } })).toBe('8 heads')
  })
})

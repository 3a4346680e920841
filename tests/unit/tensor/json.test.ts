import { describe, expect, test } from 'vitest'
import { JsonReader } from '../../../lib/tensor/json'

const reader = (text: string) => new JsonReader(text, (problem) => new Error(problem))
const unsigned = (text: string) => reader(text).unsigned()
const string = (text: string) => reader(text).string()

function skipAll(text: string): void {
  const json = reader(text)
  json.skip()
  json.end()
}

describe('JsonReader', () => {
  test('takes integers written as integers only', () => {
    expect(unsigned(' 0')).toBe(0)
    expect(unsigned('9007199254740991')).toBe(2 ** 53 - 1)
    for (const text of ['2.0', '1e3', '-1', '-0', '01', '9007199254740992', '1e400', 'true', '"1"', ''])
      expect(() => unsigned(text), text).toThrow()
  })

  test('finds a key that comes twice, also when one is written with escapes', () => {
    expect(() => skipAll('{"a":1,"\\u0061":2}')).toThrow('the key "a" comes twice')
  })

  test('reads every escape and refuses half surrogate pairs', () => {
    expect(string('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"')).toBe('"\\/\b\f\n\r\té😀')
    for (const text of ['"\\ud83d"', '"\\ude00"', '"\\ud83d\\u0041"', '"\\x"', '"\\u12"', '"a', '"\n"'])
      expect(() => string(text), text).toThrow()
  })

  test('agrees with JSON.parse on what is JSON', () => {
    const good = ['{}', '[]', ' [1, -2.5e-3, true, false, null, "x", {"a": [{}]}] ', '""', '{"a":{},"b":[]}']
    for (const text of good) expect(() => [JSON.parse(text), skipAll(text)], text).not.toThrow()
    const bad = [
      '',
      '{',
      '{]',
      '[1,]',
      '{"a"}',
      '{"a":}',
      "{'a':1}",
      '[01]',
      '[NaN]',
      '{} x',
      '[1 2]',
      '\uFEFF{}',
      '{"a":1,}',
    ]
    for (const text of bad) {
      expect(() => JSON.parse(text), text).toThrow()
      expect(() => skipAll(text), text).toThrow()
    }
  })

  test('refuses 200,000 levels of nesting instead of overflowing the stack', () => {
    expect(() => skipAll('['.repeat(200_000))).toThrow('nested deeper')
    expect(() => skipAll('{"a":'.repeat(200_000))).toThrow('nested deeper')
  })
})

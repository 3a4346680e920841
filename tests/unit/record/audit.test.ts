import { describe, expect, it } from 'vitest'
import type { Finding } from '../../../lib/record/audit'
import { auditCounts, countsInWords, evidenceInWords, groupFindings } from '../../../lib/record/findings'

const finding = (code: string, severity: Finding['severity'], layer: string | null = null): Finding => ({
  ...{ layer, code, severity, title: code, what: 'It is so.', evidence: [], remedy: 'Change it.' },
})
const findings = [
  finding('second-basis-zero', 'fault', 'a'),
  finding('second-basis-zero', 'fault', 'b'),
  finding('sigma1-negative', 'warning', 'a'),
  finding('bits-unstated', 'note'),
]

describe('findings', () => {
  it('count once for a code, whatever the number of layers', () => {
    expect(auditCounts(findings)).toEqual({ fault: 1, warning: 1, note: 1 })
  })

  it('are counted in words, notes left out', () => {
    expect(countsInWords({ fault: 1, warning: 2, note: 3 })).toBe('1 fault, 2 warnings')
    expect(countsInWords({ fault: 0, warning: 1, note: 0 })).toBe('1 warning')
    expect(countsInWords({ fault: 0, warning: 0, note: 3 })).toBe('no faults')
  })

  it('of one code stand together', () => {
    const groups = groupFindings(findings).map(({ code, findings }) => [code, findings.length])
    expect(groups).toEqual([
      ['second-basis-zero', 2],
      ['sigma1-negative', 1],
      ['bits-unstated', 1],
    ])
  })

  it('show their evidence with three digits and units', () => {
    const evidence = [
      { name: 'spread', value: 0.086789, unit: '%' },
      { name: 'alpha', value: -1.83191e34, unit: '' },
      { name: 'other', value: 'NaN', unit: '' },
      { name: 'dead', value: 3, unit: 'of 32 channels' },
    ]
    expect(evidenceInWords(evidence)).toBe(
      'spread 0.0868 %, alpha -1.83e+34, other NaN, dead 3 of 32 channels',
    )
  })
})

import { beforeAll, describe, expect, it } from 'vitest'
import { diagnose } from '../../../../lib/diagnostics/diagnose'
import { evaluateRules, isOpen } from '../../../../lib/diagnostics/gate/evaluate'
import { metricNames, type Subject } from '../../../../lib/diagnostics/gate/metrics'
import { matchesPattern } from '../../../../lib/diagnostics/gate/pattern'
import { parseRules } from '../../../../lib/diagnostics/gate/rules'
import type { Finding } from '../../../../lib/record/audit'
import type { Diagnosis } from '../../../../lib/record/run'
import { binarized, readTeacher } from '../pair'

let diagnosis: Diagnosis

beforeAll(async () => {
  const teacher = await readTeacher()
  diagnosis = await diagnose(null, binarized(teacher, 'lmb', 2, 0.1))
  // what a run against the teacher adds, with numbers of which means and minima are plain
  const lowRank = { lowRankCosine: [], lowRankTeacherEnergy: [], lowRankStudentEnergy: [] }
  diagnosis.output = { sqnr: [12, 6], cosine: [0.99, 0.95] }
  for (const record of diagnosis.layers) {
    record.alignment = { sqnr: [10, 4], cosine: [0.9, 0.7], rank: 1, ...lowRank }
    record.weights.flips = 0
    record.weights.againstTeacher = { sqnr: 8, cosine: 0.9 }
  }
}, 60_000)

const judge = (rule: object, subject: Partial<Subject> = {}) =>
  evaluateRules(
    parseRules({ rules: [rule] }, 'r.yaml'),
    { diagnosis, findings: [], ...subject },
    'r.yaml',
  )[0]!

/** The diagnosis with one layer changed. */
function changed(id: string, change: (record: Diagnosis['layers'][number]) => void): Subject {
  const copy = structuredClone(diagnosis)
  change(copy.layers.find(({ layer }) => layer.id === id)!)
  return { diagnosis: copy, findings: [] }
}

describe('a pattern', () => {
  it('has * for any characters, dots included, and ? for one', () => {
    expect(matchesPattern('*', 'down.0.block.1.conv1')).toBe(true)
    expect(matchesPattern('down.*.conv1', 'down.0.block.1.conv1')).toBe(true)
    expect(matchesPattern('down.*.conv1', 'down.0.block.1.conv12')).toBe(false)
    expect(matchesPattern('down.?.*', 'down.0.block')).toBe(true)
    expect(matchesPattern('down.?.*', 'down.10.block')).toBe(false)
    expect(matchesPattern('down', 'down.0')).toBe(false)
    expect([matchesPattern('', ''), matchesPattern('**', ''), matchesPattern('?', '')]).toEqual([
      ...[true, true, false],
    ])
    expect(matchesPattern('a.c', 'abc')).toBe(false)
  })
  it('takes no more than pattern times name steps', () => {
    expect(matchesPattern(`${'*a'.repeat(200)}b`, 'a'.repeat(2000))).toBe(false)
  })
})

describe('a rule', () => {
  it('holds if every layer it names is within its bounds, which count as within', () => {
    expect(judge({ metric: 'output-sqnr-mean', min: 7 })).toMatchObject({ passed: true })
    expect(judge({ metric: 'output-sqnr-mean', min: 7.001 }).passed).toBe(false)
    expect(judge({ metric: 'output-sqnr-min', min: 4, max: 4 }).passed).toBe(true)
    expect(judge({ metric: 'output-cosine-mean', max: 0.79 }).passed).toBe(false)
  })
  it('tells the layer, its value and the bound where one does not hold', () => {
    const subject = changed('mid.attn_1.q', ({ weights }) => {
      weights.flips = 0.4
    })
    const { checks, passed } = judge({ metric: 'flips', max: 0.3 }, subject)
    expect(passed).toBe(false)
    expect(checks).toHaveLength(diagnosis.layers.length)
    expect(checks.filter((c) => !c.passed)).toEqual([
      { layer: 'mid.attn_1.q', value: 0.4, passed: false, problem: 'it should be at most 0.3' },
    ])
  })
  it('is about the layers it names, without those it excepts, binarized or kept ones', () => {
    const layers = (rule: object) => judge({ metric: 'bits', max: 32, ...rule }).checks.map((c) => c.layer)
    expect(layers({ layers: 'mid.attn_1.?', except: '*.v' })).toEqual(['mid.attn_1.q', 'mid.attn_1.k'])
    expect(layers({ only: 'kept' })).toEqual(['temb.dense.0', 'temb.dense.1', 'conv_in', 'conv_out'])
    expect(layers({ layers: ['conv_in', '*.q'], only: 'binarized' }).every((id) => id!.endsWith('.q'))).toBe(
      true,
    )
    expect(judge({ metric: 'binarized-layers', layers: 'mid.attn_1.*', min: 4, max: 4 }).passed).toBe(true)
  })
  it('does not hold for what could not be measured', () => {
    const subject = changed('mid.attn_1.q', (record) => {
      record.alignment!.sqnr[1] = null
      record.weights.againstTeacher!.sqnr = null
    })
    for (const metric of ['output-sqnr-mean', 'output-sqnr-min', 'weight-sqnr']) {
      const broken = judge({ metric, min: -100 }, subject).checks.filter((c) => !c.passed)
      expect(broken).toEqual([
        { layer: 'mid.attn_1.q', value: null, passed: false, problem: 'it could not be measured' },
      ])
    }
    expect(
      judge({ metric: 'eps-sqnr-mean', min: 0 }, { diagnosis: { ...diagnosis, output: null } }).passed,
    ).toBe(false)
  })
  it('does not hold if none of its layers has the measure, and leaves out layers that have not', () => {
    expect(judge({ metric: 'sigma-ratio', min: 0, only: 'kept' })).toMatchObject({
      passed: false,
      checks: [{ problem: 'none of the layers has this measure' }],
    })
    expect(judge({ metric: 'sigma-ratio', min: 0 }).checks).toHaveLength(diagnosis.layers.length - 4)
  })
  it('bounds every metric there is', () => {
    for (const metric of metricNames) {
      const { checks } = judge({ metric, min: -1e12, max: 1e12 })
      expect([metric, checks.every(({ passed }) => passed)]).toEqual([metric, true])
    }
  })
  it('sees planted values: scales halved, a layer left in full precision, NaN', () => {
    const ratio = judge({ metric: 'sigma-ratio', min: 0.3 })
    expect(ratio.passed).toBe(true)
    const halved = changed('mid.attn_1.q', ({ weights }) => {
      weights.sigma2 = weights.sigma2!.map((s) => s / 4)
    })
    const failed = judge({ metric: 'sigma-ratio', min: 0.3 }, halved).checks.filter((c) => !c.passed)
    expect(failed.map(({ layer }) => layer)).toEqual(['mid.attn_1.q'])
    const left = changed('mid.attn_1.q', (record) => {
      record.precision = { method: 'fp', bases: 0, activationBits: 32 }
      record.weights.latent!.moments.nonFinite = 2
    })
    const count = diagnosis.layers.length - 4
    expect(judge({ metric: 'binarized-layers', min: count }).passed).toBe(true)
    expect(judge({ metric: 'binarized-layers', min: count }, left).checks[0]!.value).toBe(count - 1)
    expect(judge({ metric: 'non-finite-total', max: 0 }, left).checks[0]!.value).toBe(2)
  })
})

describe('a rule on findings', () => {
  const finding = (code: string, severity: Finding['severity'], layer: string | null): Finding => ({
    ...{ code, severity, layer, title: '', what: '', evidence: [], remedy: '' },
  })
  const findings = [
    finding('dead-channel', 'warning', 'mid.attn_1.q'),
    finding('not-finite', 'fault', 'conv_in'),
    finding('raw-weights', 'note', null),
  ]
  it('counts those of its code and severity or worse, on the layers it names', () => {
    const count = (rule: object) => judge({ finding: '*', ...rule }, { findings }).checks[0]!.value
    expect([count({}), count({ atLeast: 'fault' }), count({ atLeast: 'note' })]).toEqual([2, 1, 3])
    expect([count({ finding: 'dead-*' }), count({ finding: 'dead' })]).toEqual([1, 0])
    expect(count({ layers: 'mid.*', atLeast: 'note' })).toBe(1)
  })
  it('allows none unless it says how many', () => {
    const problem = judge({ finding: '*' }, { findings }).checks[0]!.problem
    expect(problem).toContain('at most 0: dead-channel in mid.attn_1.q, not-finite in conv_in')
    expect(judge({ finding: '*', max: 2 }, { findings }).passed).toBe(true)
  })
})

describe('a gate', () => {
  it('is closed by an error, not by a warning', () => {
    const broken = { metric: 'eps-sqnr-mean', min: 10 }
    expect(isOpen([judge(broken)])).toBe(false)
    expect(isOpen([judge({ ...broken, severity: 'warning' })])).toBe(true)
    expect(isOpen([judge({ ...broken, min: 9 })])).toBe(true)
  })
})

describe('a rules file is refused', () => {
  const read = (json: unknown) => () => parseRules(json, 'r.yaml')
  it('without rules, or with other keys', () => {
    for (const json of [null, [], {}, { rules: [] }, { rules: 3 }, { rules: [{}], more: 1 }])
      expect(read(json)).toThrow('r.yaml')
  })
  it('naming the rule and what is wrong with it', () => {
    const rule = (entry: unknown) => read({ rules: [{ metric: 'flips', max: 1 }, entry] })
    expect(rule({ metric: 'flip', max: 1 })).toThrow(/rules\.1\.metric.*Metrics are weight-sqnr/)
    expect(rule({ metric: 'flips' })).toThrow('rules.1 (flips): it has no bound')
    expect(rule({ metric: 'flips', min: 2, max: 1 })).toThrow('min 2 is above max 1')
    expect(rule({ metric: 'flips', maximum: 1 })).toThrow('rules.1')
    expect(rule({ metric: 'flips', max: '1' })).toThrow('rules.1.max')
    expect(rule({ metric: 'storage-ratio', min: 1, layers: '*' })).toThrow('of the whole network')
    expect(rule({ finding: '*', min: 1 })).toThrow('rules.1')
  })
  it('if it names layers the network does not have', () => {
    expect(() => judge({ metric: 'flips', max: 1, layers: ['*', 'up_blocks.*'] })).toThrow(
      /r\.yaml: rules\.0: no layer is called up_blocks\.\*\. Ids are like temb\.dense\.0/,
    )
  })
})

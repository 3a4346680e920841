import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { junitReport } from '../../../lib/cli/junit'
import { parseRules } from '../../../lib/diagnostics/gate/rules'
import { fixtures } from '../unet/upstream'
import { run, temporaryFolder } from './command-line'

const folder = temporaryFolder()
const teacher = `${fixtures}/diffusers_old_s1`
const student = join(folder, 'student.safetensors')
const fast = ['--timesteps', '2', '--images', '1']

beforeAll(async () => {
  const flags = ['--method', 'lmb', '--out', student]
  expect((await run('binarize', teacher, ...flags)).code).toBe(0)
})

/** Writes rules, one JSON object a line of yaml. */
function rulesFile(name: string, ...rules: object[]): string {
  const path = join(folder, name)
  writeFileSync(path, `rules:\n${rules.map((rule) => `  - ${JSON.stringify(rule)}\n`).join('')}`)
  return path
}

const check = (rules: string, ...flags: string[]) =>
  run('check', student, '--fp', teacher, '--rules', rules, ...fast, ...flags)

const kept = { metric: 'bases', layers: 'conv_in', max: 0 }
const broken = { metric: 'bases', layers: ['conv_in', 'mid_block.attentions.0.query'], min: 1 }

describe('check', () => {
  it('exits with 0 if every rule holds', async () => {
    const { code, stdout } = await check(rulesFile('good.yaml', kept, { metric: 'storage-ratio', min: 2 }))
    expect([code, stdout]).toEqual([0, expect.stringContaining('passed, 2 of 2 rules hold')])
  })

  it('exits with 1 and a line for each value that breaks a rule, with its bound', async () => {
    const { code, stdout } = await check(rulesFile('bad.yaml', kept, broken))
    expect(code).toBe(1)
    expect(stdout).toContain('NOT passed, 1 of 2 rules hold')
    expect(stdout).toMatch(/error +conv_in +0 +it should be at least 1/)
    expect(stdout).not.toMatch(/error +mid_block/)
  })

  it('tells warnings and passes', async () => {
    const { code, stdout } = await check(rulesFile('warn.yaml', { ...broken, severity: 'warning' }))
    expect(code).toBe(0)
    expect(stdout).toMatch(/warning +conv_in/)
  })

  it('prints every value under every rule as one JSON document', async () => {
    const { code, stdout } = await check(rulesFile('bad.yaml', kept, broken), '--json')
    const { passed, verdicts } = JSON.parse(stdout)
    expect([code, passed, verdicts.length]).toEqual([1, false, 2])
    expect(verdicts[1].checks.map((c: { layer: string; value: number }) => [c.layer, c.value])).toEqual([
      ['conv_in', 0],
      ['mid_block.attentions.0.query', 2],
    ])
  })

  it('writes what a CI system shows', async () => {
    const junit = join(folder, 'junit.xml')
    const rules = rulesFile(
      'junit.yaml',
      { name: 'a < b & "c"', ...broken },
      { ...broken, severity: 'warning' },
    )
    expect((await check(rules, '--junit', junit)).code).toBe(1)
    const xml = readFileSync(junit, 'utf8')
    expect(xml).toContain('<testsuites name="check" tests="4" failures="1" errors="0">')
    expect(xml).toContain('<testsuite name="a &lt; b &amp; &quot;c&quot;" tests="2" failures="1" errors="0">')
    expect(xml).toContain('name="conv_in"><failure message="0: it should be at least 1"/></testcase>')
    expect(xml).toContain('<system-out>warning: 0: it should be at least 1</system-out>')
    const odd = { rule: 'a', severity: 'error', passed: true } as const
    const checks = [{ layer: 'a\u0000\ud800b', value: 1, passed: true, problem: '' }]
    expect(junitReport([{ ...odd, checks }])).toContain('name="a\ufffd\ufffdb"/>')
  })

  it('refuses a rules file that is missing, wrong or about other layers, before it writes anything', async () => {
    const junit = join(folder, 'never.xml')
    for (const [path, words] of [
      [join(folder, 'nowhere.yaml'), 'nowhere.yaml'],
      [rulesFile('typo.yaml', { metric: 'flip', max: 1 }), 'rules.0.metric'],
      [
        rulesFile('other.yaml', { metric: 'flips', max: 1, layers: 'down.9.*' }),
        'no layer is called down.9.*',
      ],
    ] as const) {
      const { code, stdout, stderr } = await check(path, '--junit', junit)
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain(words)
    }
    expect(existsSync(junit)).toBe(false)
  })

  it('has an example whose rules can be read', () => {
    const path = fileURLToPath(new URL('../../../docs/rules/w1a4.yaml', import.meta.url))
    expect(parseRules(parse(readFileSync(path, 'utf8')), path).length).toBeGreaterThan(5)
  })
})

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Sensitivity } from '../../../lib/diagnostics/sensitivity/sensitivity'
import { run } from './command-line'

const demo = join(import.meta.dirname, '../../../public/demo')
const pair = [
  join(demo, 'mnist-teacher/step-009000.safetensors'),
  join(demo, 'mnist-baseline/step-000000.safetensors'),
] as const
const quick = ['--seeds', '1', '--timesteps', '2', '--images', '1']

describe('sensitivity', () => {
  it('ranks blocks with their errors as JSON', async () => {
    const { code, stdout } = await run('sensitivity', ...pair, '--by', 'block', ...quick, '--json')
    expect(code).toBe(0)
    const { by, parts, student }: Sensitivity = JSON.parse(stdout)
    expect(by).toBe('block')
    expect(parts.flatMap(({ layers }) => layers)).toHaveLength(39)
    const errors = parts.map(({ binarized }) => binarized.normalised!.mean)
    expect(errors).toEqual([...errors].sort((a, b) => b - a))
    // binarized without training: all of it is worse than any block of it
    expect(student.normalised!.mean).toBeGreaterThan(errors[0]!)
  })
  it('prints a table, most harmful first, and says over what', async () => {
    const { code, stdout } = await run('sensitivity', ...pair, '--by', 'block', ...quick)
    expect(code).toBe(0)
    const [over, own, head, first] = stdout.split('\n')
    expect(over).toContain('2 timesteps x 1 seeds')
    expect(own).toMatch(/^the student as it is: \d\.\d{5} ± \d\.\d{5}$/)
    expect(head).toMatch(/^block +binarized alone +restored alone +gain of restoring$/)
    expect(first).toMatch(/^[\w.]+ +\d\.\d{5} ± \d\.\d{5} +\d\.\d{5} ± \d\.\d{5} +-?\d\.\d{5} ± \d\.\d{5}$/)
  })
  it('refuses one file, networks of different shapes, and a kind it does not know', async () => {
    const [teacher, student] = pair
    expect((await run('sensitivity', teacher)).code).toBe(2)
    expect((await run('sensitivity', teacher, student, '--by', 'channel')).code).toBe(2)
    const other = join(import.meta.dirname, '../../fixtures/ddim_s1/model.safetensors')
    const { code, stderr } = await run('sensitivity', teacher, other)
    expect(code).toBe(2)
    expect(stderr).toContain('its teacher')
  })
})

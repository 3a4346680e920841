/** The benchmark against PyTorch, with few and small steps: what it compares, not how fast it is. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { run } from './command-line'

const python = process.env.PYTHON ?? '/usr/bin/python3'
const few = ['bench', 'train', '--steps', '2', '--batch', '2', '--json']

function hasTorch(): boolean {
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('bench train', () => {
  it('times its own side alone where there is no PyTorch, and says so', async () => {
    const { code, stdout, stderr } = await run(...few, '--only', 'teacher', '--python', '/no/such/python')
    expect(code).toBe(0)
    expect(stderr).toContain('no PyTorch in /no/such/python')
    const { machine, rows } = JSON.parse(stdout)
    expect(machine).toMatchObject({ torch: null, threads: 1 })
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ network: 'teacher', parameters: 652_772, pytorch: null, ratio: null })
    expect(rows[0].tfjs.min).toBeGreaterThan(0)
    expect(rows[0].tfjs.median).toBeLessThanOrEqual(rows[0].tfjs.p90)
  }, 180_000)

  it.runIf(hasTorch())(
    'trains the same number of values in PyTorch, teacher and student',
    async () => {
      const { code, stdout } = await run(...few, '--python', python)
      expect(code).toBe(0)
      const { machine, rows } = JSON.parse(stdout)
      expect(machine.torch).toMatch(/^\d+\.\d+/)
      for (const { pytorch, tfjs, ratio, cpuRatio } of rows) {
        expect(pytorch.min).toBeGreaterThan(0)
        expect(ratio).toBeCloseTo(tfjs.median / pytorch.median, 6)
        expect(cpuRatio).toBeCloseTo(tfjs.cpu / pytorch.cpu, 6)
      }
      expect(rows.map((row: { network: string }) => row.network)).toEqual(['teacher', 'student'])
    },
    300_000,
  )

  it('refuses what it cannot time', async () => {
    expect(await run('bench', 'sample')).toMatchObject({ code: 2 })
    expect(await run('bench', 'train', '--steps', '0')).toMatchObject({ code: 2 })
  })
})

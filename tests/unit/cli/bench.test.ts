/** The benchmark against PyTorch, with few and small steps: what it compares, not how fast it is. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { run, spawned } from './command-line'

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

describe('bench kernel', () => {
  it('times a layer in Chromium against its rivals and finds no integer that differs', async () => {
    const { code, stdout } = await spawned('bench', 'kernel', '--rounds', '1', '--only', '4x4', '--json')
    expect(code).toBe(0)
    const { build, mismatches, cases, layers, geomean } = JSON.parse(stdout)
    expect([build, mismatches]).toEqual(['relaxed', 0])
    expect(cases.map(({ name }: { name: string }) => name)).toContain('3x3 8x8 512->64, inputs 7, weights +1')
    expect(layers.map(({ name }: { name: string }) => name)).toEqual(['3x3 4x4 256->256'])
    const { ms, ratio } = layers[0]
    expect(ratio['ort-fp32']).toBeCloseTo(ms['ort-fp32'] / ms['one-bit'], 6)
    expect(geomean['ort-fp32']).toBeCloseTo(ratio['ort-fp32'], 6)
  }, 180_000)

  it('refuses no rounds', async () => {
    expect(await run('bench', 'kernel', '--rounds', '0')).toMatchObject({ code: 2 })
  })
})

it('bench unet refuses rounds that are no whole number', async () => {
  expect(await run('bench', 'unet', '--rounds', '1.5')).toMatchObject({ code: 2 })
})

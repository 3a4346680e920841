/** What the benchmarks of the engine make of their samples. */
import { describe, expect, it } from 'vitest'
import { describeKernels, type KernelReport, type LayerReport, ratiosOf } from '@/scripts/bench/kernel-report'
import type { Machine } from '@/scripts/bench/machine'
import { table } from '@/scripts/bench/table'
import type { StudentFacts } from '@/scripts/bench/unet.browser'
import { describeNets, netReport } from '@/scripts/bench/unet-report'

const machine: Machine = {
  ...{ cpu: 'a processor', cores: 2, chromium: '1', tfjs: '2', onnxruntime: '3', threads: 1, load: 0 },
}

/** A layer that takes a millisecond at one bit, `tfjs` in tfjs. */
function layer(name: string, tfjs: number, spread = 0): LayerReport {
  const ms = {
    ...{ 'one-bit': 1, 'one-bit-two-bases': 2, 'one-bit-strict': 4 },
    ...{ 'tfjs-wasm-fp32': tfjs, 'ort-fp32': 2 * tfjs, 'ort-uint8': tfjs / 2 },
  }
  return {
    ...{ name, ms, min: { ...ms, 'one-bit': 0.5 }, mismatches: 0, gmacs: 100, runs: 1, spread },
    ratio: { 'tfjs-wasm-fp32': tfjs, 'ort-fp32': 2 * tfjs, 'ort-uint8': tfjs / 2 },
    ...{ twoBases: tfjs / 2, strict: tfjs / 4, distance: { 'ort-fp32': 0, 'ort-uint8': 0 } },
  }
}

function kernelReport(layers: LayerReport[], mismatches = 0): KernelReport {
  const bytes = { raw: 1000, gzip: 100 }
  return {
    ...{ machine, rounds: 25, build: 'relaxed', mismatches, cases: [{ name: 'saturated', mismatches }] },
    ...{ wasmBytes: { relaxed: bytes, strict: bytes }, layers },
    ...ratiosOf(layers),
  }
}

describe('the report of kernels', () => {
  const report = kernelReport([layer('small', 8), layer('large', 18, 0.2)])

  it('gives geometric means by rival, of medians and of minima', () => {
    expect(report.geomean['tfjs-wasm-fp32']).toBeCloseTo(12, 9)
    expect(report.geomean['ort-fp32']).toBeCloseTo(24, 9)
    expect(report.geomean['ort-uint8']).toBeCloseTo(6, 9)
    expect(report.geomeanOfMinima['tfjs-wasm-fp32']).toBeCloseTo(24, 9)
    expect([report.twoBases, report.strict]).toEqual([expect.closeTo(6, 9), expect.closeTo(3, 9)])
  })

  it('names the worst layer by its ratio to tfjs', () => {
    expect(report.worst).toBe(8)
  })

  it('says which layers were noisy and which integers were compared', () => {
    const words = describeKernels(report)
    expect(words).toContain('noisy: the medians of large lie more than 15 % above their minima')
    expect(words).toContain(
      'integers that differ from the reference: 0 (timed buffers before and after, and saturated)',
    )
    expect(describeKernels(kernelReport([layer('small', 8)], 3))).toContain('reference: 3 (')
  })
})

describe('the report of networks', () => {
  const facts: StudentFacts = {
    ...{ name: 'student', parameters: 1_000_000, oneBitLayers: 3, layers: 5 },
    ...{ bytes: { fp32: 4_000_000, packed: 200_000, engineMemory: 1_000_000 } },
    distance: { engine: 1e-7, moved: 2e-7 },
  }
  const run = { samples: { tfjs: [30, 20, 40], student: [3, 2, 4] }, simulated: { student: [50] } }
  const net = netReport(facts, run, { runs: 2, spread: 0.1 })

  it('divides the median of the teacher in floats by that of the student at one bit', () => {
    expect(net).toMatchObject({ ratio: 10, ratioOfMinima: 10, runs: 2, spread: 0.1 })
    expect(net.ms).toEqual({ engine: 3, 'tfjs-wasm-fp32': 30, simulated: 50 })
    expect(net.min).toEqual({ engine: 2, 'tfjs-wasm-fp32': 20, simulated: 50 })
  })

  it('tells bytes and how far the engine is from the simulated student', () => {
    const words = describeNets({ machine, rounds: 3, build: 'strict', nets: [net] })
    expect(words).toMatch(/student +1000000 +3 of 5 +4\.00 +0\.20 +1\.00 +1\.0e-7 +2\.0e-7/)
    expect(words).toMatch(
      /student +3\.0 \(2\.0\) +30\.0 \(20\.0\) +50\.0 \(50\.0\) +10\.0 +10\.0 +10 %, best of 2 runs/,
    )
  })

  it('refuses a student that was not timed', () => {
    expect(() => netReport({ ...facts, name: 'other' }, run, { runs: 1, spread: 0 })).toThrow(
      'nothing was measured',
    )
  })
})

it('a table aligns its first column to the left and numbers to the right', () => {
  expect(table([['', 'a'], ['name', '12'], ['x']])).toEqual(['       a', 'name  12', 'x'])
})

/** What `bench kernel` says: numbers by layer, their means, a table. */
import type { Build } from '../../lib/engine/kernels'
import type { LayerRun } from './kernel.browser'
import { type ContestantName, contestants } from './kernel-layers'
import { type Machine, machineInWords } from './machine'
import { table } from './table'
import { geometricMean, quietSpread } from './timings'

const rivals = ['tfjs-wasm-fp32', 'ort-fp32', 'ort-uint8'] as const
type RivalName = (typeof rivals)[number]

export type LayerReport = {
  name: string
  /** Medians and minima. */
  ms: Record<ContestantName, number>
  min: Record<ContestantName, number>
  /** Median of a rival over the median of one basis. */
  ratio: Record<RivalName, number>
  /** Median of tfjs over that of two bases, and of one basis in the build without relaxed SIMD. */
  twoBases: number
  strict: number
  /** Multiply-accumulates of the layer over the median of one basis, 1e9 per second. */
  gmacs: number
  mismatches: number
  distance: LayerRun['distance']
  /** Times it was measured, and how far medians lie above minima in the run that counts. */
  runs: number
  spread: number
}

export type KernelReport = {
  machine: Machine
  rounds: number
  build: Build
  mismatches: number
  cases: { name: string; mismatches: number }[]
  wasmBytes: Record<Build, { raw: number; gzip: number }>
  /** Of the ratios of medians, and of those of minima, which other programs disturb less. */
  geomean: Record<RivalName, number>
  geomeanOfMinima: Record<RivalName, number>
  /** Least of the layers against tfjs. */
  worst: number
  /** Geometric means against tfjs. */
  twoBases: number
  strict: number
  layers: LayerReport[]
}

/** Means over the layers. */
export function ratiosOf(layers: readonly LayerReport[]) {
  const mean = (of: (layer: LayerReport) => number) => geometricMean(layers.map(of))
  const byRival = (of: (layer: LayerReport, rival: RivalName) => number) => ({
    'tfjs-wasm-fp32': mean((layer) => of(layer, 'tfjs-wasm-fp32')),
    'ort-fp32': mean((layer) => of(layer, 'ort-fp32')),
    'ort-uint8': mean((layer) => of(layer, 'ort-uint8')),
  })
  return {
    geomean: byRival(({ ratio }, rival) => ratio[rival]),
    geomeanOfMinima: byRival(({ min }, rival) => min[rival] / min['one-bit']),
    worst: Math.min(...layers.map(({ ratio }) => ratio['tfjs-wasm-fp32'])),
    twoBases: mean(({ twoBases }) => twoBases),
    strict: mean(({ strict }) => strict),
  }
}

const headings: Record<ContestantName, string> = {
  'one-bit': 'one bit',
  'one-bit-two-bases': 'two bases',
  'one-bit-strict': 'strict',
  'tfjs-wasm-fp32': 'tfjs FP32',
  'ort-fp32': 'ORT FP32',
  'ort-uint8': 'ORT uint8',
}

export function describeKernels(report: KernelReport): string {
  const { machine, rounds, build, layers, geomean, geomeanOfMinima, worst, twoBases, strict, wasmBytes } =
    report
  const rows = [
    ['ms, median (min)', ...contestants.map((name) => headings[name]), 'GMAC/s'],
    ...layers.map(({ name, ms, min, gmacs }) => [
      name,
      ...contestants.map((contestant) => inWords(ms[contestant], min[contestant])),
      gmacs.toFixed(0),
    ]),
  ]
  const times = [
    ['times as fast', 'than tfjs FP32', 'ORT FP32', 'ORT uint8', 'two bases', 'strict', 'spread'],
    ...layers.map(({ name, ratio, twoBases, strict, spread, runs }) => [
      name,
      ...[...rivals.map((rival) => ratio[rival]), twoBases, strict].map(one),
      `${(100 * spread).toFixed(0)} %${runs > 1 ? `, best of ${runs} runs` : ''}`,
    ]),
    ['geometric mean', ...[...rivals.map((rival) => geomean[rival]), twoBases, strict].map(one)],
    ['the same of minima', ...rivals.map((rival) => one(geomeanOfMinima[rival]))],
  ]
  const noisy = layers.filter(({ spread }) => spread > quietSpread).map(({ name }) => name)
  return [
    machineInWords(machine),
    `${rounds} rounds, contestants in turns, batch 1, floats in and out; ${build} build, ${wasmBytes[build].raw} bytes (${wasmBytes[build].gzip} gzipped)`,
    '',
    ...table(rows),
    '',
    ...table(times),
    `worst of the layers against tfjs FP32: ${one(worst)}; two bases and strict are against tfjs FP32, too`,
    ...(noisy.length > 0
      ? [`noisy: the medians of ${noisy.join(', ')} lie more than ${100 * quietSpread} % above their minima`]
      : []),
    `integers that differ from the reference: ${report.mismatches} (timed buffers before and after, and ${report.cases.map(({ name }) => name).join('; ')})`,
  ].join('\n')
}

const one = (ratio: number) => ratio.toFixed(1)

function inWords(median: number, min: number): string {
  const digits = median < 1 ? 4 : 3
  return `${median.toFixed(digits)} (${min.toFixed(digits)})`
}

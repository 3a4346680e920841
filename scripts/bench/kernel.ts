/**
 * What `cli -- bench kernel` measures: binarized convolutions of the engine and the same layers in other runtimes, in Chromium.
 *
 *   node --import tsx scripts/bench/kernel.ts --rounds N [--only TEXT] [--json]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { compileKernels } from '../kernels'
import { assertSimdBinary, withBenchPage } from './bench-page'
import type { LayerRun } from './kernel.browser'
import { type BenchLayer, type ContestantName, contestants, macs, timedLayers } from './kernel-layers'
import { describeKernels, type KernelReport, type LayerReport, ratiosOf } from './kernel-report'
import { machineFacts } from './machine'
import { quietRun, type Timing, timingOf } from './timings'

/** Times a layer is measured at most, see quietRun. */
const mostRuns = 4

const { values } = parseArgs({
  options: { rounds: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean' } },
})
const rounds = Number(values.rounds)
const layers = timedLayers.filter(({ name }) => name.includes(values.only ?? ''))
if (layers.length === 0) {
  console.error(`no layer has ${values.only} in its name: ${timedLayers.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

compileKernels()
const report = await withBenchPage('kernel.browser.ts', async ({ page, fetched, chromium }) => {
  await page.waitForFunction(() => window.kernelBench !== undefined)
  assertSimdBinary(fetched)
  const reports: LayerReport[] = []
  for (const layer of layers) {
    let mismatches = 0
    const measure = async () => {
      const run = await page.evaluate(([layer, rounds]) => window.kernelBench.timeLayer(layer, rounds), [
        layer,
        rounds,
      ] as const)
      mismatches += run.mismatches // of every run, whichever counts
      return run
    }
    const timings = ({ samples }: LayerRun) => Object.values(samples).map(timingOf)
    const { run, runs, spread } = await quietRun(measure, timings, mostRuns)
    reports.push({ ...layerReport(layer, run), mismatches, runs, spread })
    console.error(`${layer.name} done${runs > 1 ? `, measured ${runs} times` : ''}`)
  }
  const cases = await page.evaluate(() => window.kernelBench.checkCases())
  const build = await page.evaluate(() => window.kernelBench.build)
  const mismatches = [...reports, ...cases].reduce((sum, { mismatches }) => sum + mismatches, 0)
  return {
    machine: machineFacts(chromium),
    ...{ rounds, build, mismatches, cases },
    wasmBytes: { relaxed: wasmBytes('relaxed'), strict: wasmBytes('strict') },
    ...ratiosOf(reports),
    layers: reports,
  } satisfies KernelReport
})
console.log(values.json ? JSON.stringify(report, null, 2) : describeKernels(report))
process.exitCode = report.mismatches === 0 ? 0 : 1

function layerReport(layer: BenchLayer, run: LayerRun) {
  const each = (of: (timing: Timing) => number) =>
    Object.fromEntries(
      contestants.map((name) => [name, of(timingOf(run.samples[name]))]),
    ) as LayerReport['ms']
  const [ms, min] = [each(({ median }) => median), each(({ min }) => min)]
  const over = (rival: ContestantName, own: ContestantName = 'one-bit') => ms[rival] / ms[own]
  return {
    name: layer.name,
    ...{ ms, min },
    ratio: {
      'tfjs-wasm-fp32': over('tfjs-wasm-fp32'),
      'ort-fp32': over('ort-fp32'),
      'ort-uint8': over('ort-uint8'),
    },
    twoBases: over('tfjs-wasm-fp32', 'one-bit-two-bases'),
    strict: over('tfjs-wasm-fp32', 'one-bit-strict'),
    gmacs: macs(layer) / ms['one-bit'] / 1e6,
    distance: run.distance,
  }
}

function wasmBytes(build: string): { raw: number; gzip: number } {
  const bytes = readFileSync(new URL(`../../public/engine/${build}.wasm`, import.meta.url))
  return { raw: bytes.length, gzip: gzipSync(bytes).length }
}

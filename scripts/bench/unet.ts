/**
 * What `cli -- bench unet` measures: a step of whole networks at one bit, and of the same networks in tfjs, in Chromium.
 *
 *   node --import tsx scripts/bench/unet.ts --rounds N [--only TEXT] [--json]
 */
import { parseArgs } from 'node:util'
import { compileKernels } from '../kernels'
import { assertSimdBinary, withBenchPage } from './bench-page'
import { machineFacts } from './machine'
import { quietRun } from './timings'
import { type FamilyName, families } from './unet-networks'
import { describeNets, headlineTimings, type NetReport, netReport, type UnetReport } from './unet-report'

/** Times a family is measured at most, see quietRun. */
const mostRuns = 2

const { values } = parseArgs({
  options: { rounds: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean' } },
})
const rounds = Number(values.rounds)
const only = values.only ?? ''
const chosen = (Object.keys(families) as FamilyName[]).filter((family) =>
  families[family].some((name) => name.includes(only)),
)
if (chosen.length === 0) {
  console.error(`no network has ${only} in its name: ${Object.values(families).flat().join(', ')}`)
  process.exit(2)
}

compileKernels()
const report: UnetReport = await withBenchPage('unet.browser.ts', async ({ page, fetched, chromium }) => {
  await page.waitForFunction(() => window.unetBench !== undefined)
  assertSimdBinary(fetched)
  const nets: NetReport[] = []
  for (const family of chosen) {
    const facts = await page.evaluate(([family, only]) => window.unetBench.open(family, only), [
      family,
      only,
    ] as const)
    const measure = () =>
      page.evaluate(([rounds, simulated]) => window.unetBench.time(rounds, simulated), [
        rounds,
        Math.ceil(rounds / 5),
      ] as const)
    const { run, ...quiet } = await quietRun(measure, headlineTimings, mostRuns)
    nets.push(...facts.map((of) => netReport(of, run, quiet)))
    console.error(`${family} done${quiet.runs > 1 ? `, measured ${quiet.runs} times` : ''}`)
  }
  const build = await page.evaluate(() => window.unetBench.build)
  return { machine: machineFacts(chromium), rounds, build, nets }
})
console.log(values.json ? JSON.stringify(report, null, 2) : describeNets(report))

/**
 * What `cli -- bench frames` measures: frames of a Run page with many layers while its user points and scrolls, in Chromium on the
 * production server.
 *
 *   node --import tsx scripts/bench/frames.ts --layers N [--json]
 */
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type CDPSession, chromium, type Page } from '@playwright/test'
import { quantiles } from '../../lib/math/quantiles'
import { pageUrl } from '../../lib/record/view'
import { makeServer } from '../../tests/unit/api/server'
import { ensureChromium } from '../chromium'
import { makeStore } from './browse-store'
import { table } from './table'

const { values } = parseArgs({ options: { layers: { type: 'string' }, json: { type: 'boolean' } } })
const layers = Number(values.layers)

/** A frame at 60 a second, ms. */
const gate = 1000 / 60
const moves = 240

type Frames = {
  /** What the user does. */
  name: string
  frames: number
  /** Work of the main thread for a frame: scripts, styles, layout, and painting as far as it is done there. */
  p50: number
  p95: number
  max: number
  /** Share of frames within the gate. */
  onTime: number
}

declare global {
  interface Window {
    /** Frames since the page began. */
    drawn: number
  }
}

/** Runs in the page; as text, since tsx puts names of its own into functions. */
const countFrames =
  'drawn = 0; requestAnimationFrame(function count() { drawn++; requestAnimationFrame(count) })'

/** Work of the main thread in ms by frame, while `act` moves the pointer or scrolls, one step for every frame. */
async function framesOf(
  name: string,
  page: Page,
  session: CDPSession,
  act: (step: number) => Promise<void>,
): Promise<Frames> {
  const taskMs = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return 1000 * metrics.find((metric) => metric.name === 'TaskDuration')!.value
  }
  // One turn of a wheel is scrolled over several frames.
  const framesDrawn = () =>
    page.evaluate(
      () => new Promise<number>((done) => requestAnimationFrame(() => setTimeout(() => done(window.drawn)))),
    )
  const times: number[] = []
  for (let step = -20; step < moves; step++) {
    const first = await framesDrawn()
    const before = await taskMs()
    await act(step)
    const frames = (await framesDrawn()) - first
    if (step >= 0) times.push(((await taskMs()) - before) / frames)
  }
  const [p50, p95, max] = quantiles(Float32Array.from(times), [0.5, 0.95, 1])!
  return {
    ...{ name, frames: times.length, p50: p50!, p95: p95!, max: max! },
    onTime: times.filter((ms) => ms <= gate).length / times.length,
  }
}

async function measure(url: string): Promise<Frames[]> {
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.addInitScript({ content: countFrames })
    await page.goto(url)
    await page.locator('table.sheet').waitFor()
    await page.waitForLoadState('networkidle')
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    const over = async (selector: string) => {
      const target = page.locator(selector).first()
      await target.scrollIntoViewIfNeeded()
      const box = (await target.boundingBox())!
      const [left, top] = [Math.max(0, box.x), Math.max(130, box.y)]
      const [width, height] = [box.width, Math.min(880, box.y + box.height) - top]
      // Across and down again and again, on another mark with every step.
      return (step: number) =>
        page.mouse.move(left + (((step + 20) * 37.3) % width), top + (((step + 20) * 21.7) % height))
    }
    return [
      await framesOf('pointing in the U-Net', page, session, await over('section.chart svg')),
      await framesOf('pointing in the map', page, session, await over('table.sheet .heat-map svg')),
      await framesOf('pointing along the rows', page, session, await over('table.sheet tbody')),
      await framesOf('scrolling', page, session, () => page.mouse.wheel(0, 60)),
    ]
  } finally {
    await browser.close()
  }
}

const server = await makeServer()
try {
  process.env.SIGNSCOPE_DATA = server.data
  const { full, steps } = await makeStore({ runs: 11, checkpoints: 2, layers }, console.error)
  await server.start()
  const url = server.url + pageUrl('run', full[0]!, null, { c: steps[0]! })
  const actions = await measure(url)
  const report = {
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version },
    ...{ layers, gate, actions },
    holds: actions.every(({ p95 }) => p95 <= gate),
  }
  console.log(values.json ? JSON.stringify(report, null, 2) : inWords(report))
  process.exitCode = report.holds ? 0 : 1
} finally {
  await server.remove()
}

function inWords({
  machine,
  layers,
  actions,
  holds,
}: {
  machine: { cpu: string; cores: number }
  layers: number
  actions: Frames[]
  holds: boolean
}): string {
  return [
    `Run page with ${layers} layers in Chromium; ${machine.cpu}, ${machine.cores} cores`,
    '',
    ...table([
      ['main thread, ms a frame', 'frames', 'p50', 'p95', 'max', 'within 16.7 ms'],
      ...actions.map(({ name, frames, p50, p95, max, onTime }) => [
        ...[name, String(frames), p50.toFixed(1), p95.toFixed(1), max.toFixed(1)],
        `${(100 * onTime).toFixed(0)} %`,
      ]),
    ]),
    '',
    holds
      ? 'Nineteen of twenty frames are within 16.7 ms.'
      : 'Not nineteen of twenty frames are within 16.7 ms.',
  ].join('\n')
}

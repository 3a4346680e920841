/**
 * What `cli -- bench browse` measures: pages of a large store, over HTTP, from the production server.
 *
 *   node --import tsx scripts/bench/browse.ts --runs N --checkpoints N --layers N --seconds N [--json]
 */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { pageUrl } from '../../lib/record/view'
import { databaseFile } from '../../lib/store/folder'
import { makeServer, type Server } from '../../tests/unit/api/server'
import { ask, oneByOne, type PageTimes, type Times, timesOf, untilThen } from './browse-load'
import { makeStore, type Stored } from './browse-store'
import { firstLoadBytes } from './first-load'
import { table } from './table'

const { values } = parseArgs({
  options: {
    ...{ runs: { type: 'string' }, checkpoints: { type: 'string' }, layers: { type: 'string' } },
    ...{ seconds: { type: 'string' }, json: { type: 'boolean' } },
  },
})
const size = {
  runs: Number(values.runs),
  checkpoints: Number(values.checkpoints),
  layers: Number(values.layers),
}
const seconds = Number(values.seconds)
const say = (line: string) => console.error(line)

const requests = 200
const viewers = 50
const writers = 5
/** How long a viewer looks at a page, and between two reports of a training, ms. */
const lookMs = 5000
const reportMs = 2000
/** Every so many reports a training also stores a checkpoint. */
const reportsPerCheckpoint = 15
const payloadGate = 300 * 1000
/** JavaScript of the first load, gzipped bytes; not asked of all pages. */
const scriptGate = 200 * 1000

type Page = { name: string; gate: number; scriptGate?: number; urls: string[] }

/** Different addresses of each kind of page, so many that none is asked for twice where there are enough. */
function pagesOf({ full, steps, layers }: Stored): Page[] {
  const at = <T>(list: readonly T[], i: number): T => list[i % list.length]!
  const each = (url: (i: number) => string) => Array.from({ length: requests }, (_, i) => url(i))
  const checkpoint = (i: number) => ({ run: at(full, i), c: at(steps, Math.floor(i / full.length)) })
  return [
    { name: 'run list', gate: 200, scriptGate, urls: each(() => '/') },
    {
      name: 'run',
      gate: 300,
      scriptGate,
      urls: each((i) => pageUrl('run', checkpoint(i).run, null, { c: checkpoint(i).c })),
    },
    {
      name: `one layer over ${steps.length} checkpoints`,
      gate: 200,
      urls: each((i) => pageUrl('layer', at(full, i), at(layers, i * 7))),
    },
    {
      name: 'compare of 2 checkpoints',
      gate: 400,
      urls: each((i) => {
        const [a, b] = [checkpoint(i), checkpoint(i + 5)]
        return pageUrl('compare', null, null, { r: [`${a.run}@${a.c}`, `${b.run}@${b.c}`] })
      }),
    },
  ]
}

async function together(server: Server, pages: readonly Page[], stored: Stored) {
  const end = Date.now() + seconds * 1000
  const looking = Array.from({ length: viewers }, (_, viewer) =>
    untilThen(end, lookMs, (turn) => {
      const page = pages[(viewer + turn) % pages.length]!
      return ask(server.url + page.urls[(viewer * 17 + turn * 7) % requests]!)
    }),
  )
  const writing = Array.from({ length: writers }, (_, writer) =>
    untilThen(end, reportMs, (turn) => report(server, stored, `training-${writer}`, turn)),
  )
  const viewed = timesOf((await Promise.all(looking)).flat())
  const written = timesOf((await Promise.all(writing)).flat())
  return { viewed, written }
}

/** What a training sends: that it begins, then values of its loss, and now and then a diagnosed checkpoint. */
function report(server: Server, { upload }: Stored, name: string, turn: number) {
  const api = `${server.url}/api/v1`
  if (turn === 0) return ask(`${api}/runs`, { name, settings: upload.run.settings })
  if (turn % reportsPerCheckpoint > 0) {
    const scalars = Array.from({ length: 10 }, (_, i) => ({
      name: 'loss',
      step: turn * 100 + i * 10,
      value: 0.1,
    }))
    return ask(`${api}/scalars`, { run: name, scalars })
  }
  const sha256 = createHash('sha256').update(`${name} ${turn}`).digest('hex')
  return ask(`${api}/checkpoints`, { ...upload, run: { ...upload.run, name }, step: turn * 100, sha256 })
}

type Report = {
  /** Load over a minute: before the pages were asked for one by one, and before the viewers came. */
  machine: { cpu: string; cores: number; node: string; load: number[] }
  size: typeof size & { layerRecords: number; databaseBytes: number; secondsToMake: number }
  pages: ({ name: string; gate: number; scriptBytes: number; scriptGate?: number } & PageTimes)[]
  together: { viewers: number; writers: number; seconds: number; gate: number; viewed: Times; written: Times }
  holds: boolean
}

async function measure(server: Server): Promise<Report> {
  const started = Date.now()
  process.env.SIGNSCOPE_DATA = server.data
  const stored = await makeStore(size, say)
  const secondsToMake = Math.round((Date.now() - started) / 1000)
  const databaseBytes = statSync(databaseFile(server.data)).size
  say(`${(databaseBytes / 1e9).toFixed(1)} GB in ${secondsToMake} s`)
  await server.start()
  const pages: Report['pages'] = []
  const load = [loadavg()[0]!]
  for (const { urls, ...page } of pagesOf(stored)) {
    const scriptBytes = await firstLoadBytes(server.url + urls[0]!)
    pages.push({ ...page, scriptBytes, ...(await oneByOne(urls.map((url) => server.url + url))) })
    const { name } = page
    say(`${name}: p95 ${pages.at(-1)!.p95} ms`)
  }
  const gate = 500
  load.push(loadavg()[0]!)
  const { viewed, written } = await together(server, pagesOf(stored), stored)
  return {
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      node: process.version,
      load,
    },
    size: { ...size, layerRecords: size.runs * size.checkpoints * size.layers, databaseBytes, secondsToMake },
    pages,
    together: { viewers, writers, seconds, gate, viewed, written },
    holds:
      pages.every((page) => page.p95 <= page.gate && page.errors === 0 && page.bytes <= payloadGate) &&
      pages.every((page) => page.scriptBytes <= (page.scriptGate ?? Number.POSITIVE_INFINITY)) &&
      viewed.p95 <= gate &&
      viewed.errors + written.errors === 0,
  }
}

/** "3 (500: 2, 0: 1)" */
function errorsOf({ errors, statuses }: Times): string {
  const others = Object.entries(statuses).filter(([status]) => !/^2/.test(status))
  return errors === 0
    ? '0'
    : `${errors} (${others.map(([status, count]) => `${status}: ${count}`).join(', ')})`
}

function inWords({ machine, size, pages, together: { viewed, written, gate }, holds }: Report): string {
  const kB = (bytes: number) => (bytes / 1000).toFixed(0)
  const loaded = (name: string, times: Times, gate: string) => [
    ...[name, String(times.requests), String(times.p50), String(times.p95), gate, String(times.max)],
    ...['', '', '', errorsOf(times)],
  ]
  return [
    `${size.layerRecords.toLocaleString('en')} layer records: ${size.runs} runs x ${size.checkpoints} checkpoints x ${size.layers} layers, ${(size.databaseBytes / 1e9).toFixed(1)} GB, made in ${size.secondsToMake} s`,
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.load.map((load) => load.toFixed(1)).join(' and ')}`,
    '',
    ...table([
      [
        'page',
        'requests',
        'p50, ms',
        'p95, ms',
        'gate',
        'max',
        'kB, gzipped',
        'unpacked',
        'JavaScript',
        'errors',
      ],
      ...pages.map((page) => [
        ...[page.name, String(page.requests), String(page.p50), String(page.p95), String(page.gate)],
        ...[String(page.max), kB(page.bytes), kB(page.rawBytes), kB(page.scriptBytes), errorsOf(page)],
      ]),
      loaded(`${viewers} viewers, ${writers} writers: pages`, viewed, String(gate)),
      loaded('reports of the trainings', written, ''),
    ]),
    '',
    holds ? 'Every gate holds.' : 'Not every gate holds.',
  ].join('\n')
}

const server = await makeServer()
try {
  const report = await measure(server)
  console.log(values.json ? JSON.stringify(report, null, 2) : inWords(report))
  process.exitCode = report.holds ? 0 : 1
} finally {
  await server.remove()
}

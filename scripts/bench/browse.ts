/**
 * What `cli -- bench browse` measures: pages of a large store, over HTTP, from the production server.
 *
 *   node --import tsx scripts/bench/browse.ts --runs N --checkpoints N --layers N --seconds N [--json]
 */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { pageUrl } from '../../lib/record/view'
import { databaseFile } from '../../lib/store/folder'
import { makeServer, type Server } from '../../tests/unit/api/server'
import { ask, oneByOne, type PageTimes, type Times, timesOf, untilThen } from './browse-load'
import { makeStore, type Stored } from './browse-store'
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

type Page = { name: string; gate: number; urls: string[] }

/** Different addresses of each kind of page, so many that none is asked for twice where there are enough. */
function pagesOf({ full, steps, layers }: Stored): Page[] {
  const at = <T>(list: readonly T[], i: number): T => list[i % list.length]!
  const each = (url: (i: number) => string) => Array.from({ length: requests }, (_, i) => url(i))
  const checkpoint = (i: number) => ({ run: at(full, i), c: at(steps, Math.floor(i / full.length)) })
  return [
    { name: 'run list', gate: 200, urls: each(() => '/') },
    {
      name: 'run',
      gate: 300,
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
  machine: { cpu: string; cores: number; node: string }
  size: typeof size & { layerRecords: number; databaseBytes: number; secondsToMake: number }
  pages: ({ name: string; gate: number } & PageTimes)[]
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
  for (const { name, gate, urls } of pagesOf(stored)) {
    pages.push({ name, gate, ...(await oneByOne(urls.map((url) => server.url + url))) })
    say(`${name}: p95 ${pages.at(-1)!.p95} ms`)
  }
  const gate = 500
  const { viewed, written } = await together(server, pagesOf(stored), stored)
  return {
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version },
    size: { ...size, layerRecords: size.runs * size.checkpoints * size.layers, databaseBytes, secondsToMake },
    pages,
    together: { viewers, writers, seconds, gate, viewed, written },
    holds:
      pages.every((page) => page.p95 <= page.gate && page.errors === 0 && page.bytes <= payloadGate) &&
      viewed.p95 <= gate &&
      viewed.errors + written.errors === 0,
  }
}

function inWords({ machine, size, pages, together: { viewed, written, gate }, holds }: Report): string {
  const kB = (bytes: number) => (bytes / 1000).toFixed(0)
  const loaded = (name: string, times: Times, gate: string) => [
    ...[name, String(times.requests), String(times.p50), String(times.p95), gate, String(times.max)],
    ...['', '', String(times.errors)],
  ]
  return [
    `${size.layerRecords.toLocaleString('en')} layer records: ${size.runs} runs x ${size.checkpoints} checkpoints x ${size.layers} layers, ${(size.databaseBytes / 1e9).toFixed(1)} GB, made in ${size.secondsToMake} s`,
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`,
    '',
    ...table([
      ['page', 'requests', 'p50, ms', 'p95, ms', 'gate', 'max', 'kB, gzipped', 'unpacked', 'errors'],
      ...pages.map((page) => [
        ...[page.name, String(page.requests), String(page.p50), String(page.p95), String(page.gate)],
        ...[String(page.max), kB(page.bytes), kB(page.rawBytes), String(page.errors)],
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

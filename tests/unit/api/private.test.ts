import { readdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sampleUpload } from '../store/sample-upload'
import { makeServer, type Server } from './server'

const reader = 'a-token-of-readers'
const writer = 'a-token-of-writers'
let server: Server
let share: string

const ask = (where: string, init: RequestInit & { token?: string } = {}) => {
  const { token, headers, ...rest } = init
  const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
  return fetch(server.url + where, {
    redirect: 'manual',
    ...rest,
    headers: { ...authorization, ...(headers as Record<string, string>) },
  })
}
const post = (where: string, json: unknown) =>
  ask(where, {
    method: 'POST',
    token: writer,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(json),
  })

beforeAll(async () => {
  server = await makeServer({ SIGNSCOPE_TOKEN: writer, SIGNSCOPE_READ_TOKEN: reader })
  await server.start()
  const { id } = await (await post('/api/v1/checkpoints', sampleUpload({ name: 'secret-run' }))).json()
  const view = { page: 'run', run: 'secret-run', layer: null, query: '', checkpoints: [id] }
  share = (await (await post('/api/v1/shares', view)).json()).token
}, 400_000)
afterAll(() => server.remove())

/** Every page there is, found in the file system, with names of things that are stored. */
function pages(): string[] {
  const files = readdirSync('app', { recursive: true, encoding: 'utf8' }).filter(
    (file) => path.basename(file) === 'page.tsx',
  )
  return files.map((file) =>
    `/${path.dirname(file)}`.replace('/.', '/').replace('[run]', 'secret-run').replace('[layer]', 'conv_in'),
  )
}

/** How a browser, its router and a prefetch ask for a page; a proxy was once made to stand aside by the last of them. */
const variants: Record<string, string>[] = [
  {},
  { rsc: '1' },
  { rsc: '1', 'next-router-prefetch': '1' },
  { rsc: '1', 'next-router-segment-prefetch': '/_tree' },
  { 'next-router-state-tree': encodeURIComponent('["",{}]'), rsc: '1' },
  { 'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy' },
  { 'x-middleware-prefetch': '1', purpose: 'prefetch' },
  { 'x-nextjs-data': '1' },
]

it('without a token every page, in every variant of asking for it, tells nothing of what is stored', async () => {
  const found = pages().filter((page) => !page.startsWith('/s/') && page !== '/sign-in')
  expect(found.length).toBeGreaterThanOrEqual(6)
  for (const page of found)
    for (const headers of variants) {
      const answer = await ask(page, { headers })
      const body = await answer.text()
      expect(answer.status, page).toBeLessThan(500)
      // its own address, with the run's name in it, is all it has to say
      const told = body
        .replaceAll(encodeURIComponent(page), '')
        .replaceAll(page, '')
        .replaceAll('secret-run', (name, at: number) => (/[/"]$/.test(body.slice(0, at)) ? '' : name))
      for (const secret of ['w1a4', 'lmb', 'W1A4', 'down.0.block.1.conv2', 'step-1000', 'sqnr":'])
        expect([page, headers, secret, told.includes(secret)]).toEqual([page, headers, secret, false])
      if (Object.keys(headers).length === 0)
        expect([page, answer.status, answer.headers.get('location')]).toEqual([
          page,
          307,
          `/sign-in?to=${encodeURIComponent(page)}`,
        ])
    }
}, 120_000)

it('with a token the pages open, and a share link opens without one', async () => {
  for (const cookie of [reader, writer]) {
    const answer = await ask('/r/secret-run', { headers: { cookie: `signscope-token=${cookie}` } })
    expect([answer.status, (await answer.text()).includes('down.0.block.1.conv2')]).toEqual([200, true])
  }
  const shared = await ask(`/s/${share}`)
  expect([shared.status, (await shared.text()).includes('down.0.block.1.conv2')]).toEqual([200, true])
  expect((await ask('/sign-in')).status).toBe(200)
})

it('data, exports and pictures are refused like pages, whatever the address looks like', async () => {
  const addresses = [
    'runs',
    'runs/secret-run',
    'runs/secret-run/checkpoints/latest',
    'pulse',
    'evaluations',
    'statistics?run=secret-run',
    'samples?run=secret-run',
    'samples/x',
    'uploads/x',
    'scalars?run=secret-run',
    `blobs/${'a'.repeat(64)}`,
    `blobs/${'a'.repeat(64)}?share=${share}`,
    'checkpoints/x/packed',
    'layers/secret-run/conv_in',
  ]
  for (const address of addresses) {
    const answer = await ask(`/api/v1/${address}`)
    const status = address.includes('share=') ? 404 : 401
    expect([address, answer.status]).toEqual([address, status])
    for (const headers of variants) {
      const variant = await ask(`/api/v1/${address}`, { headers })
      // Next itself answers some: a prefetch with an empty object, a router without its cache key with where to ask.
      if (variant.status === 200) expect([address, await variant.text()]).toEqual([address, '{}'])
      else
        expect([address, headers, [status, 307].includes(variant.status)]).toEqual([address, headers, true])
    }
  }
  for (const trick of [
    '/api/v1/runs/',
    '/api//v1/runs',
    '/api/v1/./runs',
    '/api/v1/%72uns',
    '/API/v1/runs',
    '/api/v1/runs?x=.rsc',
    '/_next/image?url=%2Fapi%2Fv1%2Fruns&w=64&q=1',
  ])
    expect([trick, (await (await ask(trick)).text()).includes('secret-run')]).toEqual([trick, false])
  expect((await ask('/api/v1/health')).status).toBe(200)
}, 60_000)

it('a method no route has is a 405, an odd address no failure', async () => {
  for (const method of ['PATCH', 'DELETE', 'PUT'])
    expect([method, (await ask('/api/v1/health', { method, token: writer })).status]).toEqual([method, 405])
  for (const bad of ['/r/%00', '/api/v1/runs/%00', `/r/${'x'.repeat(5000)}`])
    expect([bad, (await ask(bad, { token: writer })).status < 500]).toEqual([bad, true])
})

it('an address that is no UTF-8 is at fault itself, on pages and on the API', async () => {
  for (const where of ['/%ff', '/r/%ff', '/r/%c3%28/sample', '/api/v1/runs/%ff', '/api/v1/blobs/%']) {
    const answer = await ask(where)
    expect([where, answer.status]).toEqual([where, 400])
    expect((await answer.json()).error.code).toBe('bad_address')
  }
  expect((await ask('/?run=%ff')).status).toBeLessThan(500)
})

it('who tries one share link after the other has to wait, and nobody else', async () => {
  const statuses: number[] = []
  while (statuses.at(-1) !== 429 && statuses.length < 150)
    statuses.push((await ask(`/s/${String(statuses.length).padStart(32, 'x')}`)).status)
  expect(statuses.length).toBeGreaterThan(100)
  expect(new Set(statuses)).toEqual(new Set([404, 429]))
  const answer = await ask('/s/another')
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await answer.json()).error.code).toBe('too_many')
  expect((await ask('/api/v1/previews?share=another')).status).toBe(429)
  expect((await ask('/api/v1/runs', { token: reader })).status).toBe(200)
})

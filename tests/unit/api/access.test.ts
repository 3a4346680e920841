import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isRoute } from '../../../app/api/v1/_route'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { db } from '../../../lib/store/db'
import { createToken, listTokens, revokeToken, scopeOfToken } from '../../../lib/store/tokens'
import { sampleUpload } from '../store/sample-upload'
import { useTemporaryStore } from '../store/temporary-store'
import { type Call, send } from './send'

useTemporaryStore()

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
const folder = path.resolve('app/api/v1')

/** Every handler there is, found in the file system. */
const routes: { file: string; method: string; handler: Call }[] = []
/** What anyone may ask: whether the server is up, and to be signed in or out. */
const open = ['health/route.ts GET', 'session/route.ts POST', 'session/route.ts DELETE']

beforeAll(async () => {
  await storeCheckpoint(sampleUpload())
  const files = await readdir(folder, { recursive: true })
  for (const file of files.filter((name) => path.basename(name) === 'route.ts')) {
    const module = (await import(path.join(folder, file))) as Record<string, Call>
    for (const method of methods) if (module[method]) routes.push({ file, method, handler: module[method] })
  }
})

afterEach(() => {
  for (const name of ['SIGNSCOPE_TOKEN', 'SIGNSCOPE_READ_TOKEN', 'SIGNSCOPE_PRIVATE', 'SIGNSCOPE_HOST'])
    delete process.env[name]
})

it('every exported method of every route was made by `route`, and no route exports anything else', async () => {
  expect(routes.length).toBeGreaterThan(25)
  for (const { file, method, handler } of routes)
    expect([file, method, isRoute(handler)]).toEqual([file, method, true])
  for (const file of new Set(routes.map((route) => route.file))) {
    const exported = Object.keys((await import(path.join(folder, file))) as object)
    expect(exported.filter((name) => !methods.includes(name) && name !== 'dynamic')).toEqual([])
  }
})

it('every method of every route turns away foreign hosts, and every writing one foreign pages', async () => {
  const foreign: Record<string, string>[] = [
    { origin: 'http://evil.example' },
    { origin: 'https://localhost:3000.evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const { file, method, handler } of routes) {
    const rebound = await send(handler, { method, headers: { host: 'rebound.example' } })
    expect([file, method, rebound.status]).toEqual([file, method, 421])
    if (method === 'GET' || method === 'HEAD') continue
    for (const headers of foreign)
      expect([file, method, (await send(handler, { method, headers })).status]).toEqual([file, method, 403])
  }
})

describe('with read protection on', () => {
  let tokens: { read: string; write: string; revoked: string }
  beforeAll(async () => {
    tokens = {
      read: await createToken('reader', 'read'),
      write: await createToken('writer', 'write'),
      revoked: await createToken('left', 'write'),
    }
    await revokeToken('left')
  })

  it('no route lets anyone read or write without the right token, and none fails', async () => {
    process.env.SIGNSCOPE_PRIVATE = '1'
    const before = await everything()
    const bodies = new Set<string>()
    for (const { file, method, handler } of routes) {
      const ask = async (authorization: string | null) => {
        const headers = authorization === null ? undefined : { authorization }
        const answer = await send(handler, { method, headers, params: { run: 'w1a4-lmb', id: 'w1a4-lmb' } })
        expect(answer.status, `${file} ${method}`).toBeLessThan(500)
        return answer
      }
      const isOpen = open.includes(`${file} ${method}`)
      for (const bad of [
        null,
        'Bearer wrong',
        'Bearer ',
        'Basic eDp5',
        `Bearer ${tokens.revoked}`,
        `Bearer sgs_${'A'.repeat(32)}`,
      ]) {
        const answer = await ask(bad)
        if (isOpen) continue
        expect([file, method, bad, answer.status]).toEqual([file, method, bad, 401])
        expect(answer.headers.get('www-authenticate')).toBe('Bearer')
        bodies.add(await answer.text())
      }
      if (isOpen) continue
      const reader = await ask(`Bearer ${tokens.read}`)
      const reads = method === 'GET' || method === 'HEAD'
      expect([file, method, reads ? [401, 403].includes(reader.status) : reader.status]).toEqual([
        file,
        method,
        reads ? false : 403,
      ])
    }
    expect(bodies.size).toBe(1)
    expect(await everything()).toEqual(before)
  })

  it('tokens open by header and by cookie what their scope says; the header goes first', async () => {
    process.env.SIGNSCOPE_PRIVATE = '1'
    const runs = routes.find(({ file, method }) => file === 'runs/route.ts' && method === 'GET')!.handler
    const status = async (headers: Record<string, string>) => (await send(runs, { headers })).status
    expect(await status({ authorization: `Bearer ${tokens.read}` })).toBe(200)
    expect(await status({ authorization: `Bearer ${tokens.write}` })).toBe(200)
    expect(await status({ cookie: `theme=dark; signscope-token=${tokens.read}` })).toBe(200)
    expect(await status({ cookie: `signscope-token=${tokens.revoked}` })).toBe(401)
    expect(await status({ cookie: `signscope-token=${tokens.read}`, authorization: 'Bearer no' })).toBe(401)
  })

  it('the tokens of the environment work beside those of the store', async () => {
    Object.assign(process.env, { SIGNSCOPE_TOKEN: 'a-long-secret', SIGNSCOPE_READ_TOKEN: 'another-secret' })
    const [get, post] = ['GET', 'POST'].map(
      (wanted) => routes.find(({ file, method }) => file === 'runs/route.ts' && method === wanted)!.handler,
    )
    const status = async (handler: Call, token: string) =>
      (
        await send(handler, {
          method: handler === get ? 'GET' : 'POST',
          headers: { authorization: `Bearer ${token}` },
        })
      ).status
    expect(await status(get!, 'a-long-secret')).toBe(200)
    expect(await status(get!, 'another-secret')).toBe(200)
    expect(await status(get!, 'a-long-secres')).toBe(401)
    expect(await status(post!, 'a-long-secret')).toBe(415)
    expect(await status(post!, 'another-secret')).toBe(403)
  })

  it('signing in gives a cookie that scripts cannot read and other sites do not send', async () => {
    process.env.SIGNSCOPE_PRIVATE = '1'
    const session = routes.find(
      ({ file, method }) => file === 'session/route.ts' && method === 'POST',
    )!.handler
    expect((await send(session, { json: { token: tokens.revoked } })).status).toBe(401)
    const answer = await send(session, { json: { token: tokens.read } })
    expect(await answer.json()).toEqual({ allowed: 'read' })
    const cookie = answer.headers.get('set-cookie')!
    expect(cookie).toContain(`signscope-token=${tokens.read};`)
    expect(cookie).toMatch(/HttpOnly; SameSite=Lax/)
  })
})

it('reads are free unless the server is private; writes need a token once one was made, also a revoked one', async () => {
  const post = routes.find(({ file, method }) => file === 'runs/route.ts' && method === 'POST')!.handler
  const get = routes.find(({ file, method }) => file === 'runs/route.ts' && method === 'GET')!.handler
  expect((await send(get, {})).status).toBe(200)
  expect((await send(post, { json: { name: 'x' } })).status).toBe(401)
  await db().token.deleteMany({})
  expect((await send(post, { json: {} })).status).toBe(422)
  process.env.SIGNSCOPE_HOST = '0.0.0.0'
  expect((await send(post, { json: {} })).status).toBe(401)
})

it('a token is 192 random bits behind a prefix, is stored as a hash only, and its name is not given twice', async () => {
  const made = await Promise.all(Array.from({ length: 50 }, (_, i) => createToken(`job ${i}`, 'write')))
  expect(new Set(made).size).toBe(50)
  for (const token of made) expect(token).toMatch(/^sgs_[A-Za-z0-9_-]{32}$/)
  expect(JSON.stringify(await db().token.findMany())).not.toContain(made[0]!.slice(4))
  expect(await scopeOfToken(made[0]!)).toBe('write')
  await revokeToken('job 0')
  expect(await scopeOfToken(made[0]!)).toBeNull()
  await expect(createToken('job 0', 'write')).rejects.toThrow('there is a token of this name')
  await expect(revokeToken('job 0')).rejects.toThrow('no valid token')
  expect((await listTokens())[0]).toMatchObject({ name: 'job 0', revokedAt: expect.any(String) })
})

/** Everything the API can change. */
async function everything() {
  return JSON.stringify(
    [
      await db().run.findMany(),
      await db().checkpoint.count(),
      await db().scalar.count(),
      await db().layerLog.count(),
      await db().picture.count(),
      await db().upload.count(),
      await db().share.count(),
      await db().evaluation.count(),
      await db().blob.count(),
    ],
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  )
}

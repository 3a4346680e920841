import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, truncate } from 'node:fs/promises'
import path from 'node:path'
import { encode } from 'fast-png'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as checkpoints from '../../../app/api/v1/checkpoints/route'
import * as step from '../../../app/api/v1/runs/[id]/checkpoints/[step]/route'
import * as run from '../../../app/api/v1/runs/[id]/route'
import * as runs from '../../../app/api/v1/runs/route'
import * as picture from '../../../app/api/v1/samples/[id]/route'
import * as pictures from '../../../app/api/v1/samples/route'
import * as scalars from '../../../app/api/v1/scalars/route'
import * as shares from '../../../app/api/v1/shares/route'
import * as statistics from '../../../app/api/v1/statistics/route'
import * as upload from '../../../app/api/v1/uploads/[id]/route'
import * as uploads from '../../../app/api/v1/uploads/route'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { db } from '../../../lib/store/db'
import { dataFolder } from '../../../lib/store/folder'
import { claimUpload, settleUpload, sweepUploads, uploadFile } from '../../../lib/store/uploads'
import { sampleUpload } from '../store/sample-upload'
import { useTemporaryStore } from '../store/temporary-store'
import { jsonText, type Options, send, tinySafetensors } from './send'

useTemporaryStore()

const weights = tinySafetensors()
const sha256 = createHash('sha256').update(weights).digest('hex')
const png = encode({ width: 2, height: 1, data: new Uint8Array([0, 255]), channels: 1, depth: 8 })

/** The process that diagnoses uploads must not take what these tests look at. */
beforeAll(() => {
  const never = { killed: false } as never
  Object.assign(globalThis, { signscopeDiagnosis: never })
})
afterAll(() => {
  Object.assign(globalThis, { signscopeDiagnosis: undefined })
})

const begin = (json: object) => send(runs.POST, { json })
const announce = (more: object = {}) =>
  send(uploads.POST, {
    json: { run: 'job', step: 10, fileName: 'a.safetensors', bytes: weights.length, ...more },
  })
const put = (id: string, body: Uint8Array, headers: Record<string, string> = {}) =>
  send(upload.PUT, { method: 'PUT', params: { id }, body, headers })
const at = async (id: string) =>
  (await send(upload.HEAD, { method: 'HEAD', params: { id } })).headers.get('upload-offset')

it('a run is begun once, gone on with by name, and keeps what a later start does not say', async () => {
  const first = await begin({ name: 'job', role: 'student', teacher: 'big', settings: { lr: 0.1 } })
  expect(first.status).toBe(201)
  const { run: made } = await first.json()
  const second = await begin({ name: 'job' })
  expect([second.status, await second.json()]).toMatchObject([
    200,
    { created: false, run: { id: made.id, settings: { lr: 0.1 } } },
  ])
  expect((await begin({ name: 'job', role: 'teacher' })).status).toBe(422)
  const stored = await db().run.findUnique({ where: { name: 'job' } })
  expect(stored).toMatchObject({ teacherName: 'big', outcome: null, loggedAt: expect.any(Date) })
})

it('a run ends, says how, and is found by name and by id', async () => {
  const patched = await send(run.PATCH, {
    method: 'PATCH',
    params: { id: 'job' },
    json: { outcome: 'failed', settings: { lr: 1 } },
  })
  const body = await patched.json()
  expect(body).toMatchObject({ outcome: 'failed', run: { settings: { lr: 1 } } })
  expect((await db().run.findUnique({ where: { name: 'job' } }))!.loggedAt).toBeNull()
  const byId = await (await send(run.GET, { params: { id: body.run.id } })).json()
  expect(byId.run.name).toBe('job')
  expect((await begin({ name: 'job' })).status).toBe(200)
  expect((await (await send(run.GET, { params: { id: 'job' } })).json()).outcome).toBeNull()
})

it('a checkpoint of a run is had by step and as the latest', async () => {
  await storeCheckpoint(sampleUpload({ name: 'stored', step: 5 }))
  await storeCheckpoint(sampleUpload({ name: 'stored', step: 9 }))
  const get = (which: string) => send(step.GET, { params: { id: 'stored', step: which } })
  expect(await (await get('latest')).json()).toMatchObject({ step: 9, weights: null })
  expect((await (await get('5')).json()).step).toBe(5)
  for (const wrong of ['6', '-1', 'newest', '__proto__']) expect((await get(wrong)).status).toBe(404)
})

it('scalars of a batch that is sent twice are stored once', async () => {
  const json = { run: 'job', batch: 'batch-0001', scalars: [{ name: 'loss', step: 1, value: 0.5 }] }
  for (let i = 0; i < 2; i++) expect((await send(scalars.POST, { json })).status).toBe(201)
  await send(scalars.POST, { json: { ...json, batch: 'batch-0002' } })
  expect(await db().scalar.count({ where: { run: { name: 'job' } } })).toBe(2)
})

it('statistics of a layer come back by step and by layer; the last of a step stands', async () => {
  const log = (layer: string, at: number, mean: number) => ({
    layer,
    step: at,
    facts: { class: 'BNNConv2d', order: 2, binary: true },
    values: { mean },
    histograms: { weight: { lo: -1, hi: 1, counts: [1, 3] } },
  })
  const post = (layers: object[]) => send(statistics.POST, { json: { run: 'job', layers } })
  await post([log('b', 1, 1), log('a', 1, 2), log('a', 2, 3)])
  await post([log('a', 2, 4)])
  const get = async (query: string) => (await send(statistics.GET, { query: `?run=job${query}` })).json()
  expect(await get('')).toEqual({ steps: [1, 2] })
  expect(await get('&step=1')).toEqual({ layers: [log('b', 1, 1), log('a', 1, 2)] })
  expect(await get('&layer=a')).toEqual({ layers: [log('a', 1, 2), log('a', 2, 4)] })
})

it('a picture is stored by step, name and seed, and comes back as the PNG it was', async () => {
  const query = '?run=job&step=3&seed=7'
  const first = await (await send(pictures.PUT, { method: 'PUT', query, body: png })).json()
  const { id } = await (await send(pictures.PUT, { method: 'PUT', query, body: png })).json()
  expect((await send(picture.GET, { params: { id: first.id } })).status).toBe(404)
  const { samples } = await (await send(pictures.GET, { query: '?run=job' })).json()
  expect(samples).toEqual([{ id, step: 3, name: 'samples', seed: 7, width: 2, height: 1 }])
  const answer = await send(picture.GET, { params: { id } })
  expect(answer.headers.get('content-type')).toBe('image/png')
  expect(new Uint8Array(await answer.arrayBuffer())).toEqual(new Uint8Array(png))
})

it('a file arrives in pieces, the server says where to go on, and the last piece queues its diagnosis', async () => {
  const announced = await announce({ sha256 })
  expect(announced.status).toBe(201)
  const { id } = await announced.json()
  const part = await put(id, weights.slice(0, 30))
  expect([part.status, (await part.json()).offset]).toEqual([200, 30])
  const wrong = await put(id, weights.slice(40), { 'upload-offset': '40' })
  expect([wrong.status, wrong.headers.get('upload-offset')]).toEqual([409, '30'])
  expect(await at(id)).toBe('30')
  const last = await put(id, weights.slice(30), {
    'content-range': `bytes 30-${weights.length - 1}/${weights.length}`,
  })
  expect([last.status, await last.json()]).toMatchObject([202, { state: 'queued', sha256 }])
  expect((await put(id, weights, { 'upload-offset': '0' })).status).toBe(409)
  const { uploads: open } = await (await send(run.GET, { params: { id: 'job' } })).json()
  expect(open).toMatchObject([{ id, state: 'queued', step: 10 }])
})

it('what a diagnosis finds is told: the checkpoint, or the reason for which there is none', async () => {
  const claimed = await claimUpload()
  expect(claimed).toMatchObject({ run: 'job', step: 10, bytes: weights.length, sha256 })
  expect(await claimUpload()).toBeNull()
  await settleUpload(claimed!, { problem: 'a.safetensors: it is no U-Net.' })
  const status = await (await send(upload.GET, { params: { id: claimed!.id } })).json()
  expect(status).toMatchObject({ state: 'refused', problem: 'a.safetensors: it is no U-Net.' })
  expect(existsSync(uploadFile(claimed!.id))).toBe(false)
})

it('a diagnosis that went silent is begun again, three times at most', async () => {
  const { id } = await (await announce()).json()
  await put(id, weights)
  const later = (minutes: number) => new Date(Date.now() + minutes * 60_000 + minutes * 1000)
  for (const n of [0, 2, 4]) expect((await claimUpload(later(n)))?.id).toBe(id)
  expect(await claimUpload(later(6))).toBeNull()
  expect(await (await send(upload.GET, { params: { id } })).json()).toMatchObject({ state: 'refused' })
})

it('a small file is sent in one request', async () => {
  const answer = await send(checkpoints.PUT, {
    method: 'PUT',
    query: '?run=job&step=20&file=b.safetensors',
    body: weights,
  })
  expect([answer.status, await answer.json()]).toMatchObject([
    202,
    { state: 'queued', fileName: 'b.safetensors', sha256 },
  ])
})

it('a file that is stored at this step is not sent again, whether its hash was announced or not', async () => {
  const known = { ...sampleUpload({ name: 'job', step: 30 }), sha256 }
  await storeCheckpoint({ ...known, run: { ...known.run, teacher: null } })
  const announced = await announce({ step: 30, sha256 })
  expect([announced.status, await announced.json()]).toMatchObject([
    200,
    { state: 'stored', checkpoint: expect.any(String) },
  ])
  const { id } = await (await announce({ step: 30 })).json()
  const sent = await put(id, weights)
  expect([sent.status, await sent.json()]).toMatchObject([200, { state: 'stored', duplicate: true }])
})

it('an upload nobody goes on with for a day is swept, and its bytes with it', async () => {
  const { id } = await (await announce()).json()
  await put(id, weights.slice(0, 9))
  expect(await sweepUploads(Date.now() + 23 * 3600_000)).toBe(0)
  expect(await at(id)).toBe('9')
  expect(await sweepUploads(Date.now() + 25 * 3600_000)).toBe(1)
  expect((await send(upload.GET, { params: { id } })).status).toBe(404)
  expect(existsSync(uploadFile(id))).toBe(false)
})

it('a piece that was half written counts as far as it is on disk', async () => {
  const { id } = await (await announce()).json()
  await put(id, weights.slice(0, 40))
  await truncate(uploadFile(id), 25)
  expect(await at(id)).toBe('25')
  expect((await put(id, weights.slice(25), { 'upload-offset': '25' })).status).toBe(202)
})

it('an upload can be dropped', async () => {
  const { id } = await (await announce()).json()
  const drop = () => send(upload.DELETE, { method: 'DELETE', params: { id } })
  expect([(await drop()).status, (await drop()).status]).toEqual([200, 404])
})

const text = (words: string) => new TextEncoder().encode(words)
const lfs = text('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n')
const cut = weights.slice(0, -1)

it.each([
  ['a Git LFS pointer', lfs, 415, 'not_a_checkpoint'],
  ['a web page', text('<!doctype html><html>log in</html>'), 415, 'not_a_checkpoint'],
  ['a gzip archive', new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), 415, 'not_a_checkpoint'],
  ['a picture', new Uint8Array(png), 415, 'not_a_checkpoint'],
  ['a cut safetensors file', cut, 422, 'truncated'],
  ['a header of 2^63 bytes', new Uint8Array([0, 0, 0, 0, 0, 0, 0, 128, 123, 125]), 413, 'too_large'],
  ['nothing', new Uint8Array(0), 422, 'empty'],
])(
  '%s is refused with its reason in both ways, and neither row nor file is left',
  async (_what, body, status, code) => {
    const before = [await rows(), await files()]
    const one = await send(checkpoints.PUT, { method: 'PUT', query: '?run=job&step=1', body })
    expect([one.status, (await one.json()).error.code]).toEqual([status, code])
    if (body.length > 0) {
      const { id } = await (await announce({ bytes: body.length })).json()
      const two = await put(id, body)
      expect([two.status, (await two.json()).error.code]).toEqual([status, code])
    }
    expect([await rows(), await files()]).toEqual(before)
  },
)

it('another hash than announced is told by the beginnings of both, and nothing is left', async () => {
  const before = [await rows(), await files()]
  const { id } = await (await announce({ sha256: 'ab'.repeat(32) })).json()
  const answer = await put(id, weights)
  const { error } = await answer.json()
  expect(answer.status).toBe(422)
  expect(error.message).toContain(sha256.slice(0, 8))
  expect(error.message).toContain('abababab')
  expect(error.message).not.toContain(sha256)
  expect([await rows(), await files()]).toEqual(before)
})

it('more bytes than announced are not kept', async () => {
  const { id } = await (await announce({ bytes: 40 })).json()
  expect((await put(id, weights)).status).toBe(422)
  expect((await put(id, weights, { 'content-length': String(weights.length) })).status).toBe(413)
  expect(Number(await at(id))).toBeLessThanOrEqual(40)
})

it('a file over the limit is refused before it is sent', async () => {
  process.env.SIGNSCOPE_MAX_UPLOAD_MB = '0.00001'
  try {
    expect((await announce()).status).toBe(413)
    const headers = { 'content-length': String(weights.length) }
    const one = await send(checkpoints.PUT, {
      method: 'PUT',
      query: '?run=job&step=1',
      body: weights,
      headers,
    })
    expect([one.status, (await one.json()).error.hint]).toEqual([
      413,
      expect.stringContaining('SIGNSCOPE_MAX_UPLOAD_MB'),
    ])
  } finally {
    delete process.env.SIGNSCOPE_MAX_UPLOAD_MB
  }
})

const start = (name: unknown): Options => ({ json: { name } })
const logged = (more: object): Options => ({
  json: { run: 'job', scalars: [{ name: 'loss', step: 1, value: 1, ...more }] },
})
const measured = (more: object): Options => ({
  json: { run: 'job', layers: [{ layer: 'a', step: 1, facts: {}, values: {}, histograms: {}, ...more }] },
})
const announced = (more: object): Options => ({
  json: { run: 'job', step: 1, fileName: 'a', bytes: 10, ...more },
})

it.each<[string, (request: Request, context: never) => Promise<Response>, Options, number]>([
  ['an empty name', runs.POST, start(''), 422],
  ['a name with NUL', runs.POST, start('a\0b'), 422],
  ['half a surrogate pair', runs.POST, jsonText('{"name":"\\ud800"}'), 422],
  ['a name of 121 characters', runs.POST, start('x'.repeat(121)), 422],
  ['an operator for a name', runs.POST, start({ contains: '' }), 422],
  ['a list for a name', runs.POST, start(['a']), 422],
  ['null for a name', runs.POST, start(null), 422],
  ['no name', runs.POST, { json: {} }, 422],
  ['an unknown field', runs.POST, { json: { name: 'a', path: '/etc/passwd' } }, 422],
  ['a role that is none', runs.POST, { json: { name: 'a', role: 'admin' } }, 422],
  ['a teacher with a teacher', runs.POST, { json: { name: 'a', role: 'teacher', teacher: 'b' } }, 422],
  ['__proto__ as a field', runs.POST, jsonText('{"name":"a","__proto__":{"role":"teacher"}}'), 422],
  ['__proto__ deep in settings', runs.POST, jsonText('{"name":"a","settings":{"x":[{"__proto__":1}]}}'), 422],
  ['__proto__ in escapes', runs.POST, jsonText('{"name":"a","settings":{"\\u005f_proto__":1}}'), 422],
  ['a list for a body', runs.POST, { json: [] }, 422],
  ['text for a body', runs.POST, jsonText('"a"'), 422],
  ['no body', runs.POST, jsonText(''), 400],
  ['NaN', runs.POST, jsonText('{"name":NaN}'), 400],
  ['cut JSON', runs.POST, jsonText('{"name":"a'), 400],
  ['bytes that are no text', runs.POST, jsonText(new Uint8Array([0x7b, 0xff])), 400],
  ['nesting 200,000 deep', runs.POST, jsonText('['.repeat(200_000)), 400],
  [
    'nesting in objects',
    runs.POST,
    jsonText(`{"name":"a","settings":${'{"a":'.repeat(100)}1${'}'.repeat(101)}`),
    400,
  ],
  [
    'a form',
    runs.POST,
    { body: 'name=a', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
  ],
  ['plain text', runs.POST, { body: '{"name":"a"}', headers: { 'content-type': 'text/plain' } }, 415],
  ['a run that is not there', scalars.POST, { json: { run: 'nobody', scalars: [] } }, 422],
  ['no run', scalars.POST, { json: { scalars: [] } }, 422],
  [
    'an infinite value',
    scalars.POST,
    jsonText('{"run":"job","scalars":[{"name":"a","step":1,"value":1e999}]}'),
    422,
  ],
  ['text for a value', scalars.POST, logged({ value: '1' }), 422],
  ['a negative step', scalars.POST, logged({ step: -1 }), 422],
  ['half a step', scalars.POST, logged({ step: 0.5 }), 422],
  ['a step past 2^31', scalars.POST, logged({ step: 2 ** 31 }), 422],
  ['a batch that is a path', scalars.POST, { json: { run: 'job', batch: '../../../x', scalars: [] } }, 422],
  [
    'a histogram without counts',
    statistics.POST,
    measured({ histograms: { w: { lo: 0, hi: 1, counts: [] } } }),
    422,
  ],
  [
    'a histogram with too many counts',
    statistics.POST,
    measured({ histograms: { w: { lo: 0, hi: 1, counts: Array(1025).fill(0) } } }),
    422,
  ],
  [
    'a histogram that runs backwards',
    statistics.POST,
    measured({ histograms: { w: { lo: 1, hi: 0, counts: [1] } } }),
    422,
  ],
  ['an object for a fact', statistics.POST, measured({ facts: { a: {} } }), 422],
  ['a layer name with NUL', statistics.POST, measured({ layer: 'a\0' }), 422],
  ['statistics of nobody', statistics.POST, { json: { run: 'nobody', layers: [] } }, 422],
  ['an upload of no bytes', uploads.POST, announced({ bytes: 0 }), 422],
  ['an upload of 2^60 bytes', uploads.POST, announced({ bytes: 2 ** 60 }), 422],
  ['an upload from an address', uploads.POST, announced({ url: 'http://169.254.169.254/' }), 422],
  ['an upload with a hash that is a path', uploads.POST, announced({ sha256: '../../etc/passwd' }), 422],
  ['an upload with a NUL in its name', uploads.POST, announced({ fileName: 'a\0b' }), 422],
  [
    'an upload id that is a path',
    upload.PUT,
    { method: 'PUT', params: { id: '../signscope.db' }, body: 'x' },
    404,
  ],
  ['an upload id that is a prototype', upload.GET, { params: { id: '__proto__' } }, 404],
  [
    'a picture that is a web page',
    pictures.PUT,
    { method: 'PUT', query: '?run=job&step=1', body: '<script>' },
    422,
  ],
  [
    'a picture that was cut',
    pictures.PUT,
    { method: 'PUT', query: '?run=job&step=1', body: png.slice(0, -3) },
    422,
  ],
  [
    'a picture with more behind it',
    pictures.PUT,
    { method: 'PUT', query: '?run=job&step=1', body: new Uint8Array([...png, 0]) },
    422,
  ],
  ['a picture of no step', pictures.PUT, { method: 'PUT', query: '?run=job', body: png }, 422],
  [
    'a picture with a step in hexadecimal',
    pictures.PUT,
    { method: 'PUT', query: '?run=job&step=0x1', body: png },
    422,
  ],
  ['a checkpoint of no run', checkpoints.PUT, { method: 'PUT', query: '?step=1', body: weights }, 422],
  ['a change of an unknown run', run.PATCH, { method: 'PATCH', params: { id: 'nobody' }, json: {} }, 404],
  ['a change of the id', run.PATCH, { method: 'PATCH', params: { id: 'job' }, json: { id: 'x' } }, 422],
  [
    'an outcome that is none',
    run.PATCH,
    { method: 'PATCH', params: { id: 'job' }, json: { outcome: 'won' } },
    422,
  ],
  [
    'a share of an unknown checkpoint',
    shares.POST,
    { json: { page: 'run', run: 'job', layer: null, query: '', checkpoints: ['x'] } },
    422,
  ],
])('%s is refused with a reason, and nothing changes', async (_what, handler, request, status) => {
  const before = await rows()
  const answer = await send(handler as never, request)
  expect(answer.status).toBe(status)
  const { error } = (await answer.json()) as { error: { code: string; message: string } }
  expect(error.code).toMatch(/^[a-z_]+$/)
  expect(error.message.length).toBeGreaterThan(10)
  expect(error.message.length).toBeLessThanOrEqual(300)
  expect(error.message).not.toContain(dataFolder())
  expect(await rows()).toEqual(before)
  expect(({} as Record<string, unknown>).role).toBeUndefined()
})

it.each([
  '../../etc/passwd',
  'C:\\a\\..\\b',
  '<script>alert(1)</script>',
  '%2e%2e%2f',
  '{{7*7}}',
  'Ünïcödé 🎛',
  '-rf',
  '.',
])('the name %s is text like any other', async (name) => {
  expect((await begin({ name })).status).toBe(201)
  expect((await (await send(run.GET, { params: { id: name } })).json()).run.name).toBe(name)
})

async function rows() {
  const { run, checkpoint, scalar, layerLog, picture, upload, blob, share, batch } = db()
  return Promise.all(
    [run, checkpoint, scalar, layerLog, picture, upload, blob, share, batch].map((table) =>
      (table as { count(): Promise<number> }).count(),
    ),
  )
}

async function files(): Promise<string[]> {
  return (await readdir(path.join(dataFolder(), 'uploads')).catch(() => [])).sort()
}

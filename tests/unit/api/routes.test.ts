import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import * as blobs from '../../../app/api/v1/blobs/[sha256]/route'
import * as checkpoints from '../../../app/api/v1/checkpoints/route'
import * as evaluations from '../../../app/api/v1/evaluations/route'
import * as layers from '../../../app/api/v1/layers/[run]/[layer]/route'
import * as pulse from '../../../app/api/v1/pulse/route'
import * as runs from '../../../app/api/v1/runs/route'
import * as scalars from '../../../app/api/v1/scalars/route'
import * as oneShare from '../../../app/api/v1/shares/[id]/route'
import * as shares from '../../../app/api/v1/shares/route'
import { db } from '../../../lib/store/db'
import { dataFolder } from '../../../lib/store/folder'
import { openShare } from '../../../lib/store/shares'
import { sampleEvaluation } from '../store/sample-evaluation'
import { sampleUpload } from '../store/sample-upload'
import { useTemporaryStore } from '../store/temporary-store'
import { jsonText, send, tinySafetensors } from './send'

useTemporaryStore()

const weights = tinySafetensors()
const sha256 = createHash('sha256').update(weights).digest('hex')

it('a checkpoint is created once, and the second answer says so', async () => {
  const first = await send(checkpoints.POST, { json: sampleUpload() })
  expect(first.status).toBe(201)
  const { id, duplicate } = await first.json()
  expect(duplicate).toBe(false)
  const second = await send(checkpoints.POST, { json: sampleUpload() })
  expect(second.status).toBe(200)
  expect(await second.json()).toEqual({ id, duplicate: true })
})

it('weights that were put come back whole and by range, as a file nobody should open in the page', async () => {
  const put = await send(blobs.PUT, { method: 'PUT', body: weights, params: { sha256 } })
  expect(put.status).toBe(201)
  expect(await put.json()).toEqual({ sha256, bytes: weights.length })
  const whole = await send(blobs.GET, { params: { sha256 } })
  expect(whole.headers.get('content-disposition')).toMatch(/^attachment/)
  expect(new Uint8Array(await whole.arrayBuffer())).toEqual(weights)
  for (const [range, start, end] of [
    ['bytes=8-15', 8, 16],
    [`bytes=${weights.length - 4}-`, weights.length - 4, weights.length],
    ['bytes=-4', weights.length - 4, weights.length],
    ['bytes=8-99999', 8, weights.length],
  ] as const) {
    const part = await send(blobs.GET, { params: { sha256 }, headers: { range } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${weights.length}`)
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(weights.slice(start, end))
  }
  const beyond = await send(blobs.GET, { params: { sha256 }, headers: { range: 'bytes=99999-' } })
  expect(beyond.status).toBe(416)
})

it('a layer is read over the checkpoints of its run', async () => {
  const params = { run: 'w1a4-lmb', layer: 'down.0.block.1.conv2' }
  const { history } = await (await send(layers.GET, { params })).json()
  expect(history).toEqual([{ step: 1000, record: sampleUpload().diagnosis.layers[0] }])
})

it('scalars are replaced by PUT, appended by POST and read by name', async () => {
  const log = (value: number) => ({ run: 'w1a4-lmb', scalars: [{ name: 'loss', step: 1, value }] })
  await send(scalars.PUT, { method: 'PUT', json: log(2) })
  await send(scalars.POST, { json: log(1) })
  const names = await send(scalars.GET, { query: '?run=w1a4-lmb' })
  expect(await names.json()).toEqual({ names: ['loss'] })
  const values = await send(scalars.GET, { query: '?run=w1a4-lmb&name=loss' })
  expect(await values.json()).toEqual({
    values: [
      { step: 1, value: 2 },
      { step: 1, value: 1 },
    ],
  })
})

it('a run that logs is live in the pulse, and its stamp moves with every line', async () => {
  const beat = async () => (await send(pulse.GET, { query: '?run=w1a4-lmb' })).json()
  const first = await beat()
  expect(first).toMatchObject({ demo: null, trainings: [{ run: 'w1a4-lmb', step: 1, steps: null }] })
  expect((await beat()).stamp).toBe(first.stamp)
  await new Promise((resolve) => setTimeout(resolve, 2))
  await send(scalars.POST, { json: { run: 'w1a4-lmb', scalars: [{ name: 'loss', step: 2, value: 1 }] } })
  const second = await beat()
  expect(second.trainings).toMatchObject([{ step: 2 }])
  expect(second.stamp).not.toBe(first.stamp)
  expect((await (await send(pulse.GET, { query: '?run=nobody' })).json()).trainings).toEqual([])
})

it('evaluations that were put come back, and one that is none is refused with its field', async () => {
  const put = (json: unknown) => send(evaluations.PUT, { method: 'PUT', json })
  expect(await (await put([sampleEvaluation()])).json()).toEqual({ stored: 1, added: 1 })
  expect(await (await put([sampleEvaluation()])).json()).toEqual({ stored: 1, added: 0 })
  const answer = await put([{ ...sampleEvaluation(), coverage: 2 }])
  expect([answer.status, (await answer.json()).error.field]).toEqual([422, '0.coverage'])
  expect((await (await send(evaluations.GET, {})).json()).evaluations).toEqual([sampleEvaluation()])
})

it('a share answers with the token that opens it', async () => {
  const view = { page: 'run', run: 'w1a4-lmb', layer: null, query: 't=500', checkpoints: [] }
  const { token } = await (await send(shares.POST, { json: view })).json()
  expect(await openShare(token)).toMatchObject({ ...view, expiresAt: null, anonymous: false })
})

it('a share ends when its maker said, is listed without its token, and is revoked at once', async () => {
  const view = { page: 'results', run: null, layer: null, query: '', checkpoints: [] }
  const post = (terms: object) => send(shares.POST, { json: { ...view, ...terms } })
  const { token, id, expiresAt } = await (await post({ days: 1, anonymous: true })).json()
  expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(86_000_000)
  const listed = await (await send(shares.GET, {})).text()
  expect(listed).toContain(id)
  expect(listed).not.toContain(token)
  for (const terms of [{ days: 2 }, { days: '1' }, { anonymous: 1 }])
    expect((await post(terms)).status).toBe(422)
  expect(await openShare(token)).toMatchObject({ page: 'results', anonymous: true })
  const revoke = () => send(oneShare.DELETE, { method: 'DELETE', params: { id } })
  expect((await revoke()).status).toBe(200)
  expect(await openShare(token)).toBeNull()
  expect((await revoke()).status).toBe(422)
})

it('the run list has each run with its checkpoints', async () => {
  const { runs: list } = await (await send(runs.GET, {})).json()
  expect(list).toHaveLength(1)
  expect(list[0]).toMatchObject({ name: 'w1a4-lmb', checkpoints: [{ step: 1000 }] })
})

it.each([
  ['another content type', { body: '{}', headers: { 'content-type': 'text/plain' } }, 415, 'not_json'],
  ['text that is no JSON', jsonText('{"run": NaN}'), 400, 'bad_json'],
  ['bytes that are no text', jsonText(new Uint8Array([0x22, 0xff, 0x22])), 400, 'bad_json'],
  ['absurd nesting', jsonText('['.repeat(100_000)), 400, 'bad_json'],
  ['a missing field', { json: { ...sampleUpload(), diagnosis: undefined } }, 422, 'invalid'],
  ['an operator for a number', { json: { ...sampleUpload(), step: { gt: 0 } } }, 422, 'invalid'],
  ['a hash that is none', { json: { ...sampleUpload(), sha256: '../../etc/passwd' } }, 422, 'invalid'],
  ['a contradiction', { json: { ...sampleUpload(), step: 2 ** 31 } }, 422, 'invalid'],
])('an upload with %s is refused with a reason and leaves no row', async (_what, request, status, code) => {
  const before = await rows()
  const answer = await send(checkpoints.POST, request)
  expect(answer.status).toBe(status)
  const { error } = await answer.json()
  expect(error.code).toBe(code)
  expect(error.message.length).toBeGreaterThan(10)
  expect(error.message).not.toContain(dataFolder())
  expect(await rows()).toEqual(before)
})

it('a body over the limit is refused, announced or not', async () => {
  process.env.SIGNSCOPE_MAX_JSON_MB = '0.001'
  try {
    const announced = await send(checkpoints.POST, {
      json: sampleUpload(),
      headers: { 'content-length': '9999' },
    })
    expect(announced.status).toBe(413)
    expect((await send(checkpoints.POST, { json: sampleUpload() })).status).toBe(413)
  } finally {
    delete process.env.SIGNSCOPE_MAX_JSON_MB
  }
})

it.each([
  ['under another hash', weights, '0'.repeat(64), 422],
  ['under a path', weights, '../../signscope.db', 422],
  ['when they are no tensor file', new TextEncoder().encode('<html>not found</html>'), undefined, 415],
  ['when they are cut short', weights.slice(0, -1), undefined, 422],
  ['when there are none', new Uint8Array(0), undefined, 422],
])('weights are refused %s and leave neither row nor file', async (_what, body, key, status) => {
  const before = [await rows(), await files()]
  const params = { sha256: key ?? createHash('sha256').update(body).digest('hex') }
  const answer = await send(blobs.PUT, { method: 'PUT', body, params })
  expect(answer.status).toBe(status)
  expect([await rows(), await files()]).toEqual(before)
})

it('weights over the limit are refused', async () => {
  process.env.SIGNSCOPE_MAX_UPLOAD_MB = '0.00001'
  try {
    const answer = await send(blobs.PUT, { method: 'PUT', body: weights, params: { sha256 } })
    expect(answer.status).toBe(413)
    expect((await answer.json()).error.hint).toContain('SIGNSCOPE_MAX_UPLOAD_MB')
  } finally {
    delete process.env.SIGNSCOPE_MAX_UPLOAD_MB
  }
})

it('what is not there is a 404', async () => {
  const answers = [
    await send(blobs.GET, { params: { sha256: 'f'.repeat(64) } }),
    await send(layers.GET, { params: { run: 'nobody', layer: 'x' } }),
    await send(layers.GET, { params: { run: 'w1a4-lmb', layer: '__proto__' } }),
    await send(scalars.GET, { query: '' }),
  ]
  expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404, 404])
})

async function rows() {
  return [
    await db().run.count(),
    await db().checkpoint.count(),
    await db().layer.count(),
    await db().blob.count(),
  ]
}

async function files(): Promise<string[]> {
  const entries = await readdir(path.join(dataFolder(), 'blobs'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

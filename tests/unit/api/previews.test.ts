import sharp from 'sharp'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { loadPreview } from '../../../app/_views/load-preview'
import { previewPicture } from '../../../app/_views/preview-picture'
import { namesOf } from '../../../app/_views/shared-names'
import * as previews from '../../../app/api/v1/previews/route'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { createShare, openShare, revokeShare } from '../../../lib/store/shares'
import { createToken } from '../../../lib/store/tokens'
import { sampleUpload } from '../store/sample-upload'
import { useTemporaryStore } from '../store/temporary-store'
import { send } from './send'

useTemporaryStore()

let id = ''
beforeAll(async () => {
  id = (await storeCheckpoint(sampleUpload())).id
})
afterEach(() => {
  delete process.env.SIGNSCOPE_PRIVATE
})

const shareOf = (anonymous: boolean) =>
  createShare(
    { page: 'run', run: 'w1a4-lmb', layer: null, query: '', checkpoints: [id] },
    { days: null, anonymous },
  )

it('the picture of a run is a PNG of the size chat tools ask for, and not of one colour', async () => {
  const answer = await send(previews.GET, { query: '?run=w1a4-lmb' })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png'])
  const image = sharp(Buffer.from(await answer.arrayBuffer()))
  expect(await image.metadata()).toMatchObject({ format: 'png', width: 1200, height: 630 })
  expect((await image.stats()).entropy).toBeGreaterThan(0.3)
})

it.each(['?run=nobody', `?share=${'A'.repeat(32)}`, '?share=x'])('%s has no picture', async (query) => {
  expect((await send(previews.GET, { query })).status).toBe(404)
})

it('a link has a picture until it is revoked, also where reading needs a token; a run has none there', async () => {
  const { token, id: share } = await shareOf(false)
  await createToken('somebody', 'read')
  process.env.SIGNSCOPE_PRIVATE = '1'
  const query = `?share=${token}`
  expect((await send(previews.GET, { query })).status).toBe(200)
  expect((await send(previews.GET, { query: '?run=w1a4-lmb' })).status).toBe(401)
  await revokeShare(share)
  expect((await send(previews.GET, { query })).status).toBe(404)
})

it('what is drawn says what run it is, and of an anonymous link does not', async () => {
  const drawn = async (anonymous: boolean) => {
    const share = (await openShare((await shareOf(anonymous)).token))!
    const named = await namesOf(share)
    return previewPicture(named(await loadPreview(share)), [])
  }
  expect(await drawn(false)).toContain('w1a4-lmb')
  const anonymous = await drawn(true)
  expect(anonymous).toContain('student A')
  expect(anonymous).not.toContain('w1a4-lmb')
  expect(anonymous.match(/<rect/g)!.length).toBeGreaterThan(3)
})

it('a title is cut where its room ends, and is no markup', () => {
  const preview = { title: `<b>${'x'.repeat(300)}`, lines: ['a & b'], map: null, samples: null }
  const svg = previewPicture(preview, [])
  expect(svg).toMatch(/&lt;b&gt;x{10,60}…</)
  expect(svg).toContain('a &amp; b')
})

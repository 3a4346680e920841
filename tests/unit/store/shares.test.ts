import { expect, it } from 'vitest'
import type { SharedView } from '../../../lib/record/shared-view'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { db } from '../../../lib/store/db'
import {
  countOpening,
  createShare,
  listShares,
  openShare,
  revokeShare,
  sharesFile,
  shownCheckpoints,
} from '../../../lib/store/shares'
import { sampleUpload } from './sample-upload'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()

const view: SharedView = { page: 'layer', run: 'w1a4-lmb', layer: 'conv_in', query: 't=500', checkpoints: [] }

it('a share opens the view it was made from', async () => {
  const { id } = await storeCheckpoint(sampleUpload())
  const { token } = await createShare({ ...view, checkpoints: [id] })
  expect(await openShare(token)).toMatchObject({ ...view, checkpoints: [id], createdAt: expect.any(String) })
})

it('tokens carry at least 128 bits, differ, and are not in the database', async () => {
  const tokens = await Promise.all(Array.from({ length: 50 }, async () => (await createShare(view)).token))
  expect(new Set(tokens).size).toBe(50)
  for (const token of tokens) expect(Buffer.from(token, 'base64url').length * 8).toBeGreaterThanOrEqual(128)
  const stored = JSON.stringify(await db().share.findMany())
  expect(tokens.some((token) => stored.includes(token))).toBe(false)
})

it.each(['', 'x', 'A'.repeat(32), '../etc', 'A'.repeat(10_000)])(
  'no other string opens anything',
  async (token) => {
    expect(await openShare(token)).toBeNull()
  },
)

it('a view of a checkpoint that is not stored cannot be shared', async () => {
  await expect(createShare({ ...view, checkpoints: ['missing'] })).rejects.toThrow(/missing/)
})

it('a link opens its view until it ends, and not a moment longer', async () => {
  const { token, expiresAt } = await createShare(view, { days: 7, anonymous: false })
  const { createdAt } = (await openShare(token))!
  expect(Date.parse(expiresAt!) - Date.parse(createdAt)).toBe(7 * 86_400_000)
  const to = (time: number) =>
    db().share.updateMany({ where: { expiresAt: { not: null } }, data: { expiresAt: new Date(time) } })
  await to(Date.now() + 60_000)
  expect(await openShare(token)).not.toBeNull()
  await to(Date.now() - 1)
  expect(await openShare(token)).toBeNull()
  expect((await createShare(view, { days: null, anonymous: false })).expiresAt).toBeNull()
})

it('a revoked link opens nothing from that moment, cannot be revoked twice, and stays in the list', async () => {
  const { token, id } = await createShare(view)
  const other = await createShare(view)
  await countOpening(id)
  await countOpening(id)
  await revokeShare(id)
  expect(await openShare(token)).toBeNull()
  expect(await openShare(other.token)).not.toBeNull()
  await expect(revokeShare(id)).rejects.toThrow('no link of this id is open')
  const listed = await listShares()
  expect(listed.find((share) => share.id === id)).toMatchObject({
    opened: 2,
    openedAt: expect.any(String),
    revokedAt: expect.any(String),
  })
  expect(JSON.stringify(listed)).not.toContain(token)
})

it('a link knows the files it showed, and whether their steps still hold them', async () => {
  const upload = { ...sampleUpload(), step: 77 }
  const { id } = await storeCheckpoint(upload)
  const share = await createShare({ ...view, checkpoints: [id] })
  const shown = { run: 'w1a4-lmb', step: 77, sha256: upload.sha256 }
  expect(await shownCheckpoints(share.id)).toEqual([{ ...shown, state: 'same' }])
  const later = await storeCheckpoint({ ...upload, sha256: 'f'.repeat(64) })
  expect(await shownCheckpoints(share.id)).toEqual([{ ...shown, state: 'replaced' }])
  const both = await createShare({ ...view, checkpoints: [later.id, id] })
  expect((await shownCheckpoints(both.id)).map(({ state }) => state)).toEqual(['same', 'replaced'])
  await db().checkpoint.delete({ where: { id } })
  expect(await shownCheckpoints(share.id)).toEqual([
    { run: '', step: 0, sha256: upload.sha256, state: 'gone' },
  ])
})

it('an anonymous link hands out no files, and the page that runs files cannot be one', async () => {
  const upload = { ...sampleUpload(), step: 78 }
  const { id } = await storeCheckpoint(upload)
  const named = await createShare({ ...view, checkpoints: [id] })
  const anonymous = await createShare({ ...view, checkpoints: [id] }, { days: null, anonymous: true })
  expect(await sharesFile(named.token, upload.sha256)).toBe(true)
  expect(await sharesFile(anonymous.token, upload.sha256)).toBe(false)
  const sample: SharedView = { ...view, page: 'sample', layer: null, checkpoints: [id] }
  await expect(createShare(sample, { days: 1, anonymous: true })).rejects.toThrow('Sample page')
})

import { expect, it } from 'vitest'
import type { SharedView } from '../../../lib/record/view'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { db } from '../../../lib/store/db'
import { createShare, openShare } from '../../../lib/store/shares'
import { sampleUpload } from './sample-upload'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()

const view: SharedView = { page: 'layer', run: 'w1a4-lmb', layer: 'conv_in', query: 't=500', checkpoints: [] }

it('a share opens the view it was made from', async () => {
  const { id } = await storeCheckpoint(sampleUpload())
  const { token } = await createShare({ ...view, checkpoints: [id] })
  expect(await openShare(token)).toEqual({ ...view, checkpoints: [id], createdAt: expect.any(String) })
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

import { expect, it } from 'vitest'
import { createShare, openShare } from '../../../lib/store/shares'
import { useTemporaryStore } from '../store/temporary-store'
import { run } from './command-line'

useTemporaryStore()

it('links are listed without their tokens, and one is revoked', async () => {
  expect((await run('share', 'list')).stdout).toBe('There are no links.')
  const view = { page: 'run', run: 'w1a4', layer: null, query: '', checkpoints: [] } as const
  const { token, id } = await createShare({ ...view, checkpoints: [] }, { days: 90, anonymous: true })
  const listed = await run('share', 'list')
  expect(listed.stdout).toMatch(/^\S+ {2}\/r\/w1a4, anonymous {2}made [\d-]+, until [\d-]+, opened 0 times$/)
  expect(listed.stdout).not.toContain(token)
  expect(JSON.parse((await run('share', 'list', '--json')).stdout)).toMatchObject([{ id, run: 'w1a4' }])
  expect((await run('share', 'revoke', id)).code).toBe(0)
  expect(await openShare(token)).toBeNull()
  expect((await run('share', 'list')).stdout).toContain('revoked')
})

it.each([[['share']], [['share', 'make']], [['share', 'revoke']], [['share', 'revoke', 'nobody']]])(
  '%s is told to be wrong',
  async (args) => {
    expect((await run(...args)).code).toBe(2)
  },
)

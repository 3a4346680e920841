import { expect, it } from 'vitest'
import { scopeOfToken } from '../../../lib/store/tokens'
import { useTemporaryStore } from '../store/temporary-store'
import { run } from './command-line'

useTemporaryStore()

it('a token is made, shown once, listed without itself and revoked', async () => {
  const made = await run('token', 'create', 'night job')
  expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^sgs_[A-Za-z0-9_-]{32}$/)])
  const reader = JSON.parse((await run('token', 'create', 'lab', '--read', '--json')).stdout)
  expect(reader).toMatchObject({ name: 'lab', scope: 'read' })
  expect(await scopeOfToken(reader.token)).toBe('read')
  const listed = await run('token', 'list')
  expect(listed.stdout.split('\n')).toHaveLength(2)
  expect(listed.stdout).not.toContain('sgs_')
  expect((await run('token', 'revoke', 'night job')).code).toBe(0)
  expect(await scopeOfToken(made.stdout)).toBeNull()
  expect((await run('token', 'list')).stdout).toContain('revoked')
})

it.each([[['token']], [['token', 'burn']], [['token', 'create']], [['token', 'revoke', 'nobody']]])(
  '%s is told to be wrong',
  async (args) => {
    expect((await run(...args)).code).toBe(2)
  },
)

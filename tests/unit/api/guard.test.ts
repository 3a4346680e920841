import { describe, expect, it } from 'vitest'
import { isLoopback, refuseHost } from '../../../app/api/v1/_guard'
import { contentPolicy } from '../../../app/content-policy'

describe('refuseHost', () => {
  it.each(['localhost', 'localhost:3000', '127.0.0.1:80', '[::1]:3000', 'LOCALHOST'])('knows %s', (host) => {
    expect(refuseHost(host, {})).toBeNull()
  })

  it.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:3000', '192.168.1.2', '', null])(
    'turns %s away while bound to loopback',
    (host) => {
      expect(refuseHost(host, {})!.status).toBe(421)
    },
  )

  it('answers to the names in ALLOWED_HOSTS, and bound wider to no others', () => {
    const env = { ALLOWED_HOSTS: 'scope.lab, other', SIGNSCOPE_HOST: '0.0.0.0' }
    expect(refuseHost('scope.lab:3000', env)).toBeNull()
    expect(refuseHost('localhost:3000', env)).toBeNull()
    expect(refuseHost('evil.example', env)!.status).toBe(421)
    expect(refuseHost('evil.example', { SIGNSCOPE_HOST: '0.0.0.0' })).toBeNull()
  })
})

it.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['127.0.0.1.example', false],
])('isLoopback(%s) is %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})

it('the content policy allows no inline script without its nonce, no frame and no other host', () => {
  const policy = contentPolicy({ nonce: 'abc', development: false })
  const scripts = policy.split('; ').find((rule) => rule.startsWith('script-src'))
  expect(scripts).toBe("script-src 'self' 'nonce-abc' 'wasm-unsafe-eval'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toMatch(/https?:|\*/)
})

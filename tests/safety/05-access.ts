import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { makeServer } from '../unit/api/server'
import type { SafetyRow } from './row'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const folder = 'app/api/v1'
/** What anyone may ask: whether the server is up, and to be signed in or out. */
const open = new Set(['/api/v1/health GET', '/api/v1/session POST', '/api/v1/session DELETE'])

export const row: SafetyRow = {
  test: 'every API route and page of a private server, every method, with no token and with four kinds of it',
  gate: '0 unauthorised writes, 0 reads past protection, 0 answers of 500 and more',
  async measure(say) {
    const server = await makeServer({ SIGNSCOPE_PRIVATE: '1', SIGNSCOPE_TOKEN: 'the-token-of-this-table' })
    try {
      const token = (...words: string[]) =>
        execFileSync(process.execPath, ['--import', 'tsx', 'lib/cli/main.ts', 'token', ...words], {
          env: { ...process.env, SIGNSCOPE_DATA: server.data },
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        })
      await server.start()
      const secretOf = (text: string) => /sgs_\S+/.exec(text)?.[0] ?? ''
      const reader = secretOf(token('create', 'reader', '--read'))
      const revoked = secretOf(token('create', 'left'))
      token('revoke', 'left')
      const counts = { requests: 0, writes: 0, reads: 0, failures: 0 }
      for (const address of [...routes(), ...pages, ...undecodable]) {
        for (const method of methods) {
          for (const [kind, secret] of Object.entries({ none: '', bad: 'sgs_wrong', revoked, reader })) {
            const authorization: Record<string, string> = secret ? { authorization: `Bearer ${secret}` } : {}
            const answer = await fetch(server.url + address, {
              method,
              redirect: 'manual',
              headers: { 'content-type': 'application/json', ...authorization },
              body: method === 'GET' ? undefined : '{}',
            })
            const text = await answer.text()
            counts.requests++
            const fault = faultOf(address, method, kind, answer.status, text)
            if (!fault) continue
            counts[fault]++
            say(`${method} ${address} with ${kind} token: ${answer.status}`)
          }
        }
      }
      const { requests, writes, reads, failures } = counts
      return {
        holds: writes + reads + failures === 0 && reader !== '' && revoked !== '',
        found: `${requests} requests: ${writes} writes, ${reads} reads past protection, ${failures} failures`,
        figures: counts,
      }
    } finally {
      await server.remove()
    }
  },
}

const pages = ['/', '/compare', '/results', '/shares', '/r/nothing', '/r/nothing/sample', '/?_rsc=1', '/.rsc']
const undecodable = ['/%ff', '/r/%ff', '/api/v1/runs/%ff', '/api/v1/blobs/%ff']

/** Addresses of all route files, a name for each part that varies. */
function routes(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => path.basename(name) === 'route.ts')
    .map(
      (name) =>
        `/api/v1/${path
          .dirname(name)
          .replaceAll(path.sep, '/')
          .replace(/\[[^\]]+\]/g, 'nothing')}`,
    )
}

/** What is wrong with an answer; null if nothing is. A page may answer with the way to the sign-in. */
function faultOf(
  address: string,
  method: string,
  kind: string,
  status: number,
  text: string,
): 'writes' | 'reads' | 'failures' | null {
  if (status >= 500) return 'failures'
  if (open.has(`${address} ${method}`) || status >= 300) return null
  if (address.startsWith('/api/') && method !== 'GET') return 'writes'
  return kind === 'reader' || text.includes('sign-in') ? null : 'reads'
}

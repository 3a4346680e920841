import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { missingEntries } from '../../../scripts/lock'

const lock: { packages: Record<string, { version?: string }> } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
)

it.each([
  // Lower ones have known holes: image optimizer and middleware bypass in next, server components in react.
  ['next', '16.3.3'],
  ['react', '19.2.8'],
  ['react-dom', '19.2.8'],
  // Brings a SQLite without the WAL-reset bug.
  ['better-sqlite3', '12.8.0'],
])('%s is at least %s', (name, floor) => {
  const version = lock.packages[`node_modules/${name}`]!.version!
  expect(version.localeCompare(floor, 'en', { numeric: true })).toBeGreaterThanOrEqual(0)
})

it('better-sqlite3 is of the last line that runs on Node 20', () => {
  expect(lock.packages['node_modules/better-sqlite3']!.version).toMatch(/^12\./)
})

it('every optional dependency has an entry in the lock, so that npm ci accepts it on every platform', () => {
  expect(missingEntries(lock.packages)).toEqual({})
})

it('a binary the lock lacks gets an entry with its version and platform', () => {
  const packages = {
    'node_modules/tool': {
      dev: true,
      optionalDependencies: { 'tool-win32-x64-msvc': '1.2.3', here: '1.0.0' },
    },
    'node_modules/tool/node_modules/here': { version: '1.0.0' },
  }
  expect(missingEntries(packages)).toEqual({
    'node_modules/tool-win32-x64-msvc': {
      version: '1.2.3',
      cpu: ['x64'],
      dev: true,
      optional: true,
      os: ['win32'],
    },
  })
})

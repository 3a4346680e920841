import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { missingEntries } from '../../../scripts/lock'
import { row as versionFloors } from '../../safety/20-floors'

const lock: { packages: Record<string, { version?: string }> } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
)

it('nothing is older than the version that closed its known holes', async () => {
  expect(await versionFloors.measure(() => {})).toMatchObject({ holds: true })
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

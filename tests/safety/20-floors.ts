import { readFileSync } from 'node:fs'
import { sqliteFloor, sqliteVersion } from '../../lib/store/migrate'
import type { SafetyRow } from './row'

/** Lower ones have known holes: image optimizer and middleware bypass in next, server components in react, the WAL-reset bug. */
export const floors = { next: '16.3.3', react: '19.2.8', 'react-dom': '19.2.8', sqlite: sqliteFloor }

/** What the lockfile installs, and the SQLite the server runs on. */
export async function versions(): Promise<Record<keyof typeof floors, string>> {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { version: string }>
  }
  const locked = (name: string) => packages[`node_modules/${name}`]!.version
  return {
    next: locked('next'),
    react: locked('react'),
    'react-dom': locked('react-dom'),
    sqlite: await sqliteVersion(),
  }
}

export const row: SafetyRow = {
  test: 'versions of what has known holes, in the lockfile and at run time',
  gate: Object.entries(floors)
    .map(([name, floor]) => `${name} >= ${floor}`)
    .join(', '),
  async measure() {
    const figures = await versions()
    const low = Object.entries(floors).filter(
      ([name, floor]) =>
        figures[name as keyof typeof floors].localeCompare(floor, 'en', { numeric: true }) < 0,
    )
    const found = Object.entries(figures).map(([name, version]) => `${name} ${version}`)
    return { holds: low.length === 0, found: found.join(', '), figures }
  },
}

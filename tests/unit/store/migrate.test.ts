import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { databaseFile } from '../../../lib/store/folder'
import { migrate, schemaDiff, sqliteFloor } from '../../../lib/store/migrate'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'signscope-migrate-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('migrating twice applies every migration once', async () => {
  const folders = (await readdir('prisma/migrations')).filter((name) => !name.endsWith('.toml'))
  expect(await migrate(folder)).toEqual(folders.sort())
  expect(await migrate(folder)).toEqual([])
  expect(
    await query('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL'),
  ).toHaveLength(folders.length)
})

it('a database in use is left alone when it is up to date', async () => {
  await migrate(folder)
  const user = await connect()
  await user.executeScript('BEGIN IMMEDIATE')
  expect(await migrate(folder)).toEqual([])
  await user.dispose()
})

it('the migrations make the tables that schema.prisma describes', async () => {
  await migrate(folder)
  const made =
    "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '\\_prisma%' ESCAPE '\\' ORDER BY name"
  const migrated = await query(made)
  const direct = await new PrismaBetterSqlite3({ url: ':memory:' }).connect()
  await direct.executeScript(await schemaDiff(null, await readFile('prisma/schema.prisma', 'utf8')))
  const described = (await direct.queryRaw({ sql: made, args: [], argTypes: [] })).rows
  await direct.dispose()
  expect(described.length).toBeGreaterThan(10)
  // A column that was added later stands in the SQL of its table with other white space.
  const plain = (rows: unknown[][]) =>
    rows.map((row) => row.map((text) => String(text).replaceAll(/\s+/g, '')))
  expect(plain(migrated)).toEqual(plain(described))
})

it('the database keeps a write-ahead log and its SQLite is past the WAL-reset bug', async () => {
  await migrate(folder)
  expect(await query('PRAGMA journal_mode')).toEqual([['wal']])
  const [[version]] = (await query('SELECT sqlite_version()')) as [[string]]
  expect(version.localeCompare(sqliteFloor, 'en', { numeric: true })).toBeGreaterThanOrEqual(0)
})

function connect() {
  return new PrismaBetterSqlite3({ url: `file:${databaseFile(folder)}` }).connect()
}

async function query(sql: string): Promise<unknown[][]> {
  const connection = await connect()
  const { rows } = await connection.queryRaw({ sql, args: [], argTypes: [] })
  await connection.dispose()
  return rows
}

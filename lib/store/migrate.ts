import { mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import type { MigrationList } from '@prisma/schema-engine-wasm'
import { databaseFile, dataFolder } from './folder'
import { withSchemaEngine } from './schema-engine'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const noFilter = { externalTables: [], externalEnums: [] }

/** Older ones can corrupt a WAL database when two connections write at once (sqlite.org/wal.html, WAL-reset bug). */
export const sqliteFloor = '3.51.3'

/**
 * Brings the database of a data folder up to date, creating both if need be; does nothing when it is.
 * The tables and their history (_prisma_migrations) are what Prisma's own CLI would have left.
 * Returns the names of the migrations applied. Throws when SQLite is older than `sqliteFloor`.
 */
export async function migrate(folder: string = dataFolder()): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const adapter = new PrismaBetterSqlite3({ url: `file:${databaseFile(folder)}`, timeout: 5000 })
  const applied = await prepareDatabase(adapter)
  const migrationsList = await readMigrations()
  // The engine locks the whole database even when there is nothing to do; a server may be using it.
  if (migrationsList.migrationDirectories.every(({ path }) => applied.has(path))) return []
  return withSchemaEngine(adapter, async (engine) => {
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: noFilter })
    return appliedMigrationNames
  })
}

/** Version of the SQLite this process uses. */
export async function sqliteVersion(): Promise<string> {
  const connection = await new PrismaBetterSqlite3({ url: ':memory:' }).connect()
  try {
    const { rows } = await connection.queryRaw({ sql: 'SELECT sqlite_version()', args: [], argTypes: [] })
    return String(rows[0]![0])
  } finally {
    await connection.dispose()
  }
}

/** SQL that leads from one schema.prisma (null = no tables at all) to another; '' when they agree. */
export async function schemaDiff(from: string | null, to: string): Promise<string> {
  const datamodel = (content: string) => ({
    tag: 'schemaDatamodel' as const,
    files: [{ path: 'schema.prisma', content }],
  })
  const adapter = new PrismaBetterSqlite3({ url: ':memory:' })
  const result = await withSchemaEngine(adapter, (engine) =>
    engine.diff({
      from: from === null ? { tag: 'empty' } : datamodel(from),
      to: datamodel(to),
      script: true,
      exitCode: true,
      filters: noFilter,
    }),
  )
  return result.exitCode === 0 ? '' : (result.stdout ?? '')
}

/**
 * Switches to WAL, which stays in the file once set, and checks the version of the SQLite the server itself
 * will use. Returns the names of the migrations that are already applied.
 */
async function prepareDatabase(adapter: PrismaBetterSqlite3): Promise<Set<string>> {
  const connection = await adapter.connect()
  const column = async (sql: string) => {
    const { rows } = await connection.queryRaw({ sql, args: [], argTypes: [] })
    return rows.map((row) => String(row[0]))
  }
  try {
    await connection.executeScript('PRAGMA journal_mode = WAL')
    const version = await sqliteVersion()
    if (version.localeCompare(sqliteFloor, 'en', { numeric: true }) < 0)
      throw new Error(`SQLite ${version} is too old, ${sqliteFloor} is needed. Run npm install again.`)
    const history = await column("SELECT name FROM sqlite_master WHERE name = '_prisma_migrations'")
    if (history.length === 0) return new Set()
    const finished =
      'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL'
    return new Set(await column(finished))
  } finally {
    await connection.dispose()
  }
}

async function readMigrations(): Promise<MigrationList> {
  const baseDir = path.join(root, 'prisma/migrations')
  const names = (await readdir(baseDir, { withFileTypes: true }))
    .filter((e) => e.isDirectory())
    .map((e) => e.name)
  const lock = await readFile(path.join(baseDir, 'migration_lock.toml'), 'utf8')
  return {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: lock },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(
      names.sort().map(async (name) => ({
        path: name,
        migrationFile: {
          path: 'migration.sql',
          content: {
            tag: 'ok' as const,
            value: await readFile(path.join(baseDir, name, 'migration.sql'), 'utf8'),
          },
        },
      })),
    ),
  }
}

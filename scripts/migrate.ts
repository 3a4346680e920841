/**
 * Brings the database in SIGNSCOPE_DATA (default ./data) up to date, or writes a new migration.
 *
 *   npx tsx scripts/migrate.ts              apply what is missing
 *   npx tsx scripts/migrate.ts --new NAME   write prisma/migrations/<time>_NAME from the difference between
 *                                           the committed prisma/schema.prisma and the one on disk
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { dataFolder } from '../lib/store/folder'
import { migrate, schemaDiff } from '../lib/store/migrate'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

async function writeMigration(name: string): Promise<void> {
  const committed = spawnSync('git', ['show', 'HEAD:prisma/schema.prisma'], { cwd: root, encoding: 'utf8' })
  const before = committed.status === 0 ? committed.stdout : null
  const sql = await schemaDiff(before, readFileSync(path.join(root, 'prisma/schema.prisma'), 'utf8'))
  if (sql === '') return console.log('The schema has not changed since the last commit.')
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const folder = path.join(root, 'prisma/migrations', `${time}_${name}`)
  mkdirSync(folder)
  writeFileSync(path.join(folder, 'migration.sql'), sql)
  console.log(`Wrote ${path.relative(root, folder)}/migration.sql; read it before you commit it.`)
}

const [flag, name] = process.argv.slice(2)
if (flag === '--new' && name && /^[a-z0-9_]+$/.test(name)) {
  await writeMigration(name)
} else if (flag === undefined) {
  const applied = await migrate()
  console.log(
    applied.length ? `Applied ${applied.join(', ')} in ${dataFolder()}` : 'The database is up to date.',
  )
} else {
  console.error('usage: npx tsx scripts/migrate.ts [--new name_in_lower_case]')
  process.exit(2)
}

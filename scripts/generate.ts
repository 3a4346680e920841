/**
 * Writes the Prisma client to lib/generated/prisma. Nothing is downloaded.
 *
 *   npx tsx scripts/generate.ts
 *
 * Skips the work when the client was made from the same schema by the same Prisma version.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const client = path.join(root, 'lib/generated/prisma')
const stampFile = path.join(client, 'made-from')

/** Generates the client unless it is current. Returns whether it had to. */
export function generateClient(): boolean {
  const stamp = schemaStamp()
  if (existsSync(path.join(client, 'client.ts')) && existsSync(stampFile)) {
    if (readFileSync(stampFile, 'utf8') === stamp) return false
  }
  rmSync(client, { recursive: true, force: true })
  const done = spawnSync(
    process.execPath,
    [path.join(root, 'node_modules/prisma/build/index.js'), 'generate', '--no-hints'],
    {
      cwd: root,
      encoding: 'utf8',
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: path.join(root, 'scripts/no-engine.mjs'),
        CHECKPOINT_DISABLE: '1',
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
      },
    },
  )
  if (done.status !== 0) throw new Error(`prisma generate failed:\n${done.stdout}${done.stderr}`)
  writeFileSync(stampFile, stamp)
  return true
}

function schemaStamp(): string {
  const version = JSON.parse(
    readFileSync(path.join(root, 'node_modules/prisma/package.json'), 'utf8'),
  ).version
  return createHash('sha256')
    .update(`prisma ${version}\n`)
    .update(readFileSync(path.join(root, 'prisma/schema.prisma')))
    .digest('hex')
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(generateClient() ? 'client generated' : 'client is current')
}

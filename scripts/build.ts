/**
 * Builds the pages if their sources changed since the last build.
 *
 *   npx tsx scripts/build.ts
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateClient } from './generate'
import { compileKernels } from './kernels'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const stampFile = path.join(root, '.next/built-from')

/** What a build depends on. lib/generated follows from prisma/schema.prisma. */
const sources = [
  'app',
  'lib',
  'prisma/schema.prisma',
  'next.config.ts',
  'proxy.ts',
  'tsconfig.json',
  'package-lock.json',
]

/** Runs `next build` unless the last one was made from the same sources. */
export async function ensureBuild(say: (text: string) => void): Promise<void> {
  const stamp = sourceStamp()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  say('building the pages, about a minute')
  rmSync(stampFile, { force: true })
  const built = spawnSync(process.execPath, [path.join(root, 'node_modules/next/dist/bin/next'), 'build'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  })
  if (built.status !== 0) throw new Error('next build failed, see above')
  writeFileSync(stampFile, stamp)
}

/** Served from /tfjs/: the wasm backend fetches its binary at run time. */
export function copyTfjsBinaries(): void {
  const from = path.join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')
  const to = path.join(root, 'public/tfjs')
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from).filter((file) => file.endsWith('.wasm'))) {
    const target = path.join(to, name)
    const current = existsSync(target) && readFileSync(target).equals(readFileSync(path.join(from, name)))
    if (!current) copyFileSync(path.join(from, name), target)
  }
}

function sourceStamp(): string {
  const hash = createHash('sha256').update(process.version)
  for (const source of sources)
    for (const file of filesIn(path.join(root, source)))
      hash
        .update(`\n${path.relative(root, file)} `)
        .update(createHash('sha256').update(readFileSync(file)).digest())
  return hash.digest('hex')
}

function filesIn(at: string): string[] {
  if (!existsSync(at)) return []
  if (!statSync(at).isDirectory()) return [at]
  const names = readdirSync(at).sort()
  return names.filter((name) => name !== 'generated').flatMap((name) => filesIn(path.join(at, name)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  generateClient()
  copyTfjsBinaries()
  compileKernels()
  await ensureBuild(console.log)
}

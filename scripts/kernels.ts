/**
 * Compiles the kernels of the one-bit engine (lib/engine/assembly) to public/engine, from where pages and commands load them.
 *
 *   npx tsx scripts/kernels.ts
 *
 * Skips the work when they were made from the same sources by the same compiler. Prints their sizes.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type Build, kernelFile } from '../lib/engine/kernels'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const sources = path.join(root, 'lib/engine/assembly')
const compiler = path.join(root, 'node_modules/assemblyscript')
const out = path.join(root, 'public/engine')
const stampFile = path.join(out, 'made-from')

const features: Record<Build, string[]> = {
  relaxed: ['--enable', 'simd', '--enable', 'relaxed-simd'],
  strict: ['--enable', 'simd'],
}

/** Threads share a memory, of at most as many pages as there can be. */
const sharing = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536']

/**
 * What the compiler's -O3 does but moving expressions to where they are used (simplify-locals): it turns the loop over lookups into one
 * expression for each sum, for which there are not registers enough, and costs a quarter of the speed.
 */
const passes = [
  ...['dce', 'remove-unused-names', 'remove-unused-brs', 'optimize-instructions', 'precompute-propagate'],
  ...[
    'simplify-locals-nonesting',
    'vacuum',
    'merge-blocks',
    'coalesce-locals',
    'vacuum',
    'reorder-locals',
    'rse',
  ],
  ...['vacuum', 'merge-blocks', 'remove-unused-brs', 'vacuum', 'remove-unused-module-elements'],
]
const optimize = ['--optimizeLevel', '0', '--runPasses', passes.join(','), '--noAssert']

/** Every file and the flags that make it. */
function files(): { file: string; flags: string[] }[] {
  return (Object.keys(features) as Build[]).flatMap((build) =>
    [false, true].map((shared) => ({
      file: kernelFile(build, shared),
      flags: [...features[build], ...(shared ? sharing : []), ...optimize],
    })),
  )
}

/** Compiles all builds unless they are current. Returns whether it had to. */
export function compileKernels(): boolean {
  const stamp = stampOf()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return false
  mkdirSync(out, { recursive: true })
  rmSync(stampFile, { force: true })
  for (const { file, flags } of files()) {
    const done = spawnSync(
      process.execPath,
      [
        path.join(compiler, 'bin/asc.js'),
        path.join(sources, 'index.ts'),
        ...flags,
        ...['--runtime', 'stub', '--importMemory', '-o', path.join(out, file)],
      ],
      { cwd: root, encoding: 'utf8' },
    )
    if (done.status !== 0) throw new Error(`asc failed for ${file}:\n${done.stdout}${done.stderr}`)
  }
  writeFileSync(stampFile, stamp)
  return true
}

function stampOf(): string {
  const hash = createHash('sha256').update(readFileSync(path.join(compiler, 'package.json')))
  for (const name of readdirSync(sources).sort())
    hash.update(name).update(readFileSync(path.join(sources, name)))
  return hash.update(JSON.stringify(files())).digest('hex')
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(compileKernels() ? 'kernels compiled' : 'kernels are current')
  for (const { file } of files()) {
    const bytes = readFileSync(path.join(out, file))
    console.log(`${file}  ${bytes.length} bytes, ${gzipSync(bytes).length} gzipped`)
  }
}

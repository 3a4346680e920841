/**
 * Completes package-lock.json after `npm install` of a new version.
 *
 *   npx tsx scripts/lock.ts
 *
 * Registries that mirror only some platforms make npm leave the others' binaries (@next/swc-darwin-arm64, ...)
 * out of the lock; `npm ci` then refuses it, and on those platforms nothing would be installed. An entry with
 * version and platform is enough for both. Entries that are there are not touched.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

type Entry = {
  version?: string
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
  [field: string]: unknown
}
type Packages = Record<string, Entry>

const file = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../package-lock.json')
const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']

/** The optional dependencies that no entry stands for, each with the entry it should have. */
export function missingEntries(packages: Packages): Packages {
  const missing: Packages = {}
  for (const [folder, entry] of Object.entries(packages))
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {}))
      if (!resolves(packages, folder, name))
        missing[`node_modules/${name}`] = platformEntry(name, version, entry)
  return missing
}

/** Whether node would find `name` from `folder`: in its own node_modules, or in one further up. */
function resolves(packages: Packages, folder: string, name: string): boolean {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (packages[`${at}${at && '/'}node_modules/${name}`]) return true
    if (at === '') return false
  }
}

/** Package names of binaries spell their platform: NAME-darwin-arm64, NAME-win32-x64-msvc, NAME-linux-x64-musl. */
function platformEntry(name: string, version: string, owner: Entry): Entry {
  const words = name.split(/[/_-]/)
  const os = systems.filter((system) => words.includes(system))
  const cpu = processors.filter((processor) => words.includes(processor))
  const libc = words.includes('musl') ? ['musl'] : []
  if (os.length === 0 || !/^\d/.test(version))
    throw new Error(
      `${name}@${version} is missing from the lock and names no platform: run npm install again`,
    )
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(owner.dev && { dev: true }),
    ...(libc.length > 0 && { libc }),
    optional: true,
    os,
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Packages }
  const missing = missingEntries(lock.packages)
  const names = [...Object.keys(lock.packages), ...Object.keys(missing)].sort((a, b) => (a < b ? -1 : 1))
  const packages = Object.fromEntries(names.map((name) => [name, lock.packages[name] ?? missing[name]]))
  writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`)
  console.log(`${Object.keys(missing).length} entries added`)
}

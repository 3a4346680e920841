/** Puts a watcher before everything an import asks of the disk, so that a test can stop or spoil it anywhere. */
import fs from 'node:fs/promises'
import { createRequire, syncBuiltinESMExports } from 'node:module'

type Method = (...args: unknown[]) => unknown
type Methods = Record<string, Method>

/**
 * Calls `before(name)` in this process before each call of node:fs/promises (mkdir, open, write, sync, link, rename, rm)
 * and each SQL statement (BEGIN, "INSERT Layer", COMMIT, ...). What it throws, the call fails with. Stays for the life of
 * the process.
 */
export async function watchSteps(before: (name: string) => void): Promise<void> {
  watch(fs as unknown as Methods, ['mkdir', 'open', 'link', 'rename', 'rm'], before)
  const handle = await fs.open(import.meta.filename ?? '')
  await handle.close()
  watch(Object.getPrototypeOf(handle) as Methods, ['write', 'sync'], before)
  // The named exports of a built-in module are copies.
  syncBuiltinESMExports()
  const adapter = createRequire(import.meta.url).resolve('@prisma/adapter-better-sqlite3')
  const driver = createRequire(adapter)('better-sqlite3') as { prototype: Methods }
  const prepare = driver.prototype.prepare!
  driver.prototype.prepare = function (this: unknown, sql: unknown) {
    before(statementName(String(sql)))
    return prepare.call(this, sql)
  }
}

function watch(methods: Methods, names: readonly string[], before: (name: string) => void): void {
  for (const name of names) {
    const real = methods[name]!
    methods[name] = async function (this: unknown, ...args: unknown[]) {
      before(name)
      return real.apply(this, args)
    }
  }
}

/** INSERT INTO `main`.`Layer` (...) -> INSERT Layer */
function statementName(sql: string): string {
  const verb = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? 'SQL'
  const table = /(?:`main`\.`|INTO )(\w+)/.exec(sql)?.[1]
  return table ? `${verb} ${table}` : verb
}

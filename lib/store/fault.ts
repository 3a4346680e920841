/** Why the store refuses, from whatever failed: a file, the database's driver or Prisma above it. */

/** full: no room. unwritable: the disk or its permissions refuse. busy: others write, and went on for too long. */
export type StoreFault = 'full' | 'unwritable' | 'busy'

const faults: readonly [StoreFault, RegExp][] = [
  ['full', /^(ENOSPC|EDQUOT|SQLITE_FULL)/],
  ['unwritable', /^(EROFS|EACCES|EPERM|EIO|EFBIG|SQLITE_(READONLY|IOERR|CANTOPEN|PERM))/],
  // Prisma's: a statement timed out; a transaction could not begin or took too long.
  ['busy', /^(SQLITE_BUSY|SQLITE_LOCKED|P1008|P2028)/],
]

/** What the store suffers from; null when the fault is another. */
export function storeFault(error: unknown): StoreFault | null {
  for (const code of codesOf(error)) {
    const found = faults.find(([, codes]) => codes.test(code))
    if (found) return found[0]
  }
  return null
}

/** Codes of an error and of what caused it, the driver's own among them. */
function codesOf(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return []
  const { code, originalCode, cause, meta } = error as Record<string, unknown>
  const driver = (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError
  return [originalCode, code].filter((c) => typeof c === 'string').concat(codesOf(cause), codesOf(driver))
}

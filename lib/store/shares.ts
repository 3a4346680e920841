import { createHash, randomBytes } from 'node:crypto'
import type { SharedView } from '../record/view'
import { InputError } from '../tensor/error'
import { checkText, db, write } from './db'

/** Random bytes of a token: 192 bits, 32 characters in a link. */
const tokenBytes = 24

/**
 * Freezes a view under a token nobody can guess. Only the token's hash is stored: it cannot be shown again.
 * Throws an InputError if the view names a checkpoint that is not stored.
 */
export async function createShare(view: SharedView): Promise<{ token: string }> {
  await checkView(view)
  const token = randomBytes(tokenBytes).toString('base64url')
  await write((tx, createdAt) => tx.share.create({ data: { tokenHash: hashOf(token), view, createdAt } }))
  return { token }
}

/** The view a token stands for and when it was shared (ISO time); null for any other string. */
export async function openShare(token: string): Promise<(SharedView & { createdAt: string }) | null> {
  if (!/^[A-Za-z0-9_-]{32}$/.test(token)) return null
  const row = await db().share.findUnique({ where: { tokenHash: hashOf(token) } })
  return row && { ...(row.view as SharedView), createdAt: row.createdAt.toISOString() }
}

/** Whether a share shows a checkpoint of this file, or a student of it: it opens these weights and no others. */
export async function sharesFile(token: string, sha256: string): Promise<boolean> {
  const share = await openShare(token)
  if (!share) return false
  const shown = await db().checkpoint.findFirst({
    where: { id: { in: share.checkpoints }, OR: [{ sha256 }, { teacherSha256: sha256 }] },
    select: { id: true },
  })
  return shown !== null
}

async function checkView(view: SharedView): Promise<void> {
  if (view.run !== null) checkText('run', view.run, 120)
  if (view.layer !== null) checkText('layer', view.layer)
  const stored = await db().checkpoint.findMany({
    where: { id: { in: view.checkpoints } },
    select: { id: true },
  })
  const known = new Set(stored.map(({ id }) => id))
  const missing = view.checkpoints.find((id) => !known.has(id))
  if (missing !== undefined)
    throw new InputError({
      file: 'checkpoints',
      item: missing.slice(0, 40),
      problem: 'no checkpoint of this id is stored',
      remedy: 'Reload the page and share it again.',
    })
}

/** A random 192-bit token needs no salt and no slow hash. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Share links: frozen views behind a token, until they end or are revoked. */
import { createHash, randomBytes } from 'node:crypto'
import type { SharedView, ShareTerms } from '../record/shared-view'
import { InputError } from '../tensor/error'
import { checkText, db, write } from './db'

/** Random bytes of a token: 192 bits, 32 characters in a link. */
const tokenBytes = 24
const dayMs = 86_400_000

/** A checkpoint file a view showed when it was shared. */
type ShownFile = { id: string; sha256: string }

/** What became of a file since a view with it was shared. `replaced`: its step was stored again, with other bytes. */
export type ShownCheckpoint = {
  run: string
  step: number
  sha256: string
  state: 'same' | 'replaced' | 'gone'
}

export type OpenShare = SharedView & {
  id: string
  /** ISO times; null: it never ends. */
  createdAt: string
  expiresAt: string | null
  anonymous: boolean
}

/** A link as its makers see it: never with its token, which is in the link alone. */
export type ShareRow = OpenShare & { revokedAt: string | null; opened: number; openedAt: string | null }

const plainTerms: ShareTerms = { days: null, anonymous: false }

/**
 * Freezes a view under a token nobody can guess. Only the token's hash is stored: it cannot be shown again.
 * Throws an InputError if the view names a checkpoint that is not stored, or shows what cannot be anonymous.
 */
export async function createShare(
  view: SharedView,
  { days, anonymous }: ShareTerms = plainTerms,
): Promise<{ token: string; id: string; expiresAt: string | null }> {
  const files = await filesOf(view)
  if (anonymous && view.page === 'sample')
    throw new InputError({
      file: 'anonymous',
      problem:
        'the Sample page runs the checkpoint files themselves, and what is written in them stays in them',
      remedy: 'Share the run, a layer or a comparison instead, or this page with its names.',
    })
  const token = randomBytes(tokenBytes).toString('base64url')
  const made = await write((tx, createdAt) =>
    tx.share.create({
      data: {
        tokenHash: hashOf(token),
        view,
        createdAt,
        expiresAt: days === null ? null : new Date(createdAt.getTime() + days * dayMs),
        anonymous,
        files,
      },
    }),
  )
  return { token, id: made.id, expiresAt: made.expiresAt?.toISOString() ?? null }
}

/** The view a token stands for; null for any other string, and once the link has ended or is revoked. */
export async function openShare(token: string): Promise<OpenShare | null> {
  if (!/^[A-Za-z0-9_-]{32}$/.test(token)) return null
  const row = await db().share.findUnique({ where: { tokenHash: hashOf(token) } })
  if (!row || row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= new Date())) return null
  return opened(row)
}

/** Counts that a link was opened. */
export async function countOpening(id: string): Promise<void> {
  await write((tx, openedAt) =>
    tx.share.update({ where: { id }, data: { opened: { increment: 1 }, openedAt } }),
  )
}

/** Every link that was made, the latest first. */
export async function listShares(): Promise<ShareRow[]> {
  const rows = await db().share.findMany({ orderBy: { createdAt: 'desc' } })
  return rows.map((row) => ({
    ...opened(row),
    revokedAt: row.revokedAt?.toISOString() ?? null,
    opened: row.opened,
    openedAt: row.openedAt?.toISOString() ?? null,
  }))
}

/** From now on the link opens nothing. Throws an InputError if there is none of this id that still might. */
export async function revokeShare(id: string): Promise<void> {
  const { count } = await write((tx, revokedAt) =>
    tx.share.updateMany({ where: { id, revokedAt: null }, data: { revokedAt } }),
  )
  if (count === 0)
    throw new InputError({
      file: id.slice(0, 40),
      problem: 'no link of this id is open',
      remedy: 'See `share list`.',
    })
}

/** The checkpoints a link shows, in its order, and whether their files still are what its maker saw. */
export async function shownCheckpoints(id: string): Promise<ShownCheckpoint[]> {
  const share = await db().share.findUnique({ where: { id } })
  if (!share) return []
  const ids = (share.view as SharedView).checkpoints
  const rows = await db().checkpoint.findMany({
    where: { id: { in: ids } },
    select: {
      id: true,
      runId: true,
      step: true,
      sha256: true,
      revision: true,
      run: { select: { name: true } },
    },
  })
  const frozen = new Map((share.files as ShownFile[] | null)?.map((file) => [file.id, file.sha256]))
  const later = await db().checkpoint.groupBy({
    by: ['runId', 'step'],
    where: { OR: rows.map(({ runId, step }) => ({ runId, step })) },
    _max: { revision: true },
  })
  return ids.flatMap((checkpoint): ShownCheckpoint[] => {
    const row = rows.find((other) => other.id === checkpoint)
    const sha256 = frozen.get(checkpoint) ?? row?.sha256
    if (!sha256) return []
    if (!row) return [{ run: '', step: 0, sha256, state: 'gone' }]
    const newest = later.find(({ runId, step }) => runId === row.runId && step === row.step)?._max.revision
    const same = row.sha256 === sha256 && newest === row.revision
    return [{ run: row.run.name, step: row.step, sha256, state: same ? 'same' : 'replaced' }]
  })
}

/**
 * Whether a share shows a checkpoint of this file, or a student of it: it opens these weights and no others. One without
 * names opens none: a file may say whose it is.
 */
export async function sharesFile(token: string, sha256: string): Promise<boolean> {
  const share = await openShare(token)
  if (!share || share.anonymous) return false
  const shown = await db().checkpoint.findFirst({
    where: { id: { in: share.checkpoints }, OR: [{ sha256 }, { teacherSha256: sha256 }] },
    select: { id: true },
  })
  return shown !== null
}

type Row = Awaited<ReturnType<ReturnType<typeof db>['share']['findMany']>>[number]

const opened = ({ id, view, createdAt, expiresAt, anonymous }: Row): OpenShare => ({
  ...(view as SharedView),
  id,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt?.toISOString() ?? null,
  anonymous,
})

/** The files a view shows. Throws an InputError for one that is not stored, and for names no run can have. */
async function filesOf(view: SharedView): Promise<ShownFile[]> {
  if (view.run !== null) checkText('run', view.run, 120)
  if (view.layer !== null) checkText('layer', view.layer)
  const stored = await db().checkpoint.findMany({
    where: { id: { in: view.checkpoints } },
    select: { id: true, sha256: true },
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
  return stored
}

/** A random 192-bit token needs no salt and no slow hash. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

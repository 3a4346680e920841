/** Tokens of the HTTP API. A token is shown once, when it is made; only its hash is kept. */
import { createHash, randomBytes } from 'node:crypto'
import { InputError } from '../tensor/error'
import { checkText, db, write } from './db'

/** Reading; or reading and writing. */
export type Scope = 'read' | 'write'

export type TokenRow = { name: string; scope: Scope; createdAt: string; revokedAt: string | null }

/** What scanners for secrets look for. */
const prefix = 'sgs_'

/** Makes a token of 192 random bits. Throws an InputError if the name was given before, even to a revoked one. */
export async function createToken(name: string, scope: Scope): Promise<string> {
  checkText('NAME', name, 120)
  const token = prefix + randomBytes(24).toString('base64url')
  await write(async (tx) => {
    if (await tx.token.findUnique({ where: { name }, select: { id: true } }))
      throw new InputError({
        file: name,
        problem: 'there is a token of this name, or was',
        remedy: 'Choose another name.',
      })
    await tx.token.create({ data: { name, scope, hash: hashOf(token) } })
  })
  return token
}

/** Every token, also revoked ones, in the order they were made. */
export async function listTokens(): Promise<TokenRow[]> {
  const rows = await db().token.findMany({ orderBy: { createdAt: 'asc' } })
  return rows.map(({ name, scope, createdAt, revokedAt }) => ({
    name,
    scope: scope as Scope,
    createdAt: createdAt.toISOString(),
    revokedAt: revokedAt?.toISOString() ?? null,
  }))
}

/** From now on the token opens nothing. Throws an InputError if there is none of this name that still does. */
export async function revokeToken(name: string): Promise<void> {
  const { count } = await write((tx) =>
    tx.token.updateMany({ where: { name, revokedAt: null }, data: { revokedAt: new Date() } }),
  )
  if (count === 0)
    throw new InputError({
      file: name,
      problem: 'no valid token has this name',
      remedy: 'See `token list`.',
    })
}

/** What a token allows; null if it is none, or revoked. Found by its hash, so that no comparison tells of the token. */
export async function scopeOfToken(token: string): Promise<Scope | null> {
  if (!/^sgs_[A-Za-z0-9_-]{32}$/.test(token)) return null
  const row = await db().token.findUnique({ where: { hash: hashOf(token) } })
  return row && row.revokedAt === null ? (row.scope as Scope) : null
}

/** Whether a token was ever made: from then on writing needs one, also after the last was revoked. */
export async function hasTokens(): Promise<boolean> {
  return (await db().token.findFirst({ select: { id: true } })) !== null
}

/** 192 random bits need no salt and no slow hash. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

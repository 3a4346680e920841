/** Whether a request may do what it asks for, by the tokens of the environment and of the store. */
import { hasTokens, scopeOfToken } from '../../../lib/store/tokens'
import {
  type Access,
  type Bearer,
  bearerOf,
  isGuarded,
  isPrivate,
  type Refusal,
  refuseBearer,
  refuseCaller,
  tokenOf,
} from './_guard'

/** Refusal of a request, or null. The caller's host and origin are looked at before its token. */
export async function refusalOf(method: string, headers: Headers, access: Access): Promise<Refusal | null> {
  const refusal = refuseCaller(method, headers, process.env)
  if (refusal || access === 'open') return refusal
  return (await needsToken(access)) ? refuseBearer(access, await bearer(tokenOf(headers))) : null
}

/** What a token allows; null for none and for one that is not valid. */
export async function bearer(token: string | null): Promise<Bearer> {
  return token === null ? null : (bearerOf(token, process.env) ?? (await scopeOfToken(token)))
}

async function needsToken(access: 'read' | 'write'): Promise<boolean> {
  if (access === 'read') return isPrivate(process.env)
  return isGuarded(process.env) || hasTokens()
}

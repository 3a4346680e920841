/** Who may ask at all. Pure: no store, no Next; the proxy, every API route and every page go through here. */

/** Why a request is turned away, as the API reports it. */
export type Refusal = { status: number; code: string; message: string; hint?: string }

export type Environment = Record<string, string | undefined>

/** What a handler lets a request do: `open` handlers answer anyone who may speak to this server at all. */
export type Access = 'open' | 'read' | 'write'

/** What the token of a request allows; null if it has none that is valid. */
export type Bearer = 'read' | 'write' | null

/** Cookie in which the sign-in page keeps a token. */
export const tokenCookie = 'signscope-token'

const reading = new Set(['GET', 'HEAD', 'OPTIONS'])

/** What a method does unless its route says otherwise: everything that is not plainly reading is writing. */
export function accessOf(method: string): Access {
  return reading.has(method) ? 'read' : 'write'
}

/** Refusal for the name the server was called by, or for the page a request that is not plainly reading comes from. */
export function refuseCaller(method: string, headers: Headers, env: Environment): Refusal | null {
  const foreign = refuseHost(headers.get('host'), env)
  if (foreign || reading.has(method)) return foreign
  return refuseOrigin(headers)
}

/**
 * A page of another site can point its own name at this machine and so read what only this machine may
 * (DNS rebinding). Bound to loopback, only loopback names are answered, and those in ALLOWED_HOSTS;
 * bound wider, any name unless ALLOWED_HOSTS is set.
 */
export function refuseHost(host: string | null, env: Environment): Refusal | null {
  const allowed = (env.ALLOWED_HOSTS ?? '').split(',').map((name) => name.trim().toLowerCase())
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase()
  if (name !== '' && allowed.includes(name)) return null
  if (isLoopback(name) || (isWide(env) && !env.ALLOWED_HOSTS && name !== '')) return null
  return {
    status: 421,
    code: 'unknown_host',
    message: 'This server does not answer to that host name.',
    hint: 'Set ALLOWED_HOSTS to a comma-separated list of the names it may have.',
  }
}

/** Loopback by name or address, brackets of IPv6 allowed. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host)
}

/** Browsers name the page a request comes from; a write must come from this site or from no page at all. */
function refuseOrigin(headers: Headers): Refusal | null {
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  const sameSite = site === null || site === 'same-origin' || site === 'none'
  const sameOrigin = origin === null || hostOf(origin) === headers.get('host')?.toLowerCase()
  if (sameSite && sameOrigin) return null
  return {
    status: 403,
    code: 'cross_site',
    message: 'A page of another site may not write here.',
  }
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host
  } catch {
    return null
  }
}

/** Whether reading needs a token: SIGNSCOPE_PRIVATE=1, or a token for readers is set. */
export function isPrivate(env: Environment): boolean {
  return env.SIGNSCOPE_PRIVATE === '1' || Boolean(env.SIGNSCOPE_READ_TOKEN)
}

/** Whether writing needs a token whatever the store holds: one is set, or this server is private or open to a network. */
export function isGuarded(env: Environment): boolean {
  return Boolean(env.SIGNSCOPE_TOKEN) || isPrivate(env) || isWide(env)
}

function isWide(env: Environment): boolean {
  return !isLoopback(env.SIGNSCOPE_HOST ?? '127.0.0.1')
}

/** Refusal of what the bearer is not allowed; missing, unknown and revoked tokens get the same words. */
export function refuseBearer(access: 'read' | 'write', bearer: Bearer): Refusal | null {
  if (bearer === 'write' || bearer === access) return null
  if (bearer === 'read')
    return {
      status: 403,
      code: 'read_only',
      message: 'This token may read, not write.',
      hint: 'Make one that may with `token create NAME`.',
    }
  return {
    status: 401,
    code: 'unauthorized',
    message: 'This needs a valid token.',
    hint: 'Send the header "Authorization: Bearer TOKEN", or sign in at /sign-in.',
  }
}

/** The token a request shows: in the header of a job, in the cookie of a browser that signed in. */
export function tokenOf(headers: Headers): string | null {
  const authorization = headers.get('authorization')
  if (authorization !== null) return /^Bearer (\S{1,512})$/i.exec(authorization)?.[1] ?? ''
  const cookies = (headers.get('cookie') ?? '').split(';').map((part) => part.trim())
  return cookies.find((part) => part.startsWith(`${tokenCookie}=`))?.slice(tokenCookie.length + 1) ?? null
}

/** What the tokens set in the environment allow. */
export function bearerOf(token: string, env: Environment): Bearer {
  if (env.SIGNSCOPE_TOKEN && sameText(token, env.SIGNSCOPE_TOKEN)) return 'write'
  if (env.SIGNSCOPE_READ_TOKEN && sameText(token, env.SIGNSCOPE_READ_TOKEN)) return 'read'
  return null
}

/** Compares without telling by its duration how much was right. */
function sameText(a: string, b: string): boolean {
  let different = a.length ^ b.length
  for (let i = 0; i < b.length; i++) different |= b.charCodeAt(i) ^ (a.charCodeAt(i) || 0)
  return different === 0
}

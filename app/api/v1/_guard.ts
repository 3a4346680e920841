/** Who may ask at all. Pure: no store, no Next; the proxy and every API route go through here. */

/** Why a request is turned away, as the API reports it. */
export type Refusal = { status: number; code: string; message: string; hint?: string }

export type Environment = Record<string, string | undefined>

const reading = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Refusal of a request, or null. Every method that can change something is checked for its origin and token. */
export function refusalOf(method: string, headers: Headers, env: Environment): Refusal | null {
  const foreign = refuseHost(headers.get('host'), env)
  if (foreign || reading.has(method)) return foreign
  return refuseOrigin(headers) ?? refuseToken(headers.get('authorization'), env)
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
  const wide = !isLoopback(env.SIGNSCOPE_HOST ?? '127.0.0.1')
  if (isLoopback(name) || (wide && !env.ALLOWED_HOSTS && name !== '')) return null
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

/** With SIGNSCOPE_TOKEN set, writes need it as a bearer token. */
function refuseToken(authorization: string | null, env: Environment): Refusal | null {
  const token = env.SIGNSCOPE_TOKEN
  if (!token || sameText(authorization ?? '', `Bearer ${token}`)) return null
  return {
    status: 401,
    code: 'unauthorized',
    message: 'Writing to this server needs its token.',
    hint: 'Send the header "Authorization: Bearer TOKEN".',
  }
}

/** Compares without telling by its duration how much was right. */
function sameText(a: string, b: string): boolean {
  let different = a.length ^ b.length
  for (let i = 0; i < b.length; i++) different |= b.charCodeAt(i) ^ (a.charCodeAt(i) || 0)
  return different === 0
}

/** Runs before every page: turns foreign host names away and gives each answer a nonce for its own scripts. */
import { type NextRequest, NextResponse } from 'next/server'
import { refuseHost } from './app/api/v1/_guard'
import { contentPolicy } from './app/content-policy'

export function proxy(request: NextRequest): NextResponse {
  const refusal = refuseHost(request.headers.get('host'), process.env)
  if (refusal)
    return new NextResponse(`${refusal.message} ${refusal.hint}\n`, {
      status: refusal.status,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    })
  const nonce = btoa(crypto.randomUUID())
  const policy = contentPolicy({ nonce, development: process.env.NODE_ENV === 'development' })
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  // Where to lead a reader back to who has to sign in first.
  headers.set('x-asked-for', request.nextUrl.pathname + request.nextUrl.search)
  // Next reads the nonce for its own scripts from here.
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  return response
}

// API routes guard themselves (app/api/v1/_route.ts), and a proxy would hold uploads in memory; the rest are files.
export const config = { matcher: ['/((?!api/|_next/|tfjs/|engine/|demo/|robots.txt|icon).*)'] }

import * as z from 'zod/mini'
import { bearer } from '../_access'
import { refuseBearer, tokenCookie } from '../_guard'
import { HttpError, json, parse, readJson, route } from '../_route'

export const dynamic = 'force-dynamic'

const SignIn = z.strictObject({ token: z.string().check(z.minLength(1), z.maxLength(512)) })

/** Signs a browser in: keeps a valid token in a cookie that no script reads and no other site sends. */
export const POST = route(async (request) => {
  const { token } = parse(SignIn, await readJson(request, 4096))
  const allowed = await bearer(token)
  const refusal = refuseBearer('read', allowed && 'read')
  if (refusal) throw new HttpError(refusal)
  return withCookie(request, json({ allowed }), token)
}, 'open')

/** Signs it out. */
export const DELETE = route(async (request) => withCookie(request, json({ allowed: null }), null), 'open')

function withCookie(request: Request, answer: Response, token: string | null): Response {
  const secure = request.headers.get('x-forwarded-proto') === 'https' ? '; Secure' : ''
  const age = token === null ? '; Max-Age=0' : '; Max-Age=2592000'
  answer.headers.set(
    'set-cookie',
    `${tokenCookie}=${token ?? ''}; Path=/; HttpOnly; SameSite=Lax${secure}${age}`,
  )
  return answer
}

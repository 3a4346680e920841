import { db } from '@/lib/store/db'
import { json, route } from '../_route'

export const dynamic = 'force-dynamic'

/** Answers once the database does, to anyone: it tells nothing else. */
export const GET = route(async () => {
  await db().run.findFirst({ select: { id: true } })
  return json({ status: 'ok' })
}, 'open')

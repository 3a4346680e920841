import { revokeShare } from '@/lib/store/shares'
import { json, route } from '../../_route'

export const dynamic = 'force-dynamic'

/** Revokes a link: it opens nothing from now on. */
export const DELETE = route<{ id: string }>(async (_request, { id }) => {
  await revokeShare(id)
  return json({ id, revoked: true })
})

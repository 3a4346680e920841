import { listShares } from '../../lib/store/shares'
import { formatAge } from '../_ui/format'
import { PageShell } from '../_ui/page-shell'
import { SharesView } from '../_views/shares-view'
import { readerOnly } from '../reader-only'

export const dynamic = 'force-dynamic'
export const metadata = { title: 'Shared links' }

/** The links made so far; none of them can be read here, as only their hashes are stored. */
export default async function SharesPage() {
  await readerOnly()
  const now = new Date()
  const links = (await listShares()).map((share) => ({
    ...share,
    age: formatAge(share.createdAt, now),
    ended: share.expiresAt !== null && new Date(share.expiresAt) <= now,
  }))
  return (
    <PageShell crumbs={[{ label: 'Shared links' }]}>
      <SharesView links={links} />
    </PageShell>
  )
}

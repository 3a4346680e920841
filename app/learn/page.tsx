import { LearnView } from '../_learn/learn-view'
import { PageShell } from '../_ui/page-shell'
import { hasTourRuns } from '../_views/load-tour'
import { readerOnly } from '../reader-only'

export const dynamic = 'force-dynamic'
export const metadata = { title: 'Learn' }

export default async function LearnPage() {
  await readerOnly()
  return (
    <PageShell crumbs={[{ label: 'Learn' }]}>
      <LearnView tour={await hasTourRuns()} />
    </PageShell>
  )
}

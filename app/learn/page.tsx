import { LearnView } from '../_learn/learn-view'
import { PageShell } from '../_ui/page-shell'
import { readerOnly } from '../reader-only'

export const dynamic = 'force-dynamic'
export const metadata = { title: 'Learn' }

export default async function LearnPage() {
  await readerOnly()
  return (
    <PageShell crumbs={[{ label: 'Learn' }]}>
      <LearnView />
    </PageShell>
  )
}

import Link from 'next/link'
import { PageShell } from '../../_ui/page-shell'
import { Empty } from '../../_ui/states'

/** The same for a link that ended, was revoked or never was: none of them tells which. */
export default function LinkNotFound() {
  return (
    <PageShell crumbs={[{ label: 'Shared view' }]}>
      <Empty
        level={1}
        title="This link opens nothing"
        action={
          <Link className="button" href="/">
            All runs
          </Link>
        }
      >
        <p>It has ended, was revoked, or is spelt differently. Whoever sent it can make a new one.</p>
      </Empty>
    </PageShell>
  )
}

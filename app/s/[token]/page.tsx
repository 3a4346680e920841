import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import type { ReactNode } from 'react'
import { loadViewParams, pageUrl, type SharedView, type ViewParams } from '../../../lib/record/view'
import { openShare } from '../../../lib/store/shares'
import { formatAge } from '../../_ui/format'
import { type Frozen, PageShell } from '../../_ui/page-shell'
import { CompareView } from '../../_views/compare-view'
import { LayerView } from '../../_views/layer-view'
import { loadRunsView, loadRunView } from '../../_views/load'
import { loadCompareView } from '../../_views/load-compare'
import { loadLayerView } from '../../_views/load-layer'
import { loadSampleView } from '../../_views/load-sample'
import { RunView } from '../../_views/run-view'
import { RunsView } from '../../_views/runs-view'
import { SampleView } from '../../_views/sample-view'

export const dynamic = 'force-dynamic'

/** A share link is a capability: it stays out of search engines and referrers, and its title tells nothing. */
export const metadata: Metadata = {
  title: 'Shared view',
  robots: { index: false, follow: false },
  referrer: 'no-referrer',
}

/** The view a link was made of, from the checkpoints it showed; the same answer for every link that leads nowhere. */
export default async function SharedPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params
  const share = await openShare(token)
  if (!share) notFound()
  const { createdAt, ...view } = share
  const initial = loadViewParams(new URLSearchParams(view.query))
  const frozen = { createdAt, age: formatAge(createdAt, new Date()), live: liveUrl(view) }
  const page = await frozenPage(view, initial, frozen, token)
  if (!page) notFound()
  return page
}

function liveUrl({ page, run, layer, query }: SharedView): string {
  const search = new URLSearchParams(query).toString()
  return pageUrl(page, run, layer) + (search ? `?${search}` : '')
}

async function frozenPage(
  { page, run, layer, checkpoints }: SharedView,
  initial: ViewParams,
  frozen: Frozen,
  token: string,
): Promise<ReactNode> {
  const name = run ?? ''
  const pinned = { ids: checkpoints, createdAt: frozen.createdAt }
  if (page === 'runs')
    return (
      <PageShell crumbs={[{ label: 'Runs' }]} frozen={frozen}>
        <RunsView data={await loadRunsView(pinned)} initial={initial} frozen />
      </PageShell>
    )
  if (page === 'run') {
    const data = await loadRunView(name, initial, pinned)
    return data && <RunView data={data} initial={initial} frozen={frozen} />
  }
  if (page === 'layer') {
    const data = await loadLayerView(name, layer ?? '', initial, pinned)
    return data && <LayerView data={data} initial={initial} frozen={frozen} />
  }
  if (page === 'sample') {
    const data = await loadSampleView(name, initial, checkpoints, token)
    return data && <SampleView data={data} initial={initial} frozen={frozen} />
  }
  return (
    <CompareView data={await loadCompareView(initial.r, checkpoints)} initial={initial} frozen={frozen} />
  )
}

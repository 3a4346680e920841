import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import type { SearchParams } from 'nuqs/server'
import type { ReactNode } from 'react'
import { loadViewParams } from '../../../lib/record/load-view'
import type { SharedView } from '../../../lib/record/shared-view'
import { pageUrl } from '../../../lib/record/view'
import { countOpening, openShare, shownCheckpoints } from '../../../lib/store/shares'
import { formatAge } from '../../_ui/format'
import { type Frozen, PageShell } from '../../_ui/page-shell'
import { CompareView } from '../../_views/compare-view'
import { LayerView } from '../../_views/layer-view'
import { loadRunsView, loadRunView } from '../../_views/load'
import { loadCompareView } from '../../_views/load-compare'
import { loadLayerView } from '../../_views/load-layer'
import { loadPreview } from '../../_views/load-preview'
import { loadResultsView } from '../../_views/load-results'
import { loadSampleView } from '../../_views/load-sample'
import { packed } from '../../_views/packed'
import { previewMetadata } from '../../_views/preview-metadata'
import { ResultsView } from '../../_views/results-view'
import { RunView } from '../../_views/run-view'
import { RunsView } from '../../_views/runs-view'
import { SampleView } from '../../_views/sample-view'
import { namesOf } from '../../_views/shared-names'

export const dynamic = 'force-dynamic'

type Props = { params: Promise<{ token: string }>; searchParams: Promise<SearchParams> }

/** A share link is a capability: it stays out of search engines and referrers. What is seen of it is told with it. */
const unlisted: Metadata = {
  title: 'Shared view',
  robots: { index: false, follow: false },
  referrer: 'no-referrer',
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { token } = await params
  const share = await openShare(token)
  if (!share) return unlisted
  const named = await namesOf(share)
  return { ...unlisted, ...(await previewMetadata(named(await loadPreview(share)), { share: token })) }
}

/** The view a link was made of, from the checkpoints it showed; the same answer for every link that leads nowhere. */
export default async function SharedPage({ params, searchParams }: Props) {
  const { token } = await params
  const chosen = await searchParams
  const share = await openShare(token)
  if (!share) notFound()
  const { id, createdAt, expiresAt, anonymous, ...view } = share
  const [checkpoints, named] = await Promise.all([shownCheckpoints(id), namesOf(share)])
  const frozen: Frozen = {
    createdAt,
    expiresAt,
    anonymous,
    age: formatAge(createdAt, new Date()),
    live: anonymous ? undefined : liveUrl(view),
    checkpoints: named(checkpoints),
  }
  const page = await frozenPage(view, frozen, token, named, chosen)
  if (!page) notFound()
  // what a reader chooses in an open view loads it anew and is no opening
  if (Object.keys(chosen).length === 0) await countOpening(id).catch(() => {}) // a store that cannot be written to still shows what it has
  return page
}

function liveUrl({ page, run, layer, query }: SharedView): string {
  const search = new URLSearchParams(query).toString()
  return pageUrl(page, run, layer) + (search ? `?${search}` : '')
}

/** `named` gives what is shown the names the link may tell. */
async function frozenPage(
  { page, run, layer, query, checkpoints }: SharedView,
  frozen: Frozen,
  token: string,
  named: <T>(data: T) => T,
  chosen: SearchParams,
): Promise<ReactNode> {
  const name = run ?? ''
  const params = loadViewParams(new URLSearchParams(query))
  const initial = named(params)
  // the checkpoints are those of the link, curves and their range those the reader chose last
  const { x, y } = loadViewParams({ ...Object.fromEntries(new URLSearchParams(query)), ...chosen })
  const pinned = { ids: checkpoints, createdAt: frozen.createdAt }
  if (page === 'runs')
    return (
      <PageShell crumbs={[{ label: 'Runs' }]} frozen={frozen}>
        <RunsView data={named(await loadRunsView(initial, pinned))} initial={initial} frozen />
      </PageShell>
    )
  if (page === 'run') {
    const data = named(await loadRunView(name, { ...params, x }, pinned))
    return data && <RunView data={packed(data)} initial={initial} frozen={frozen} />
  }
  if (page === 'layer') {
    const data = named(await loadLayerView(name, layer ?? '', params, pinned))
    if (!data) return null
    const { training, ...rest } = data
    return <LayerView data={packed(rest)} training={training} initial={initial} frozen={frozen} />
  }
  if (page === 'sample') {
    const data = await loadSampleView(name, params, checkpoints, token)
    return data && <SampleView data={data} initial={initial} frozen={frozen} />
  }
  if (page === 'results') return <ResultsView data={named(await loadResultsView(pinned))} frozen={frozen} />
  return (
    <CompareView
      data={packed(named(await loadCompareView({ ...params, x, y }, pinned)))}
      initial={initial}
      frozen={frozen}
    />
  )
}

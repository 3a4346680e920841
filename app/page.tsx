import type { SearchParams } from 'nuqs/server'
import { loadViewParams } from '../lib/record/load-view'
import { PageShell } from './_ui/page-shell'
import { loadRunsView } from './_views/load'
import { hasTourRuns } from './_views/load-tour'
import { loadPulse } from './_views/pulse'
import { RunsView } from './_views/runs-view'
import { readerOnly } from './reader-only'

export const dynamic = 'force-dynamic'
export const metadata = { title: 'Runs' }

type Props = { searchParams: Promise<SearchParams> }

export default async function RunsPage({ searchParams }: Props) {
  await readerOnly()
  const [data, pulse, offersTour] = await Promise.all([
    loadRunsView(await loadViewParams(searchParams)),
    loadPulse(null),
    hasTourRuns(),
  ])
  const checkpoints = data.runs.flatMap((run) => run.checkpointId ?? [])
  return (
    <PageShell
      crumbs={[{ label: 'Runs' }]}
      offersTour={offersTour}
      share={{ page: 'runs', run: null, layer: null, checkpoints }}
    >
      <RunsView data={data} pulse={pulse} />
    </PageShell>
  )
}

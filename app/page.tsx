import { PageShell } from './_ui/page-shell'
import { loadRunsView } from './_views/load'
import { RunsView } from './_views/runs-view'

export const dynamic = 'force-dynamic'
export const metadata = { title: 'Runs' }

export default async function RunsPage() {
  const data = await loadRunsView()
  const checkpoints = data.runs.flatMap((run) => run.checkpointId ?? [])
  return (
    <PageShell crumbs={[{ label: 'Runs' }]} share={{ page: 'runs', run: null, layer: null, checkpoints }}>
      <RunsView data={data} />
    </PageShell>
  )
}

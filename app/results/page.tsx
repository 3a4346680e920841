import { loadResultsView } from '../_views/load-results'
import { ResultsView } from '../_views/results-view'
import { readerOnly } from '../reader-only'

export const dynamic = 'force-dynamic'
export const metadata = { title: 'Results' }

export default async function ResultsPage() {
  await readerOnly()
  return <ResultsView data={await loadResultsView()} />
}

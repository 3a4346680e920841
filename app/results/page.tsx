import { loadResultsView } from '../_views/load-results'
import { ResultsView } from '../_views/results-view'

export const dynamic = 'force-dynamic'
export const metadata = { title: 'Results' }

export default async function ResultsPage() {
  return <ResultsView data={await loadResultsView()} />
}

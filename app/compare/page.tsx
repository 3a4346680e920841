import type { SearchParams } from 'nuqs/server'
import { loadViewParams } from '../../lib/record/view'
import { CompareView } from '../_views/compare-view'
import { loadCompareView } from '../_views/load-compare'

export const dynamic = 'force-dynamic'
export const metadata = { title: 'Compare' }

export default async function ComparePage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { r } = await loadViewParams(searchParams)
  return <CompareView data={await loadCompareView(r)} />
}

import type { SearchParams } from 'nuqs/server'
import { loadViewParams } from '../../lib/record/load-view'
import { CompareView } from '../_views/compare-view'
import { loadCompareView } from '../_views/load-compare'
import { packed } from '../_views/packed'
import { loadPulse } from '../_views/pulse'
import { readerOnly } from '../reader-only'

export const dynamic = 'force-dynamic'
export const metadata = { title: 'Compare' }

export default async function ComparePage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  await readerOnly()
  const data = await loadCompareView(await loadViewParams(searchParams))
  const pulse = await loadPulse(data.checkpoints.map(({ run }) => run.name))
  return <CompareView data={packed(data)} pulse={pulse} />
}

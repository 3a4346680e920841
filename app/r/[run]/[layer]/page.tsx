import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import type { SearchParams } from 'nuqs/server'
import { loadViewParams } from '../../../../lib/record/load-view'
import { LayerView } from '../../../_views/layer-view'
import { loadLayerView } from '../../../_views/load-layer'
import { packed } from '../../../_views/packed'
import { readerOnly } from '../../../reader-only'

export const dynamic = 'force-dynamic'

type Props = { params: Promise<{ run: string; layer: string }>; searchParams: Promise<SearchParams> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { run, layer } = await params
  return { title: `${decodeURIComponent(layer)} · ${decodeURIComponent(run)}` }
}

export default async function LayerPage({ params, searchParams }: Props) {
  await readerOnly()
  const { run, layer } = await params
  const data = await loadLayerView(
    decodeURIComponent(run),
    decodeURIComponent(layer),
    await loadViewParams(searchParams),
  )
  if (!data) notFound()
  const { training, ...rest } = data
  return <LayerView data={packed(rest)} training={training} />
}

import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import type { SearchParams } from 'nuqs/server'
import { loadViewParams } from '../../../../lib/record/load-view'
import { loadSampleView } from '../../../_views/load-sample'
import { SampleView } from '../../../_views/sample-view'
import { readerOnly } from '../../../reader-only'

export const dynamic = 'force-dynamic'

type Props = { params: Promise<{ run: string }>; searchParams: Promise<SearchParams> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Sample · ${decodeURIComponent((await params).run)}` }
}

export default async function SamplePage({ params, searchParams }: Props) {
  await readerOnly()
  const name = decodeURIComponent((await params).run)
  const data = await loadSampleView(name, await loadViewParams(searchParams))
  if (!data) notFound()
  return <SampleView data={data} />
}

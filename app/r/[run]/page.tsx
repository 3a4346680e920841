import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import type { SearchParams } from 'nuqs/server'
import { loadViewParams } from '../../../lib/record/view'
import { loadRunView } from '../../_views/load'
import { loadPulse } from '../../_views/pulse'
import { RunView } from '../../_views/run-view'
import { readerOnly } from '../../reader-only'

export const dynamic = 'force-dynamic'

type Props = { params: Promise<{ run: string }>; searchParams: Promise<SearchParams> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).run) }
}

export default async function RunPage({ params, searchParams }: Props) {
  await readerOnly()
  const name = decodeURIComponent((await params).run)
  const [data, pulse] = await Promise.all([
    loadRunView(name, await loadViewParams(searchParams)),
    loadPulse(name),
  ])
  if (!data) notFound()
  return <RunView data={data} pulse={pulse} />
}

import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { notFound } from 'next/navigation'
import type { SearchParams } from 'nuqs/server'
import { loadViewParams } from '../../../lib/record/load-view'
import { loadRunView, nearestCheckpoint } from '../../_views/load'
import { loadPreview } from '../../_views/load-preview'
import { packed } from '../../_views/packed'
import { previewMetadata } from '../../_views/preview-metadata'
import { loadPulse } from '../../_views/pulse'
import { RunView } from '../../_views/run-view'
import { storedRun } from '../../_views/stored-run'
import { refusalOf } from '../../api/v1/_access'
import { readerOnly } from '../../reader-only'

export const dynamic = 'force-dynamic'

type Props = { params: Promise<{ run: string }>; searchParams: Promise<SearchParams> }

export async function generateMetadata({ params, searchParams }: Props): Promise<Metadata> {
  const name = decodeURIComponent((await params).run)
  // who may not read is told nothing but what was asked for
  if (await refusalOf('GET', await headers(), 'read')) return { title: name }
  const [run, { c }] = await Promise.all([storedRun(name), loadViewParams(searchParams)])
  const detail = run && (await nearestCheckpoint(run, c))
  if (!detail) return { title: name }
  const preview = await loadPreview({ page: 'run', layer: null, checkpoints: [detail.id] })
  return previewMetadata(preview, { run: name, c: String(detail.step) })
}

export default async function RunPage({ params, searchParams }: Props) {
  await readerOnly()
  const name = decodeURIComponent((await params).run)
  const [data, pulse] = await Promise.all([
    loadRunView(name, await loadViewParams(searchParams)),
    loadPulse([name]),
  ])
  if (!data) notFound()
  return <RunView data={packed(data)} pulse={pulse} />
}

import type { Metadata } from 'next'
import { headers } from 'next/headers'
import type { Preview } from './load-preview'
import { previewSize } from './preview-picture'

/** Title, description and picture for chat tools. `query` is what /api/v1/previews is asked. */
export async function previewMetadata(preview: Preview, query: Record<string, string>): Promise<Metadata> {
  const asked = await headers()
  const host = asked.get('host') ?? 'localhost'
  const scheme = asked.get('x-forwarded-proto') === 'https' ? 'https' : 'http'
  const description = preview.lines.join('. ')
  const url = `/api/v1/previews?${new URLSearchParams(query)}`
  return {
    metadataBase: new URL(`${scheme}://${host}`),
    title: preview.title,
    description,
    openGraph: {
      siteName: 'Signscope',
      type: 'website',
      title: preview.title,
      description,
      images: [{ url, ...previewSize, alt: `${preview.title}. ${description}` }],
    },
    twitter: { card: 'summary_large_image' },
  }
}

import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { refusalOf } from './api/v1/_access'

/**
 * Sends whoever may not read to the sign-in page. Every page but that one and share links begins with this, so that a
 * document, its RSC payload and a prefetch are refused alike; the proxy alone would guard only what it happens to see.
 */
export async function readerOnly(): Promise<void> {
  const asked = await headers()
  if (!(await refusalOf('GET', asked, 'read'))) return
  redirect(`/sign-in?to=${encodeURIComponent(asked.get('x-asked-for') ?? '/')}`)
}

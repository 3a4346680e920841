'use client'

import { useRouter } from 'next/navigation'
import { useEffect } from 'react'

/** Time between two looks, ms. */
const every = 4000

/**
 * Loads the page's data anew when the store has something new, for some runs or with null for all. The address, and with
 * it the selection, stays. Mount it only while there is something to wait for; it rests in a hidden tab.
 */
export function LiveRefresh({ runs, stamp }: { runs: readonly string[] | null; stamp: string }) {
  const router = useRouter()
  const query = new URLSearchParams(runs?.map((run) => ['run', run])).toString()
  useEffect(() => {
    const stop = new AbortController()
    const timer = setInterval(async () => {
      if (document.hidden) return
      const answer = await fetch(`/api/v1/pulse?${query}`, { signal: stop.signal }).catch(() => null)
      const pulse = answer?.ok ? ((await answer.json()) as { stamp: string }) : null
      if (pulse && pulse.stamp !== stamp) router.refresh()
    }, every)
    return () => {
      clearInterval(timer)
      stop.abort()
    }
  }, [query, stamp, router])
  return null
}

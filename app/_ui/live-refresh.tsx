'use client'

import { useRouter } from 'next/navigation'
import { useEffect } from 'react'

/** Time between two looks, ms. */
const every = 4000

/**
 * Loads the page's data anew when the store has something new, for one run or with null for all. The address, and with
 * it the selection, stays. Mount it only while there is something to wait for; it rests in a hidden tab.
 */
export function LiveRefresh({ run, stamp }: { run: string | null; stamp: string }) {
  const router = useRouter()
  useEffect(() => {
    const stop = new AbortController()
    const timer = setInterval(async () => {
      if (document.hidden) return
      const url = `/api/v1/pulse${run === null ? '' : `?run=${encodeURIComponent(run)}`}`
      const answer = await fetch(url, { signal: stop.signal }).catch(() => null)
      const pulse = answer?.ok ? ((await answer.json()) as { stamp: string }) : null
      if (pulse && pulse.stamp !== stamp) router.refresh()
    }, every)
    return () => {
      clearInterval(timer)
      stop.abort()
    }
  }, [run, stamp, router])
  return null
}

'use client'

import { useSyncExternalStore } from 'react'

const never = () => () => {}

/**
 * How many of `count` rows of a long table are drawn: on the server, and until the browser has taken the page over, the first
 * `most`; then all.
 */
export function useFirst(count: number, most: number): number {
  return useSyncExternalStore(
    never,
    () => count,
    () => Math.min(count, most),
  )
}

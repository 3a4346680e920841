'use client'

import { useEffect } from 'react'

declare global {
  interface Window {
    /** Keys pressed before the page listened, oldest first. */
    earlyKeys?: KeyboardEvent[]
  }
}

/** Plays back what `keepEarlyKeys` kept, once all above it listen: a page is seen before its code has come. */
export function EarlyKeys() {
  useEffect(() => {
    const kept = window.earlyKeys?.splice(0) ?? []
    window.earlyKeys = undefined
    for (const event of kept) event.target?.dispatchEvent(new KeyboardEvent('keydown', event))
  }, [])
  return null
}

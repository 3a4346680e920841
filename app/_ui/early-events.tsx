'use client'

import { useEffect } from 'react'
import { earlyTypes } from './keep-early-events'

type Early = { event: Event; checked?: boolean }

declare global {
  interface Window {
    /** Of the time before the page listened, oldest first (keepEarlyEvents). */
    earlyEvents?: Early[]
  }
}

/** Plays back the keys, clicks and choices that came before the page listened, once all above it does. */
export function EarlyEvents() {
  useEffect(() => {
    const kept = window.earlyEvents ?? []
    window.earlyEvents = undefined
    if (kept.length === 0) return
    // One of them can be what made React hurry; it gets there by itself.
    const arrived = new Set<Event>()
    const note = (event: Event) => arrived.add(event)
    for (const type of earlyTypes) window.addEventListener(type, note)
    setTimeout(() => {
      for (const type of earlyTypes) window.removeEventListener(type, note)
      for (const early of kept)
        if (!arrived.has(early.event) && !early.event.defaultPrevented) playBack(early)
    })
  }, [])
  return null
}

/** What the browser does by itself, as with links and popovers, it has done. */
function playBack({ event, checked }: Early): void {
  const { target } = event
  if (!(target instanceof Element)) return
  if (event instanceof KeyboardEvent) target.dispatchEvent(new KeyboardEvent('keydown', event))
  else if (event.type === 'change') {
    if (target.matches('select, [type="file"]')) target.dispatchEvent(new Event('change', { bubbles: true }))
  } else if (target instanceof HTMLInputElement) {
    if (!target.matches('[type="checkbox"], [type="radio"]')) return
    target.checked = !checked
    target.click()
  } else target.closest<HTMLElement>('button:not([popovertarget])')?.click()
}

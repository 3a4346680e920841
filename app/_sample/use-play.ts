'use client'

import { useEffect, useState } from 'react'

/** At speed 1. */
const msPerStep = 90

/** Advances a step at a time until the last; readers who want no motion get one step per press. */
export function usePlay(at: number, last: number, speed: number, onMove: (index: number) => void) {
  const [playing, setPlaying] = useState(false)
  useEffect(() => {
    if (!playing) return
    if (at >= last) {
      setPlaying(false)
      return
    }
    const timer = setTimeout(() => onMove(at + 1), msPerStep / speed)
    return () => clearTimeout(timer)
  })
  function toggle() {
    if (playing) return setPlaying(false)
    const from = at >= last ? 0 : at + 1
    onMove(from)
    if (!matchMedia('(prefers-reduced-motion: reduce)').matches) setPlaying(true)
  }
  return { playing, toggle }
}

/** Space plays, unless it belongs to the control that has focus. */
export function usePlayKey(toggle: () => void): void {
  useEffect(() => {
    function handle(event: KeyboardEvent) {
      const target = event.target instanceof Element ? event.target : null
      if (event.key !== ' ' || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey)
        return
      if (target?.closest('button, a, input, select, textarea, summary, [role="dialog"]')) return
      event.preventDefault()
      toggle()
    }
    window.addEventListener('keydown', handle)
    return () => window.removeEventListener('keydown', handle)
  })
}

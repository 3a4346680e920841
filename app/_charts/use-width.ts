'use client'

import { useEffect, useRef, useState } from 'react'

/** Width in px of the element the ref is put on; `initial` until it is on the page. A given `fixed` width wins. */
export function useWidth(initial: number, fixed?: number) {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(fixed ?? initial)
  useEffect(() => {
    const element = ref.current
    if (fixed !== undefined || !element) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.max(120, Math.floor(entry.contentRect.width)))
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [fixed])
  return [ref, fixed ?? width] as const
}

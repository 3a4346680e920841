'use client'

import { type ReactNode, useEffect, useRef, useState } from 'react'

/** A table, or a formula, that may be wider than its card; while it is, the keyboard can reach it to scroll (WCAG 2.1.1). */
export function TableScroll({
  label,
  className = '',
  children,
}: {
  label: string
  className?: string
  children: ReactNode
}) {
  const ref = useRef<HTMLDivElement>(null)
  const [wide, setWide] = useState(false)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(() => setWide(element.scrollWidth > element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const reachable = wide ? { role: 'region', tabIndex: 0, 'aria-label': label } : {}
  return (
    <div ref={ref} className={`table-scroll ${className}`} {...reachable}>
      {children}
    </div>
  )
}

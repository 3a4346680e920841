'use client'

import { type RefObject, useEffect, useState } from 'react'
import { flushSync } from 'react-dom'

/** The rows of a table that are drawn: from the first of them to before `to`. */
export type DrawnRows = { from: number; to: number }

/** A table of so many rows is drawn whole; of a longer one every pointer move would cost the browser more than a frame. */
export const mostWhole = 160
/** Rows drawn before a browser has the table: a screen of it, where it begins below the pictures. */
const atFirst = 24
/** Rows drawn beyond either end of the window at least, and by how many at a time they become others. */
const margin = 12

/** Rows in a window from `top` to `bottom`, px below the first row's upper edge, and some around them. */
export function rowsAround(top: number, bottom: number, rowHeight: number, count: number): DrawnRows {
  const lastStart = Math.max(0, Math.floor((count - 1) / margin) * margin)
  const from = Math.floor(top / rowHeight / margin) * margin - margin
  const to = Math.ceil(bottom / rowHeight / margin) * margin + margin
  return { from: Math.min(lastStart, Math.max(0, from)), to: Math.min(count, Math.max(margin, to)) }
}

/**
 * The rows of a table body that are drawn: of a long table those in the window, and while it is printed or kept as a file, all.
 * Rows have the same height, px.
 */
export function useRowsInView(
  body: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): DrawnRows {
  const [drawn, setDrawn] = useState<DrawnRows>({ from: 0, to: atFirst })
  useEffect(() => {
    const all = () => setDrawn({ from: 0, to: count })
    if (count <= mostWhole) {
      all()
      return
    }
    const look = () => {
      const top = body.current?.getBoundingClientRect().top ?? 0
      const now = rowsAround(-top, window.innerHeight - top, rowHeight, count)
      setDrawn((before) => (before.from === now.from && before.to === now.to ? before : now))
    }
    look()
    // whoever prints or keeps the page does so as soon as all have heard of it
    const allNow = () => flushSync(all)
    const changes = ['scroll', 'resize', 'afterprint']
    for (const change of changes) window.addEventListener(change, look, { passive: true })
    window.addEventListener('beforeprint', allNow)
    return () => {
      for (const change of changes) window.removeEventListener(change, look)
      window.removeEventListener('beforeprint', allNow)
    }
  }, [body, count, rowHeight])
  return { from: Math.min(drawn.from, count), to: Math.min(drawn.to, count) }
}

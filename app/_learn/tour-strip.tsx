'use client'

import Link from 'next/link'
import { usePathname, useSearchParams } from 'next/navigation'
import { useEffect, useRef, useState } from 'react'
import { loadViewParams } from '../../lib/record/load-view'
import { placeOf } from '../../lib/record/view'
import type { TourState } from '../_ui/use-tour'
import './tour.css'
import { isAt, markOf, type Stop, stops, stopUrl } from './tour-stops'

type TourStripProps = { at: number; onMove: (state: TourState) => void }

/** The words of one stop under the top bar, what they are about marked on the page, and the way on. */
export default function TourStrip({ at, onMove }: TourStripProps) {
  const path = usePathname()
  const view = loadViewParams(new URLSearchParams(useSearchParams()))
  const place = placeOf(path)
  const stop = stops[Math.min(at, stops.length - 1)]!
  const next = stops[at + 1]
  const here = isAt(stop, place)
  const mark = useMark(here ? at : null)

  const strip = useRef<HTMLElement>(null)
  // whoever goes on by keyboard goes on from here
  useEffect(() => {
    if (at > 0) strip.current?.focus({ preventScroll: true })
  }, [at])

  const urlOf = (to: Stop) => stopUrl(to, view, to.run === place?.run)
  const marked = mark?.querySelector('a[href]')?.getAttribute('href') ?? null
  const onward = here && next ? (urlOf(next) ?? marked) : null
  // to the layer leads the stop before
  const returnTo = stop.page === 'layer' ? at - 1 : at
  const back = here ? null : urlOf(stops[returnTo]!)
  return (
    <aside ref={strip} className="tour-strip" aria-label="Tour" tabIndex={-1}>
      <div>
        <p>
          <span className="soft">
            {at + 1} of {stops.length}
          </span>{' '}
          <b>{stop.title}.</b> {stop.words}
        </p>
        <div className="tour-ways">
          {back && (
            <Link className="button" href={back} onClick={() => onMove(returnTo)}>
              Back to the tour
            </Link>
          )}
          {next && onward && (
            <Link className="button solid" href={onward} onClick={() => onMove(at + 1)}>
              Next: {next.title}
            </Link>
          )}
          {here && !next && (
            <Link className="button solid" href="/learn" onClick={() => onMove('over')}>
              Done: the terms behind it
            </Link>
          )}
          <button type="button" className="text-button" onClick={() => onMove('over')}>
            End the tour
          </button>
        </div>
      </div>
    </aside>
  )
}

/** How long a page may take to show what is to be marked, or to put another row first, and how often one looks, ms. */
const [patience, interval] = [20_000, 200]

/** Marks what the stop is about and brings it into sight, once it is on the page; null: nothing. */
function useMark(at: number | null): Element | null {
  const [mark, setMark] = useState<Element | null>(null)
  useEffect(() => {
    const stop = at === null ? undefined : stops[at]
    const end = performance.now() + patience
    let marked: Element | undefined
    const timer = setInterval(look, interval)
    function look() {
      if (performance.now() > end) clearInterval(timer)
      const found = stop && markOf(stop, document)
      if (found === marked) return
      marked?.removeAttribute('data-toured')
      marked = found
      if (!marked) return
      marked.setAttribute('data-toured', '')
      const tall = marked.getBoundingClientRect().height > 0.8 * window.innerHeight
      marked.scrollIntoView({ block: tall ? 'start' : 'center' })
      setMark(marked)
    }
    return () => {
      clearInterval(timer)
      marked?.removeAttribute('data-toured')
      setMark(null)
    }
  }, [at])
  return mark
}

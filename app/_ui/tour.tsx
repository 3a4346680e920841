'use client'

import { lazy, Suspense } from 'react'
import { useTour } from './use-tour'

const TourStrip = lazy(() => import('../_learn/tour-strip'))

/** The stop a reader is at who takes the tour; nothing for others. */
export function Tour() {
  const [state, setState] = useTour()
  if (typeof state !== 'number') return null
  return (
    <Suspense>
      <TourStrip at={state} onMove={setState} />
    </Suspense>
  )
}

/** Offers the tour on a first visit, in the top bar, where it moves nothing and covers nothing. */
export function TourOffer() {
  const [state, setState] = useTour()
  if (state !== 'new') return null
  return (
    <section className="tour-offer small" aria-label="Tour">
      <span className="soft">First time here?</span>
      <button type="button" className="text-button" onClick={() => setState(0)}>
        One-minute tour
      </button>
      <button
        type="button"
        className="text-button"
        aria-label="No tour, thanks"
        title="No, thanks"
        onClick={() => setState('over')}
      >
        ✕
      </button>
    </section>
  )
}

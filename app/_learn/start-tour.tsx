'use client'

import Link from 'next/link'
import { useTour } from '../_ui/use-tour'

/** Begins the tour, again if need be. */
export function StartTour() {
  const [, setState] = useTour()
  return (
    <Link className="button" href="/" onClick={() => setState(0)}>
      One-minute tour of the demo runs
    </Link>
  )
}

'use client'

import { lazy, Suspense } from 'react'
import type { PageShellProps } from './page-shell'

const PageShell = lazy(() => import('./page-shell').then((m) => ({ default: m.PageShell })))

/** The frame of pages that are seldom seen: every page brings their code along, so that it must not bring the frame again. */
export function LazyShell(props: PageShellProps) {
  return (
    <Suspense fallback={props.children}>
      <PageShell {...props} />
    </Suspense>
  )
}

'use client'

import dynamic from 'next/dynamic'

/** The frame of pages that are seldom seen: every page brings their code along, so that it must not bring the frame again. */
export const LazyShell = dynamic(() => import('./page-shell').then(({ PageShell }) => PageShell))

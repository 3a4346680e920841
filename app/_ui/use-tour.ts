'use client'

import { useSyncExternalStore } from 'react'

const storageKey = 'signscope.tour'

/** 'new': a first visit; 'over': taken or declined; else the stop the reader is at, from 0. */
export type TourState = 'new' | 'over' | number

const listeners = new Set<() => void>()

function read(): TourState {
  const stored = localStorage.getItem(storageKey)
  if (stored === null) return 'new'
  const stop = Number.parseInt(stored, 10)
  return Number.isNaN(stop) ? 'over' : stop
}

function set(state: TourState): void {
  localStorage.setItem(storageKey, String(state))
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Where the reader is on the tour, which the browser remembers; the server takes it for over and draws nothing of it. */
export function useTour(): [TourState, (state: TourState) => void] {
  return [useSyncExternalStore(subscribe, read, (): TourState => 'over'), set]
}

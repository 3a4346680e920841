'use client'

import { type Options, useQueryStates } from 'nuqs'
import { useMemo } from 'react'
import { type ViewParams, viewParams } from '../../lib/record/view'

type SetView = (values: Partial<ViewParams>, options?: Options) => void

/** A change of the same parameters so soon after the last goes on with it: a slider dragged, a film playing, a word typed. */
const burstMs = 500

export type Change = { names: string; at: number }

/** Whether a change is a step of its own, which the back button undoes, or goes on with the one before. */
export function historyOf(before: Change | null, change: Change): 'push' | 'replace' {
  const goesOn = before?.names === change.names && change.at - before.at < burstMs
  return goesOn ? 'replace' : 'push'
}

let lastChange: Change | null = null

/**
 * The view state of a page: what the URL says, else what `initial` says (a frozen view), else the defaults.
 * Setting changes the URL without a request; pass `{shallow: false}` if the server must load something else. The back button
 * undoes what was set.
 */
export function useView(initial?: Partial<ViewParams>): [ViewParams, SetView] {
  const parsers = useMemo(() => withInitial(initial), [initial])
  const [view, setView] = useQueryStates(parsers, { scroll: false })
  const set: SetView = (values, options) => {
    const change = { names: Object.keys(values).sort().join(), at: performance.now() }
    const history = historyOf(lastChange, change)
    lastChange = change
    void setView(values, { history, ...options })
  }
  return [view as ViewParams, set]
}

function withInitial(initial?: Partial<ViewParams>): typeof viewParams {
  const parsers: Record<string, unknown> = { ...viewParams }
  for (const [name, value] of Object.entries(initial ?? {})) {
    const parser = viewParams[name as keyof typeof viewParams] as { withDefault(value: unknown): unknown }
    if (value !== null && value !== undefined) parsers[name] = parser.withDefault(value)
  }
  return parsers as typeof viewParams
}

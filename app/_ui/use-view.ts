'use client'

import { type Options, useQueryStates } from 'nuqs'
import { useMemo } from 'react'
import { type ViewParams, viewParams } from '../../lib/record/view'

type SetView = (values: Partial<ViewParams>, options?: Options) => void

/**
 * The view state of a page: what the URL says, else what `initial` says (a frozen view), else the defaults.
 * Setting replaces the URL without a request; pass `{shallow: false}` if the server must load something else.
 */
export function useView(initial?: Partial<ViewParams>): [ViewParams, SetView] {
  const parsers = useMemo(() => withInitial(initial), [initial])
  const [view, setView] = useQueryStates(parsers, { history: 'replace', scroll: false })
  return [view as ViewParams, (values, options) => void setView(values, options)]
}

function withInitial(initial?: Partial<ViewParams>): typeof viewParams {
  const parsers: Record<string, unknown> = { ...viewParams }
  for (const [name, value] of Object.entries(initial ?? {})) {
    const parser = viewParams[name as keyof typeof viewParams] as { withDefault(value: unknown): unknown }
    if (value !== null && value !== undefined) parsers[name] = parser.withDefault(value)
  }
  return parsers as typeof viewParams
}

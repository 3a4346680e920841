'use client'

import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { chartTables } from './chart-tables'
import { type ChartTable, DataTable } from './data-table'
import { TakeAway } from './take-away'

export type ChartFrameProps = {
  /** What one learns from the chart; shown as its heading. */
  title: ReactNode
  /** What is drawn, its unit and direction. */
  caption?: ReactNode
  /** One sentence with the chart's message: its name for screen readers. */
  message: string
  table: ChartTable
  /** What the chart is called in the names of its files. */
  fileName: string
  level?: 2 | 3
  /** Controls beside the title. */
  tools?: ReactNode
  /** Keys of the chart besides T; return true if the key was used. */
  onKey?: (event: KeyboardEvent) => boolean
  /** Enter opens what is selected. */
  opens?: boolean
  /** What `onKey` takes, for the keyboard map; arrows, and enter where it opens, if not given. */
  keys?: string
  children: ReactNode
}

/** Head, one tab stop, table alternative and files to take away: what every chart has around its picture. */
export function ChartFrame(props: ChartFrameProps) {
  const { title, caption, message, table, fileName, level = 2, tools, onKey, opens, keys, children } = props
  const [asTable, setAsTable] = useState(false)
  const Heading = level === 2 ? 'h2' : 'h3'
  const heading = useId()
  const section = useRef<HTMLElement>(null)
  useEffect(() => {
    if (section.current) chartTables.set(section.current, table)
  })

  function handleKey(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key.toLowerCase() === 't' && !event.shiftKey) setAsTable(!asTable)
    else if (!onKey?.(event)) return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <section ref={section} className="chart" aria-labelledby={heading}>
      <header className="chart-head">
        <Heading id={heading}>{title}</Heading>
        <div className="tools">
          {tools}
          <button
            type="button"
            className="text-button"
            aria-pressed={asTable}
            aria-label={`Table of ${fileName}`}
            title="Table (T)"
            onClick={() => setAsTable(!asTable)}
          >
            table
          </button>
          <TakeAway section={section} fileName={fileName} message={message} table={table} asTable={asTable} />
        </div>
        {caption && <p className="caption">{caption}</p>}
      </header>
      {/* A chart is one tab stop: arrows move its selection, T shows its table and hides it again. */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div
        className="plot"
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard selection inside the chart
        tabIndex={0}
        aria-label={message}
        data-keys={onKey && (keys ?? (opens ? 'arrows enter' : 'arrows'))}
        onKeyDown={handleKey}
      >
        {asTable ? <DataTable table={table} name={message} /> : children}
      </div>
    </section>
  )
}

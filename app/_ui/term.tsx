'use client'

import { lazy, type MouseEvent, type ReactNode, Suspense, useEffect, useId, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import type { TermId } from '../_learn/glossary'

const Explanation = lazy(() => import('../_learn/explanation'))

type TermProps = {
  id: TermId
  /** What a screen reader calls the button, where the words it stands on do not say what is explained. */
  label?: string
  children: ReactNode
}

/**
 * Words that explain themselves: a button with a dotted line, and what it opens. The explanation, its formula and its live picture are
 * fetched when they are asked for. Escape closes it and gives the focus back, as does a click elsewhere.
 */
export function Term({ id, label, children }: TermProps) {
  const [open, setOpen] = useState(false)
  const popover = useId()
  const button = useRef<HTMLButtonElement>(null)

  function handleClick(event: MouseEvent) {
    // opened and closed here alone; as the popover's target the button is not "elsewhere"
    event.preventDefault()
    event.stopPropagation()
    setOpen(!open)
  }
  return (
    <>
      <button
        ref={button}
        type="button"
        className="term"
        aria-label={label}
        aria-expanded={open}
        popoverTarget={open ? popover : undefined}
        onClick={handleClick}
        // in a chart Enter would open the selected layer
        onKeyDown={(event) => ['Enter', ' '].includes(event.key) && event.stopPropagation()}
      >
        {children}
      </button>
      {open &&
        createPortal(
          <Explainer id={popover} term={id} button={button.current} onClose={() => setOpen(false)} />,
          document.body,
        )}
    </>
  )
}

type ExplainerProps = { id: string; term: TermId; button: HTMLButtonElement | null; onClose: () => void }

function Explainer({ id, term, button, onClose }: ExplainerProps) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = box.current
    if (!element) return
    // with its source the box stands at the button, where the browser can do that; else in the middle
    element.showPopover({ source: button ?? undefined })
    element.focus()
  }, [button])
  return (
    <div
      ref={box}
      id={id}
      popover="auto"
      role="dialog"
      aria-label={button?.ariaLabel ?? button?.textContent ?? undefined}
      tabIndex={-1}
      className="floating explainer"
      // of what is inside clicks and keys are not those of the chart the button is in
      onClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => event.stopPropagation()}
      onToggle={(event) => event.newState === 'closed' && onClose()}
    >
      <Suspense fallback={<div className="skeleton" style={{ height: 120 }} />}>
        <Explanation id={term} />
      </Suspense>
    </div>
  )
}

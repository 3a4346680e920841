'use client'

import { type ReactNode, type RefObject, type ToggleEvent, useEffect, useId, useRef, useState } from 'react'

type PopoverProps = {
  /** Its name for screen readers. */
  label: string
  className: string
  /** What its button looks like. */
  button: { className: string; label?: string; words: string; ref?: RefObject<HTMLButtonElement | null> }
  /** Called whenever it opens. */
  onOpen?: () => void
  /** The pointer or the focus comes near: what it will show may be fetched. */
  onNear?: () => void
  children: (close: () => void) => ReactNode
}

/** Between a button and its box, px. */
const gap = 4
/** Where less room is left below a button its box stands above, px. */
const room = 200

/** A button and the box it opens below itself; Escape and a click elsewhere close it. */
export function Popover({ label, className, button, onOpen, onNear, children }: PopoverProps) {
  const id = useId()
  const opener = useRef<HTMLButtonElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState(false)
  const ref = button.ref ?? opener

  function fill() {
    if (!ref.current || !box.current) return
    Object.assign(box.current.style, placeBy(ref.current.getBoundingClientRect()))
    onOpen?.()
    setOpen(true)
  }
  // The browser opens it by itself, be it before the page listens.
  useEffect(() => {
    if (box.current?.matches(':popover-open')) fill()
  }, [])
  function handleToggle({ newState }: ToggleEvent) {
    if (newState === 'open') box.current?.querySelector<HTMLElement>('select, input, button, a')?.focus()
    else setOpen(false)
  }
  return (
    <>
      <button
        ref={ref}
        type="button"
        className={button.className}
        aria-label={button.label}
        aria-haspopup="dialog"
        aria-expanded={open}
        popoverTarget={id}
        onPointerEnter={onNear}
        onFocus={onNear}
      >
        {button.words}
      </button>
      <div
        ref={box}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={label}
        className={`floating popover ${className}`}
        onBeforeToggle={({ newState }) => newState === 'open' && fill()}
        onToggle={handleToggle}
      >
        {open && children(() => box.current?.hidePopover())}
      </div>
    </>
  )
}

/** A place on the page that ends where the button ends, and moves with the page. */
function placeBy({ top, bottom, right }: DOMRect): Partial<CSSStyleDeclaration> {
  const { clientWidth, clientHeight } = document.documentElement
  const above = clientHeight - bottom < room && top > room
  return {
    top: above ? 'auto' : `${bottom + gap + window.scrollY}px`,
    bottom: above ? `${clientHeight - top + gap - window.scrollY}px` : 'auto',
    right: `${Math.max(gap, clientWidth - right)}px`,
  }
}

'use client'

import { type MouseEvent, type ReactNode, useEffect, useRef } from 'react'

type DialogProps = {
  open: boolean
  /** Escape, or a click beside it. */
  onClose: () => void
  /** Its name for screen readers. */
  label: string
  className?: string
  children: ReactNode
}

/** A box over the page, which rests meanwhile; focus goes back to where it was. */
export function Dialog({ open, onClose, label, className = '', children }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open) box.current?.showModal()
    else box.current?.close()
  }, [open])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is what a click beside it is with keys
    <dialog
      ref={box}
      className={`floating dialog ${className}`}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => isBeside(event) && onClose()}
    >
      {open && children}
    </dialog>
  )
}

/** What lies behind a dialog counts as a part of it. */
function isBeside({ target, currentTarget, clientX, clientY }: MouseEvent): boolean {
  if (target !== currentTarget) return false
  const { left, right, top, bottom } = currentTarget.getBoundingClientRect()
  return clientX < left || clientX > right || clientY < top || clientY > bottom
}

'use client'

import { lazy, Suspense, useState } from 'react'
import { Dialog } from './dialog'
import './jump.css'
import { useKeys } from './use-keys'

const loadList = () => import('./jump-list')
const JumpList = lazy(loadList)

const purpose = 'Jump to a run, checkpoint, layer or page'

/** The button and Ctrl or Command with K: a list of places that narrows with every word. */
export function JumpPalette() {
  const [isOpen, setOpen] = useState(false)
  const open = () => setOpen(true)
  const close = () => setOpen(false)
  useKeys({ 'Mod+k': isOpen ? close : open })
  return (
    <>
      <button
        type="button"
        className="button jump-button"
        title={purpose}
        aria-haspopup="dialog"
        aria-keyshortcuts="Control+K Meta+K"
        onPointerEnter={() => void loadList()}
        onFocus={() => void loadList()}
        onClick={open}
      >
        <svg width={14} height={14} viewBox="0 0 14 14" fill="none" stroke="currentColor" aria-hidden>
          <circle cx={6} cy={6} r={4.5} strokeWidth={1.5} />
          <path d="M9.5 9.5 13 13" strokeWidth={1.5} />
        </svg>
        <span className="words">Jump to …</span>
        <kbd aria-hidden>Ctrl K</kbd>
      </button>
      <Dialog open={isOpen} onClose={close} label={purpose} className="jump">
        <Suspense>
          <JumpList label={purpose} onDone={close} />
        </Suspense>
      </Dialog>
    </>
  )
}

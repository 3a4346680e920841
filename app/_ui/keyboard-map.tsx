'use client'

import { lazy, Suspense, useState } from 'react'
import { Dialog } from './dialog'
import { useKeys } from './use-keys'

const KeyList = lazy(() => import('./key-list'))

/** The keys, and the switch that turns single letters off. */
export function KeyboardMap() {
  const [open, setOpen] = useState(false)
  const show = () => setOpen(true)
  const close = () => setOpen(false)
  useKeys({ '?': show })
  return (
    <>
      <button type="button" className="text-button" aria-haspopup="dialog" onClick={show}>
        <kbd>?</kbd> keyboard map
      </button>
      <Dialog open={open} onClose={close} label="Keyboard map">
        <h2>Keyboard map</h2>
        <Suspense>
          <KeyList />
        </Suspense>
        <button type="button" className="button" onClick={close}>
          Close
        </button>
      </Dialog>
    </>
  )
}

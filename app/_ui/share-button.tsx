'use client'

import { lazy, Suspense, useRef } from 'react'
import type { ShareSubject } from '../../lib/record/shared-view'
import { Popover } from './popover'
import { useKeys } from './use-keys'

const loadForm = () => import('./share-form')
const ShareForm = lazy(loadForm)

/** Makes a short link to the view as it stands. */
export function ShareButton({ subject }: { subject: ShareSubject }) {
  const button = useRef<HTMLButtonElement>(null)
  useKeys({ s: () => button.current?.click() })
  return (
    <Popover
      label="Share this view"
      className="share-box"
      button={{ className: 'button solid', words: 'Share view', ref: button }}
      onNear={() => void loadForm()}
    >
      {() => (
        <Suspense>
          <ShareForm subject={subject} />
        </Suspense>
      )}
    </Popover>
  )
}

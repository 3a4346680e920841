'use client'

import { Popover } from 'radix-ui'
import { useRef, useState } from 'react'
import type { SharedView } from '../../lib/record/view'
import { useKeys } from './use-keys'

/** What a page knows of itself; the query is read from the address bar when the link is made. */
export type ShareSubject = Omit<SharedView, 'query'>

type State = { link: string } | { problem: string } | null

/** Freezes the view as it stands and shows its short link. */
export function ShareButton({ subject }: { subject: ShareSubject }) {
  const [open, setOpen] = useState(false)
  const [state, setState] = useState<State>(null)
  const [copied, setCopied] = useState(false)
  const field = useRef<HTMLInputElement>(null)

  async function handleOpen(next: boolean) {
    setOpen(next)
    if (!next) return
    setState(null)
    setCopied(false)
    setState(await createShare({ ...subject, query: window.location.search.slice(1) }))
  }
  async function copy(link: string) {
    field.current?.select()
    try {
      await navigator.clipboard.writeText(link)
      setCopied(true)
    } catch {
      // Clipboard needs a secure context; the selected text can be copied by hand.
      setCopied(document.execCommand?.('copy') ?? false)
    }
  }
  useKeys({ s: () => void handleOpen(true) })

  return (
    <Popover.Root open={open} onOpenChange={handleOpen}>
      <Popover.Trigger className="button solid">Share view</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className="floating share-box"
          align="end"
          sideOffset={8}
          aria-label="Share this view"
        >
          <h3>Link to this view</h3>
          {state === null && <p className="caption">Making a link …</p>}
          {state && 'link' in state && (
            <>
              <div className="share-row">
                <input
                  ref={field}
                  className="field"
                  readOnly
                  value={state.link}
                  aria-label="Short link"
                  onFocus={(event) => event.target.select()}
                />
                <button type="button" className="button" onClick={() => copy(state.link)}>
                  {copied ? 'Copied' : 'Copy'}
                </button>
              </div>
              <p className="caption">
                It opens exactly this view: selection, timestep, seed, and these checkpoints even after newer
                ones arrive.
              </p>
            </>
          )}
          {state && 'problem' in state && (
            <p className="worse" role="alert">
              ◆ {state.problem}
            </p>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

async function createShare(view: SharedView): Promise<{ link: string } | { problem: string }> {
  try {
    const response = await fetch('/api/v1/shares', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(view),
    })
    const body = await response.json()
    if (!response.ok) {
      return {
        problem:
          [body?.error?.message, body?.error?.hint].filter(Boolean).join(' ') || 'The link was refused.',
      }
    }
    return { link: `${window.location.origin}/s/${body.token}` }
  } catch {
    return { problem: 'The server did not answer. The address in the address bar opens the same view.' }
  }
}

'use client'

import Link from 'next/link'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { SharedView, ShareSubject, ShareTerms } from '../../lib/record/shared-view'
import { shareDays } from '../../lib/record/view'

type State = { link: string; terms: ShareTerms } | { problem: string } | 'making' | null

const formatDays = (days: ShareTerms['days']): string =>
  days === null ? 'never' : days === 1 ? 'after 1 day' : `after ${days} days`

/** Asks until when and with which names, then freezes the view as it stands and shows its short link, once. */
export default function ShareForm({ subject }: { subject: ShareSubject }) {
  const [state, setState] = useState<State>(null)
  async function make(terms: ShareTerms) {
    setState('making')
    setState(await createShare({ ...subject, query: window.location.search.slice(1) }, terms))
  }
  return (
    <>
      <h3>Link to this view</h3>
      {state !== null && typeof state === 'object' && 'link' in state ? (
        <MadeLink {...state} />
      ) : (
        <TermsForm page={subject.page} making={state === 'making'} onMake={make} />
      )}
      {state !== null && typeof state === 'object' && 'problem' in state && (
        <p className="worse" role="alert">
          ◆ {state.problem}
        </p>
      )}
      <p className="small">
        <Link href="/shares">Links made so far</Link>
      </p>
    </>
  )
}

function TermsForm(props: {
  page: SharedView['page']
  making: boolean
  onMake: (terms: ShareTerms) => Promise<void>
}) {
  const first = useRef<HTMLSelectElement>(null)
  const [days, setDays] = useState<ShareTerms['days']>(null)
  const [anonymous, setAnonymous] = useState(false)
  useEffect(() => first.current?.focus(), [])
  function handleSubmit(event: FormEvent) {
    event.preventDefault()
    void props.onMake({ days, anonymous })
  }
  return (
    <form className="share-form" onSubmit={handleSubmit}>
      <label className="share-row">
        <span>It ends</span>
        <select
          ref={first}
          className="field"
          value={days ?? 'never'}
          onChange={({ target }) =>
            setDays(shareDays.find((choice) => String(choice) === target.value) ?? null)
          }
        >
          {[...shareDays, null].map((choice) => (
            <option key={choice} value={choice ?? 'never'}>
              {formatDays(choice)}
            </option>
          ))}
        </select>
      </label>
      {/* The Sample page runs the files themselves, which may name their maker. */}
      {props.page !== 'sample' && (
        <label className="share-tick">
          <input
            type="checkbox"
            checked={anonymous}
            onChange={({ target }) => setAnonymous(target.checked)}
          />
          anonymous: no names of runs and files
        </label>
      )}
      <button type="submit" className="button solid" disabled={props.making}>
        {props.making ? 'Making a link …' : 'Make link'}
      </button>
    </form>
  )
}

function MadeLink({ link, terms }: { link: string; terms: ShareTerms }) {
  const [copied, setCopied] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  async function copy() {
    field.current?.select()
    try {
      await navigator.clipboard.writeText(link)
      setCopied(true)
    } catch {
      // Clipboard needs a secure context; the selected text can be copied by hand.
      setCopied(document.execCommand?.('copy') ?? false)
    }
  }
  return (
    <>
      <div className="share-row">
        <input
          ref={field}
          className="field"
          readOnly
          value={link}
          aria-label="Short link"
          onFocus={(event) => event.target.select()}
        />
        <button type="button" className="button" onClick={() => void copy()}>
          {copied ? 'Copied' : 'Copy'}
        </button>
      </div>
      <p className="caption">
        It opens exactly this view: selection, timestep, seed, and these checkpoints even after newer ones
        arrive.{terms.anonymous && ' Runs and files have other names there.'}{' '}
        {terms.days === null
          ? 'It opens until it is revoked'
          : `It ends ${formatDays(terms.days)}, or when it is revoked`}
        , and is not shown again.
      </p>
    </>
  )
}

async function createShare(
  view: SharedView,
  terms: ShareTerms,
): Promise<{ link: string; terms: ShareTerms } | { problem: string }> {
  try {
    const response = await fetch('/api/v1/shares', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...view, ...terms }),
    })
    const body = await response.json()
    if (!response.ok) {
      return {
        problem:
          [body?.error?.message, body?.error?.hint].filter(Boolean).join(' ') || 'The link was refused.',
      }
    }
    return { link: `${window.location.origin}/s/${body.token}`, terms }
  } catch {
    return { problem: 'The server did not answer. The address in the address bar opens the same view.' }
  }
}

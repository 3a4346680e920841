'use client'

import { useRouter } from 'next/navigation'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { type FoundPlaces, wordsOf } from '../../lib/record/places'
import { type Here, hereOf, pageTargets, shownWords, type Target, targetOf } from './jump-targets'

/** What the server found for a text, or why it did not. */
type Answer = { text: string } & (FoundPlaces | { problem: string })

/** A field, and the places that have all of its words. */
export default function JumpList({ label, onDone }: { label: string; onDone: () => void }) {
  const router = useRouter()
  const [here] = useState(() => hereOf(window.location.pathname, window.location.search))
  const field = useRef<HTMLInputElement>(null)
  const id = useId()
  const [text, setText] = useState('')
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [chosen, setChosen] = useState(0)
  /** Enter was pressed before the answer to the text had come. */
  const hurry = useRef(false)
  const found = answer && 'places' in answer ? answer : null
  const current = answer?.text === text
  const terms = useTerms(text)
  const targets = [...targetsOf(text, here, found), ...terms]
  const active = Math.min(chosen, targets.length - 1)

  function open(target: Target | undefined) {
    if (!target) return
    onDone()
    router.push(target.url)
  }

  useEffect(() => field.current?.focus(), [])
  useEffect(() => {
    const stop = new AbortController()
    void findPlaces(text, here, stop.signal).then((next) => {
      if (!next) return
      setAnswer(next)
      setChosen(0)
      if (!hurry.current) return
      hurry.current = false
      open(targetsOf(text, here, 'places' in next ? next : null)[0])
    })
    return () => stop.abort()
  }, [text, here])

  function handleKey(event: KeyboardEvent) {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (move && targets.length > 0) setChosen((active + move + targets.length) % targets.length)
    else if (event.key === 'Enter' && current) open(targets[active])
    else if (event.key === 'Enter') hurry.current = true
    else return
    event.preventDefault()
  }

  return (
    <>
      <div className="jump-field">
        <input
          ref={field}
          type="text"
          role="combobox"
          aria-label={label}
          aria-expanded
          aria-controls={id}
          aria-autocomplete="list"
          aria-activedescendant={targets.length > 0 ? `${id}-${active}` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder="Run, step, layer, page"
          value={text}
          onChange={(event) => {
            hurry.current = false
            setChosen(0)
            setText(event.target.value)
          }}
          onKeyDown={handleKey}
        />
        <button type="button" className="text-button" onClick={onDone}>
          <kbd>Esc</kbd> <span className="unseen">Close</span>
        </button>
      </div>
      <div id={id} role="listbox" aria-label="Places" aria-busy={!current} className="jump-list">
        {targets.map((target, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus and takes the keys
          <div
            key={`${target.kind} ${target.label}`}
            id={`${id}-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === active}
            ref={i === active ? (row) => row?.scrollIntoView({ block: 'nearest' }) : undefined}
            onClick={() => open(target)}
          >
            <span className={target.mono ? 'mono' : undefined}>{target.label}</span>{' '}
            <span className="soft small">{target.kind}</span>
          </div>
        ))}
      </div>
      <p role="status" className="small soft">
        {answer && current && (
          <>
            {'problem' in answer
              ? answer.problem
              : targets.length === 0
                ? 'No place has all of these words.'
                : shownWords(answer.places, answer.found)}
            {found &&
              found.found.layer === 0 &&
              here.run === null &&
              ' With the name of a run its layers are found.'}
          </>
        )}
      </p>
    </>
  )
}

/** Pages first, then what was found, which may still be of the text before. */
function targetsOf(text: string, here: Here, found: FoundPlaces | null): Target[] {
  const pages = pageTargets(here, wordsOf(text))
  return [...pages, ...(found?.places.map((place) => targetOf(place, here)) ?? [])]
}

/** What explains the words of the text; fetched with the first of them. */
function useTerms(text: string): Target[] {
  const [find, setFind] = useState<((words: readonly string[]) => Target[]) | null>(null)
  const asked = text.trim() !== ''
  useEffect(() => {
    if (asked) void import('../_learn/term-targets').then(({ termTargets }) => setFind(() => termTargets))
  }, [asked])
  return find?.(wordsOf(text)) ?? []
}

/** Asks the server; null when the question was withdrawn. */
async function findPlaces(text: string, { run, view }: Here, signal: AbortSignal): Promise<Answer | null> {
  const query = new URLSearchParams({ q: text, run: run ?? '', c: String(view.c ?? '') })
  try {
    const response = await fetch(`/api/v1/places?${query}`, { signal })
    const body = await response.json()
    if (response.ok) return { text, ...(body as FoundPlaces) }
    return { text, problem: body?.error?.message ?? 'The server refused to look.' }
  } catch {
    return signal.aborted ? null : { text, problem: 'The server did not answer.' }
  }
}

'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { pageUrl } from '../../lib/record/view'
import { ErrorState } from '../_ui/states'
import type { WorkerFault } from '../_workers/fault'
import { Diagnoser } from './diagnoser'
import './drop.css'
import { type Choice, FoundFiles } from './found-files'
import { type FoundFile, type Roles, rolesFault, rolesOf } from './roles'
import { fetchRuns, Refused, type StoredPair, storePair } from './store-pair'
import { timeLeft } from './time-left'
import { useFileDrop } from './use-file-drop'

type State =
  | { kind: 'idle' }
  | { kind: 'reading'; count: number }
  | { kind: 'found'; dropped: File[]; files: FoundFile[]; roles: Roles }
  | { kind: 'working'; words: string; share: number; since: number }
  | { kind: 'done'; stored: StoredPair; pair: boolean }
  | { kind: 'fault'; fault: WorkerFault }

const idle: State = { kind: 'idle' }

/** Takes a teacher and its student from anywhere on the page, diagnoses them in a worker and stores the result. */
export function DropZone() {
  const [state, setState] = useState<State>(idle)
  const router = useRouter()
  const input = useRef<HTMLInputElement>(null)
  const diagnoser = useRef<Diagnoser | null>(null)
  const cancelling = useRef<AbortController | null>(null)

  useEffect(() => dismiss, [])

  function dismiss() {
    cancelling.current?.abort()
    diagnoser.current?.dispose()
    diagnoser.current = null
  }
  function cancel() {
    dismiss()
    setState(idle)
  }

  async function take(dropped: File[]) {
    if (state.kind === 'working' || state.kind === 'reading' || dropped.length === 0) return
    setState({ kind: 'reading', count: dropped.length })
    diagnoser.current ??= new Diagnoser()
    const files = await diagnoser.current.inspect(dropped)
    setState(foundState(dropped, files, rolesOf(files)))
  }

  async function start(found: Extract<State, { kind: 'found' }>, choice: Choice) {
    const since = Date.now()
    const abort = new AbortController()
    cancelling.current = abort
    const tell = (words: string, share: number) => {
      if (!abort.signal.aborted) setState({ kind: 'working', words, share, since })
    }
    tell('asks what is stored', 0)
    try {
      const next = await diagnoseAndStore(found, choice, abort.signal, tell)
      if (abort.signal.aborted) return
      setState(next)
      if (next.kind === 'done') router.refresh()
    } catch (error) {
      if (abort.signal.aborted) return
      if (!(error instanceof Refused)) throw error
      setState({ kind: 'fault', fault: error.fault })
    } finally {
      // Its memory goes with it; the next pair gets a new one.
      diagnoser.current?.dispose()
      diagnoser.current = null
    }
  }

  async function diagnoseAndStore(
    { dropped, roles }: Extract<State, { kind: 'found' }>,
    { names, keepWeights }: Choice,
    signal: AbortSignal,
    tell: (words: string, share: number) => void,
  ): Promise<State> {
    const file = (index: number | null) => (index === null ? null : (dropped[index] ?? null))
    const [teacher, student] = [file(roles.teacher), file(roles.student)]
    if (!teacher || !diagnoser.current) return idle
    await refuseTakenNames(names, student !== null, signal)
    const request = { teacher, student, config: file(roles.config), names }
    const result = await diagnoser.current.diagnose(request, (words, share) => tell(words, share * 0.97))
    if (result.kind === 'cancelled') return idle
    if (result.kind === 'fault') return result
    const stored = await storePair(
      { upload: result.teacher, file: teacher },
      student && result.student && { upload: result.student, file: student },
      keepWeights,
      signal,
      (words) => tell(words, 0.98),
    )
    return { kind: 'done', stored, pair: student !== null && result.student?.diagnosis.unrun === undefined }
  }

  const over = useFileDrop((files) => void take(files))

  return (
    <section className={`drop-area ${over ? 'over' : ''}`} aria-label="Add checkpoints">
      {over && <p className="drop-veil">Drop a teacher and its student</p>}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Checkpoint files"
        onChange={(event) => {
          void take([...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
      {state.kind === 'idle' && <Invitation onChoose={() => input.current?.click()} />}
      {state.kind === 'reading' && (
        <p role="status">
          Opens {state.count} {state.count === 1 ? 'file' : 'files'} …
        </p>
      )}
      {state.kind === 'found' && (
        <FoundFiles
          key={state.dropped.map((file) => file.name).join()}
          files={state.files}
          roles={state.roles}
          onSwap={() => {
            const { teacher, student, config } = state.roles
            setState(foundState(state.dropped, state.files, { teacher: student, student: teacher, config }))
          }}
          onStart={(choice) => void start(state, choice)}
          onCancel={cancel}
        />
      )}
      {state.kind === 'working' && <Working {...state} onCancel={cancel} />}
      {state.kind === 'done' && <Done {...state} onMore={() => setState(idle)} />}
      {state.kind === 'fault' && (
        <ErrorState
          fault={state.fault}
          action={
            <button type="button" className="button" onClick={cancel}>
              Drop other files
            </button>
          }
        />
      )}
    </section>
  )
}

function foundState(dropped: File[], files: FoundFile[], roles: Roles): State {
  const fault = rolesFault(files, roles)
  return fault ? { kind: 'fault', fault } : { kind: 'found', dropped, files, roles }
}

/** A run holds checkpoints of one role: better said before an hour's work than after it. */
async function refuseTakenNames(
  names: Choice['names'],
  withStudent: boolean,
  signal: AbortSignal,
): Promise<void> {
  const runs = await fetchRuns(signal)
  for (const role of withStudent ? (['teacher', 'student'] as const) : (['teacher'] as const)) {
    const taken = runs.find((run) => run.name === names[role].trim() && run.role !== role)
    if (taken)
      throw new Refused({
        file: taken.name,
        item: '',
        problem: `this run holds a ${taken.role}, so it cannot take a ${role}`,
        remedy: 'Give another run name.',
      })
  }
}

function Invitation({ onChoose }: { onChoose: () => void }) {
  return (
    <>
      <div>
        <h2>Drop a teacher and its student anywhere on this page</h2>
        <p className="soft">
          .safetensors, .pt, .pth, .ckpt or .bin, with a config .json or .yaml if they need one. They are read
          and diagnosed in your browser.
        </p>
      </div>
      <div className="chips">
        <button type="button" className="button" onClick={onChoose}>
          Choose files …
        </button>
        <span className="small soft">
          or <code>npm run --silent cli -- import PATH</code>
        </span>
      </div>
    </>
  )
}

function Working({
  words,
  share,
  since,
  onCancel,
}: Extract<State, { kind: 'working' }> & { onCancel: () => void }): ReactNode {
  return (
    <>
      <div className="grow" role="status">
        <div className="progress">
          <div style={{ width: `${100 * share}%` }} />
        </div>
        <span className="small">
          {words} <span className="soft">{timeLeft(share, Date.now() - since)}</span>
        </span>
      </div>
      <button type="button" className="button" onClick={onCancel}>
        Cancel
      </button>
    </>
  )
}

function Done({
  stored,
  pair,
  onMore,
}: Extract<State, { kind: 'done' }> & { onMore: () => void }): ReactNode {
  return (
    <>
      <p role="status">
        <b>{stored.run}</b> is stored, step {stored.step}.
      </p>
      <div className="chips">
        <Link className="button solid" href={pageUrl('run', stored.run, null)}>
          Open {stored.run}
        </Link>
        {pair && (
          <Link className="button" href={pageUrl('sample', stored.run, null)}>
            Sample side by side
          </Link>
        )}
        <button type="button" className="button" onClick={onMore}>
          Add more
        </button>
      </div>
    </>
  )
}

'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { ScheduleName } from '../../lib/record/run'
import { pageUrl } from '../../lib/record/view'
import { ErrorState } from '../_ui/states'
import type { WorkerFault } from '../_workers/fault'
import { ChooseTeacher } from './choose-teacher'
import { remember, wantedAs } from './corrections'
import { Diagnoser } from './diagnoser'
import { type Dropped, type DroppedFile, sortDropped } from './dropped'
import { type Choices, FoundFiles } from './found-files'
import {
  checkpointAt,
  type FoundCheckpoint,
  type FoundFile,
  type Plan,
  planFault,
  planOf,
  type Ref,
} from './plan'
import { type Job, jobsOf, type Outcome, unreadableOf, waitingFor } from './queue'
import { QueueTable } from './queue-table'
import { fetchRuns, Refused, type StoredPair, storePair } from './store-pair'
import {
  fetchTeacher,
  namedTeacher,
  type StoredTeacher,
  teachersLike,
  withoutWeights,
} from './stored-teacher'
import { timeLeft } from './time-left'

type Found = {
  kind: 'found'
  dropped: Dropped[]
  config: File | null
  files: FoundFile[]
  plan: Plan
  /** Whose sampler the teacher runs with, if that was chosen when it was stored. */
  schedule: ScheduleName | null
}

type State =
  /** Nothing was looked at yet. */
  | { kind: 'idle' }
  | { kind: 'reading'; words: string }
  | { kind: 'choosing'; found: Found; student: string; teachers: StoredTeacher[] }
  | Found
  | { kind: 'working'; words: string; share: number; since: number; outcomes: Outcome[] }
  | { kind: 'done'; stored: StoredPair }
  | { kind: 'queued'; outcomes: Outcome[] }
  | { kind: 'fault'; fault: WorkerFault; back: Found | null }

const idle: State = { kind: 'idle' }

export type DropStepsProps = {
  /** What was dropped last. While earlier files are read or diagnosed it is not looked at. */
  files: DroppedFile[]
  /** It was cancelled, or more is wanted. */
  onEnd: () => void
}

/** Reads dropped checkpoints, asks what to do with them, diagnoses them in a worker and stores the results. */
export default function DropSteps({ files, onEnd }: DropStepsProps) {
  const [state, setState] = useState<State>(idle)
  const router = useRouter()
  const diagnoser = useRef<Diagnoser | null>(null)
  const cancelling = useRef<AbortController | null>(null)

  useEffect(() => dismiss, [])
  useEffect(() => void take(files), [files])

  function dismiss() {
    cancelling.current?.abort()
    diagnoser.current?.dispose()
    diagnoser.current = null
  }
  function cancel() {
    dismiss()
    onEnd()
  }
  function worker(): Diagnoser {
    diagnoser.current ??= new Diagnoser()
    return diagnoser.current
  }

  async function take(files: DroppedFile[]) {
    if (state.kind === 'working' || state.kind === 'reading' || files.length === 0) return
    const { checkpoints, configs } = sortDropped(files)
    setState({
      kind: 'reading',
      words: `Opens ${checkpoints.length} ${checkpoints.length === 1 ? 'file' : 'files'} …`,
    })
    const found = await worker().inspect(checkpoints)
    const [config = null] = configs.map(({ file }) => file)
    const plan = planOf(found)
    const all: Found = { kind: 'found', dropped: checkpoints, config, files: found, plan, schedule: null }
    const student = plan.teachers.length === 0 && checkpointAt(found, plan.students.at(-1))
    if (student) await orFault((signal) => lookForTeacher(all, student, signal), null)
    else show(all)
  }

  function show(found: Found) {
    const fault = planFault(found.files, found.plan)
    setState(fault ? { kind: 'fault', fault, back: null } : found)
  }

  /** The teacher a student names if it is stored here, else one with the same layers that its owner chooses. */
  async function lookForTeacher(found: Found, student: FoundCheckpoint, signal: AbortSignal): Promise<void> {
    const runs = await fetchRuns(signal)
    const named = namedTeacher(runs, student)
    if (named?.checkpoint.hasWeights) return addTeacher(found, named, signal)
    const teachers = await teachersLike(runs, student, signal)
    signal.throwIfAborted()
    if (teachers.length > 0) setState({ kind: 'choosing', found, student: student.name, teachers })
    else if (named) setState({ kind: 'fault', fault: withoutWeights(student.name, named), back: null })
    else show(found)
  }

  async function addTeacher(found: Found, teacher: StoredTeacher, signal: AbortSignal): Promise<void> {
    setState({ kind: 'reading', words: `Fetches the stored teacher ${teacher.run} …` })
    const { dropped, network, schedule, config } = await fetchTeacher(teacher, signal)
    const all = [...found.dropped, dropped]
    const files = await worker().inspect(all)
    signal.throwIfAborted()
    const file = all.length - 1
    const [own, student] = [{ file, prefix: '' }, found.plan.students.at(-1)].map((ref) =>
      checkpointAt(files, ref),
    )
    const prefix = network ?? own?.usual ?? ''
    // a file that says what it is says with whose sampler it runs, too
    const silent = student?.role === null
    show({
      ...found,
      dropped: all,
      config: found.config ?? (silent || own?.role === null ? config : null),
      files,
      plan: { ...found.plan, teachers: [{ file, prefix }] },
      schedule: silent ? schedule : null,
    })
  }

  /** Does what can be cancelled; what the server refuses is shown, with what may be gone back to. */
  async function orFault(work: (signal: AbortSignal) => Promise<void>, back: Found | null): Promise<void> {
    const abort = new AbortController()
    cancelling.current = abort
    try {
      await work(abort.signal)
    } catch (error) {
      if (abort.signal.aborted) return
      if (!(error instanceof Refused)) throw error
      setState({ kind: 'fault', fault: error.fault, back })
    }
  }

  async function start(found: Found, choices: Choices) {
    const kind = checkpointAt(found.files, choices.plan.students[0] ?? choices.plan.teachers[0])?.fileKind
    if (kind) remember(kind, choices.corrections)
    const working = worker()
    try {
      await orFault((signal) => runQueue(found, choices, signal), { ...found, plan: choices.plan })
    } finally {
      // Its memory goes with it; the next files get a new one.
      if (diagnoser.current === working) {
        diagnoser.current.dispose()
        diagnoser.current = null
      }
    }
  }

  /** One job after the other. A refusal ends a single one; of several it is told beside the others. */
  async function runQueue(found: Found, choices: Choices, signal: AbortSignal): Promise<void> {
    const since = Date.now()
    const jobs = jobsOf(choices.plan)
    const outcomes = [...jobs.map((job) => waitingFor(job, found.files)), ...unreadableOf(found.files)]
    const tell = (words: string, share: number) => {
      if (!signal.aborted) setState({ kind: 'working', words, share, since, outcomes: [...outcomes] })
    }
    tell('asks what is stored', 0)
    await refuseTakenNames(choices.names, choices.plan.students.length > 0, signal)
    let stored: StoredPair | null = null
    for (const [i, job] of jobs.entries()) {
      const { file, step } = outcomes[i]!
      outcomes[i] = { file, step, state: 'working' }
      try {
        stored = await runJob(found, choices, job, signal, (words, share) =>
          tell(words, (i + share) / jobs.length),
        )
        outcomes[i] = { file, state: 'stored', run: stored.run, step: stored.step }
      } catch (error) {
        if (signal.aborted || outcomes.length === 1 || !(error instanceof Refused)) throw error
        outcomes[i] = { file, step, state: 'refused', fault: error.fault }
      }
    }
    if (signal.aborted) return
    if (outcomes.length === 1 && stored) setState({ kind: 'done', stored })
    else setState({ kind: 'queued', outcomes })
    router.refresh()
  }

  async function runJob(
    { dropped, config }: Found,
    { corrections, names, keepWeights }: Choices,
    job: Job,
    signal: AbortSignal,
    tell: (words: string, share: number) => void,
  ): Promise<StoredPair> {
    const part = (role: 'teacher' | 'student', { file, prefix }: Ref) => ({
      dropped: dropped[file]!,
      wanted: wantedAs(role, prefix, corrections),
      overrides: corrections.config,
    })
    const teacher = part('teacher', job.teacher)
    const student = job.student && part('student', job.student)
    const request = { teacher, student, config, names }
    const result = await worker().diagnose(request, (words, share) => tell(words, share * 0.97))
    signal.throwIfAborted()
    if (result.kind === 'fault') throw new Refused(result.fault)
    if (result.kind === 'cancelled') throw new Error('cancelled')
    return storePair(
      { upload: result.teacher, file: teacher.dropped.file },
      student && result.student && { upload: result.student, file: student.dropped.file },
      keepWeights,
      signal,
      (words) => tell(words, 0.98),
    )
  }

  return (
    <>
      {state.kind === 'reading' && (
        <>
          <p role="status">{state.words}</p>
          <button type="button" className="button" onClick={cancel}>
            Cancel
          </button>
        </>
      )}
      {state.kind === 'choosing' && (
        <ChooseTeacher
          student={state.student}
          teachers={state.teachers}
          onChoose={(teacher) => void orFault((signal) => addTeacher(state.found, teacher, signal), null)}
          onCancel={cancel}
        />
      )}
      {state.kind === 'found' && (
        <FoundFiles
          key={state.dropped.map(({ folder, file }) => `${folder}/${file.name}`).join()}
          files={state.files}
          dropped={state.dropped}
          config={state.config?.name ?? null}
          plan={state.plan}
          schedule={state.schedule}
          outlineOf={(part) => worker().outline(part, state.config)}
          onStart={(choices) => void start(state, choices)}
          onCancel={cancel}
        />
      )}
      {state.kind === 'working' && <Working {...state} onCancel={cancel} />}
      {state.kind === 'done' && <Done {...state} onMore={onEnd} />}
      {state.kind === 'queued' && <Queued {...state} onMore={onEnd} />}
      {state.kind === 'fault' && (
        <ErrorState
          fault={state.fault}
          action={
            <div className="chips">
              {state.back && (
                <button type="button" className="button" onClick={() => setState(state.back ?? idle)}>
                  Correct how they are read
                </button>
              )}
              <button type="button" className="button" onClick={cancel}>
                Drop other files
              </button>
            </div>
          }
        />
      )}
    </>
  )
}

/** A run holds checkpoints of one role: better said before an hour's work than after it. */
async function refuseTakenNames(
  names: Choices['names'],
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

function Working({
  words,
  share,
  since,
  outcomes,
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
      {outcomes.length > 1 && <QueueTable outcomes={outcomes} />}
    </>
  )
}

/** Several checkpoints at their end: how many are stored, and each. */
function Queued({
  outcomes,
  onMore,
}: Extract<State, { kind: 'queued' }> & { onMore: () => void }): ReactNode {
  const stored = outcomes.flatMap((outcome) => (outcome.state === 'stored' ? [outcome] : []))
  const last = stored.at(-1)
  return (
    <>
      <p role="status">
        {stored.length} of {outcomes.length} checkpoints are stored
        {last ? (
          <>
            {' '}
            in <b>{last.run}</b>.
          </>
        ) : (
          '.'
        )}
      </p>
      <div className="chips">
        {last && (
          <Link className="button solid" href={pageUrl('run', last.run, null)}>
            Open {last.run}
          </Link>
        )}
        <button type="button" className="button" onClick={onMore}>
          Add more
        </button>
      </div>
      <QueueTable outcomes={outcomes} />
    </>
  )
}

function Done({ stored, onMore }: Extract<State, { kind: 'done' }> & { onMore: () => void }): ReactNode {
  return (
    <>
      <p role="status">
        <b>{stored.run}</b> is stored, step {stored.step}.
      </p>
      <div className="chips">
        <Link className="button solid" href={pageUrl('run', stored.run, null)}>
          Open {stored.run}
        </Link>
        {stored.pair && (
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

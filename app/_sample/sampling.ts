/**
 * Two samplers at work, one worker each, seen as traces that grow. Lives outside React: components subscribe.
 * At most every 100 ms subscribers hear of news, so that drawing never falls behind the networks.
 */
import { sqnr } from '../../lib/math/agreement'
import type { SampleJob, SamplerReply, SamplerRequest } from '../_workers/sampler-messages'
import { isUnderWay, type NetworkRole, noTrace, type Trace } from './trace'

export type SamplingState = {
  /** What the traces are of. */
  jobs: Jobs
  teacher: Trace
  student: Trace
  /** SQNR in dB of all images together at every step both have done. */
  sqnr: { x0: (number | null)[]; xt: (number | null)[] }
}

export type Jobs = { teacher: SampleJob | null; student: SampleJob | null }

/** A worker that says nothing for this long is taken for dead. */
export const watchdogMs = 30_000
const newsEveryMs = 100

const roles = ['teacher', 'student'] as const
const atRest: SamplingState = {
  jobs: { teacher: null, student: null },
  teacher: noTrace,
  student: noTrace,
  sqnr: { x0: [], xt: [] },
}

export class Sampling {
  #state = atRest
  #run = 0
  /** What each network draws or has drawn, and the number of that run. */
  #drawn = new Map<NetworkRole, { job: string; run: number }>()
  #workers = new Map<NetworkRole, Worker>()
  #watchdogs = new Map<NetworkRole, ReturnType<typeof setTimeout>>()
  #listeners = new Set<() => void>()
  #news: ReturnType<typeof setTimeout> | null = null

  /** `makeWorker` starts a sampler worker. */
  constructor(readonly makeWorker: () => Worker) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The same object until something changed. */
  readonly state = (): SamplingState => this.#state

  /**
   * Draws what `jobs` ask for; whatever else was under way ends after its current step. A network whose job has not changed
   * goes on or keeps what it drew, unless it is to draw `afresh`.
   */
  start(jobs: Jobs, afresh = false): void {
    const before = this.#state
    const run = ++this.#run
    this.#state = { ...atRest, jobs }
    for (const role of roles) {
      const job = jobs[role]
      const text = JSON.stringify(job)
      const goesOn = isUnderWay(before[role]) || before[role].phase === 'done'
      if (job && !afresh && goesOn && this.#drawn.get(role)?.job === text) {
        this.#change(role, before[role])
        continue
      }
      this.#drawn.set(role, { job: text, run })
      if (!job) {
        this.#send(role, { kind: 'cancel' })
        continue
      }
      this.#change(role, { ...noTrace, phase: 'loading' })
      this.#workers.get(role) ?? this.#hire(role)
      this.#send(role, { kind: 'run', run, job })
      this.#watch(role)
    }
  }

  /** Stops after the current step; what was drawn stays. */
  cancel(): void {
    for (const role of roles) this.#send(role, { kind: 'cancel' })
  }

  /** Ends both workers. */
  dispose(): void {
    for (const role of roles) this.#dismiss(role)
    if (this.#news) clearTimeout(this.#news)
    this.#news = null
  }

  #send(role: NetworkRole, request: SamplerRequest): void {
    this.#workers.get(role)?.postMessage(request)
  }

  #hire(role: NetworkRole): void {
    const worker = this.makeWorker()
    worker.onmessage = ({ data }: MessageEvent<SamplerReply>) => this.#hear(role, data)
    worker.onerror = (event) => {
      event.preventDefault()
      this.#lose(
        role,
        event.message ? `its worker broke off: ${event.message}` : 'its worker could not start',
      )
    }
    this.#workers.set(role, worker)
  }

  #dismiss(role: NetworkRole): void {
    clearTimeout(this.#watchdogs.get(role))
    this.#workers.get(role)?.terminate()
    this.#workers.delete(role)
  }

  /** The worker is of no use any more: the next run gets a new one. */
  #lose(role: NetworkRole, problem: string): void {
    this.#dismiss(role)
    this.#change(role, {
      ...this.#state[role],
      phase: 'failed',
      fault: {
        file: role,
        item: '',
        problem,
        remedy: 'Draw again, with fewer images if the network is large.',
      },
    })
  }

  #watch(role: NetworkRole): void {
    clearTimeout(this.#watchdogs.get(role))
    if (!isUnderWay(this.#state[role])) return
    const bark = () =>
      this.#lose(role, `its worker gave no sign of life for ${watchdogMs / 1000} s and was stopped`)
    this.#watchdogs.set(role, setTimeout(bark, watchdogMs))
  }

  #hear(role: NetworkRole, reply: SamplerReply): void {
    if (reply.run !== this.#drawn.get(role)?.run) return
    const trace = this.#state[role]
    if (reply.kind === 'start') {
      const { shape, pixelUnshuffle, timesteps, fetchedBytes, tensorsBefore } = reply
      this.#change(role, {
        ...trace,
        phase: 'sampling',
        shape,
        pixelUnshuffle,
        timesteps,
        fetchedBytes,
        tensorsBefore,
      })
    } else if (reply.kind === 'step') {
      const { xt, x0, ms } = reply
      this.#change(role, { ...trace, steps: [...trace.steps, { xt, x0, ms }] })
      this.#compare()
    } else if (reply.kind === 'end') {
      const { final, tensorsAfter } = reply
      this.#change(role, { ...trace, phase: final ? 'done' : 'cancelled', final, tensorsAfter })
    } else {
      this.#change(role, { ...trace, phase: 'failed', fault: reply.fault })
      // Whatever it choked on stays behind with it: the next run gets a new worker.
      this.#dismiss(role)
    }
    this.#watch(role)
  }

  /** SQNR of the step that the slower network has just done. */
  #compare(): void {
    const { teacher, student, sqnr: known } = this.#state
    const at = known.x0.length
    const [a, b] = [teacher.steps[at], student.steps[at]]
    if (!a || !b || a.x0.length !== b.x0.length) return
    const next = { x0: [...known.x0, sqnr(a.x0, b.x0)], xt: [...known.xt, sqnr(a.xt, b.xt)] }
    this.#state = { ...this.#state, sqnr: next }
  }

  #change(role: NetworkRole, trace: Trace): void {
    this.#state = { ...this.#state, [role]: trace }
    this.#news ??= setTimeout(() => {
      this.#news = null
      for (const listener of this.#listeners) listener()
    }, newsEveryMs)
  }
}

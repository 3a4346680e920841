/**
 * Samplers at work, one worker for each way of running, seen as traces that grow. Lives outside React: components subscribe.
 * They step in turns, so that the time of a step is that of one network with the machine to itself. At most every 100 ms
 * subscribers hear of news, so that drawing never falls behind the networks.
 */
import { sqnr } from '../../lib/math/agreement'
import { type StudentWay, studentWays } from '../../lib/record/view'
import type { SampleJob, SamplerReply, SamplerRequest } from '../_workers/sampler-messages'
import { isUnderWay, noTrace, type Trace, type Way, wayNames, ways } from './trace'

/** SQNR in dB of all images together against the teacher's, at every step both have done. */
export type StepSqnr = { x0: (number | null)[]; xt: (number | null)[] }

export type SamplingState = {
  /** What the traces are of. */
  jobs: Jobs
  traces: Record<Way, Trace>
  sqnr: Record<StudentWay, StepSqnr>
}

export type Jobs = Record<Way, SampleJob | null>

/** A worker that says nothing for this long is taken for dead. */
export const watchdogMs = 30_000
const newsEveryMs = 100

const none: StepSqnr = { x0: [], xt: [] }
const atRest: SamplingState = {
  jobs: { full: null, simulated: null, engine: null },
  traces: { full: noTrace, simulated: noTrace, engine: noTrace },
  sqnr: { simulated: none, engine: none },
}

export class Sampling {
  #state = atRest
  #run = 0
  /** What each network draws or has drawn, and the number of that run. */
  #drawn = new Map<Way, { job: string; run: number }>()
  /** Who steps now. */
  #turn: Way | null = null
  #workers = new Map<Way, Worker>()
  #watchdogs = new Map<Way, ReturnType<typeof setTimeout>>()
  #listeners = new Set<() => void>()
  #news: ReturnType<typeof setTimeout> | null = null

  /** `makeWorker` starts a sampler worker that goes by the name of its way. */
  constructor(readonly makeWorker: (way: Way) => Worker) {}

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
    for (const way of ways) {
      const job = jobs[way]
      const text = JSON.stringify(job)
      const trace = before.traces[way]
      const goesOn = isUnderWay(trace) || trace.phase === 'done'
      if (job && !afresh && goesOn && this.#drawn.get(way)?.job === text) {
        this.#change(way, trace)
        continue
      }
      this.#leave(way)
      this.#drawn.set(way, { job: text, run })
      if (!job) {
        this.#send(way, { kind: 'cancel' })
        continue
      }
      this.#change(way, { ...noTrace, phase: 'loading' })
      this.#workers.get(way) ?? this.#hire(way)
      this.#send(way, { kind: 'run', run, job })
      this.#watch(way)
    }
    this.#compare()
    this.#giveTurn(null)
  }

  /** Stops after the current step; what was drawn stays. */
  cancel(): void {
    for (const way of ways) this.#send(way, { kind: 'cancel' })
  }

  /** Ends the workers. */
  dispose(): void {
    for (const way of ways) this.#dismiss(way)
    if (this.#news) clearTimeout(this.#news)
    this.#news = null
  }

  #send(way: Way, request: SamplerRequest): void {
    this.#workers.get(way)?.postMessage(request)
  }

  #hire(way: Way): void {
    const worker = this.makeWorker(way)
    worker.onmessage = ({ data }: MessageEvent<SamplerReply>) => this.#hear(way, data)
    worker.onerror = (event) => {
      event.preventDefault()
      this.#lose(way, event.message ? `its worker broke off: ${event.message}` : 'its worker could not start')
    }
    this.#workers.set(way, worker)
  }

  #dismiss(way: Way): void {
    clearTimeout(this.#watchdogs.get(way))
    this.#workers.get(way)?.terminate()
    this.#workers.delete(way)
  }

  /** The worker is of no use any more: the next run gets a new one. */
  #lose(way: Way, problem: string): void {
    this.#dismiss(way)
    this.#change(way, {
      ...this.#state.traces[way],
      phase: 'failed',
      fault: {
        file: this.#state.jobs[way]?.fileName ?? '',
        item: wayNames[way],
        problem,
        remedy: 'Try again, with fewer images if the network is large. The others go on.',
      },
    })
    this.#leave(way)
    this.#giveTurn(way)
  }

  /** A worker that loads or steps must give a sign of life; one that waits for its turn need not. */
  #watch(way: Way): void {
    clearTimeout(this.#watchdogs.get(way))
    if (this.#turn !== way && this.#state.traces[way].phase !== 'loading') return
    const bark = () =>
      this.#lose(way, `its worker gave no sign of life for ${watchdogMs / 1000} s and was stopped`)
    this.#watchdogs.set(way, setTimeout(bark, watchdogMs))
  }

  /** Whoever steps no longer does. */
  #leave(way: Way): void {
    if (this.#turn === way) this.#turn = null
  }

  /** The next in line after `last` that is ready steps, once none steps or loads. */
  #giveTurn(last: Way | null): void {
    const { traces } = this.#state
    if (this.#turn !== null || ways.some((way) => traces[way].phase === 'loading')) return
    const first = last === null ? 0 : ways.indexOf(last) + 1
    const line = [...ways.slice(first), ...ways.slice(0, first)]
    const next = line.find((way) => isStepping(traces[way]))
    if (next === undefined) return
    this.#turn = next
    this.#send(next, { kind: 'turn', run: this.#drawn.get(next)!.run })
    this.#watch(next)
  }

  #hear(way: Way, reply: SamplerReply): void {
    if (reply.run !== this.#drawn.get(way)?.run) return
    const trace = this.#state.traces[way]
    if (reply.kind === 'start') {
      const { shape, pixelUnshuffle, timesteps, fetchedBytes, tensorsBefore } = reply
      const about = { shape, pixelUnshuffle, timesteps, fetchedBytes, tensorsBefore }
      this.#change(way, { ...trace, phase: 'sampling', ...about })
    } else if (reply.kind === 'step') {
      const { xt, x0, ms, memoryBytes } = reply
      this.#change(way, { ...trace, steps: [...trace.steps, { xt, x0, ms }], memoryBytes })
      this.#compare()
    } else if (reply.kind === 'end') {
      const { final, tensorsAfter } = reply
      this.#change(way, { ...trace, phase: final ? 'done' : 'cancelled', final, tensorsAfter })
    } else {
      this.#change(way, { ...trace, phase: 'failed', fault: reply.fault })
      // Whatever it choked on stays behind with it: the next run gets a new worker.
      this.#dismiss(way)
    }
    this.#leave(way)
    this.#watch(way)
    this.#giveTurn(way)
  }

  /** SQNR of the steps that the slower network has done since. */
  #compare(): void {
    const { traces, sqnr: known } = this.#state
    const both = (way: StudentWay): StepSqnr => {
      const [{ steps }, { steps: own }] = [traces.full, traces[way]]
      const first = known[way].x0.length
      const fresh = own.slice(first, steps.length).flatMap((b, i) => {
        const a = steps[first + i]!
        return a.x0.length === b.x0.length ? [{ x0: sqnr(a.x0, b.x0), xt: sqnr(a.xt, b.xt) }] : []
      })
      if (fresh.length === 0) return known[way]
      return {
        x0: [...known[way].x0, ...fresh.map(({ x0 }) => x0)],
        xt: [...known[way].xt, ...fresh.map(({ xt }) => xt)],
      }
    }
    const [simulated, engine] = studentWays.map(both) as [StepSqnr, StepSqnr]
    this.#state = { ...this.#state, sqnr: { simulated, engine } }
  }

  #change(way: Way, trace: Trace): void {
    this.#state = { ...this.#state, traces: { ...this.#state.traces, [way]: trace } }
    this.#news ??= setTimeout(() => {
      this.#news = null
      for (const listener of this.#listeners) listener()
    }, newsEveryMs)
  }
}

/** Ready, and not all of its steps done. */
const isStepping = ({ phase, steps, timesteps }: Trace): boolean =>
  phase === 'sampling' && steps.length < timesteps.length

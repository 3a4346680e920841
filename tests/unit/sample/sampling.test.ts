import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Sampling, watchdogMs } from '../../../app/_sample/sampling'
import type { SampleJob, SamplerReply, SamplerRequest } from '../../../app/_workers/sampler-messages'

/** Stands in for a worker: keeps what it was asked and answers when told to. */
class StubWorker {
  asked: SamplerRequest[] = []
  ended = false
  onmessage: ((event: MessageEvent<SamplerReply>) => void) | null = null
  onerror: ((event: ErrorEvent) => void) | null = null
  postMessage(request: SamplerRequest) {
    this.asked.push(request)
  }
  terminate() {
    this.ended = true
  }
  says(reply: SamplerReply) {
    this.onmessage?.({ data: reply } as MessageEvent<SamplerReply>)
  }
}

const job: SampleJob = {
  sha256: 'a'.repeat(64),
  fileName: 'teacher.safetensors',
  bytes: 10,
  config: {},
  wanted: {},
  switched: null,
  seed: 7,
  sampler: 'ddim',
  steps: 2,
  images: 1,
}

const start = (run: number): SamplerReply => ({
  run,
  kind: 'start',
  shape: [1, 1, 1, 2],
  pixelUnshuffle: 1,
  timesteps: [500, 0],
  fetchedBytes: 10,
  tensorsBefore: 0,
})
const step = (run: number, index: number, value: number): SamplerReply => ({
  run,
  kind: 'step',
  index,
  xt: Float32Array.of(value, value),
  x0: Float32Array.of(value, value),
  ms: 5,
})

describe('Sampling', () => {
  let workers: StubWorker[]
  let sampling: Sampling

  beforeEach(() => {
    vi.useFakeTimers()
    workers = []
    sampling = new Sampling(() => {
      const worker = new StubWorker()
      workers.push(worker)
      return worker as unknown as Worker
    })
  })
  afterEach(() => {
    sampling.dispose()
    vi.useRealTimers()
  })

  it('gives each network a worker of its own and keeps it for the next run', () => {
    sampling.start({ teacher: job, student: job })
    const other = { ...job, seed: 8 }
    sampling.start({ teacher: other, student: other })
    expect(workers).toHaveLength(2)
    expect(workers[0]!.asked.map((request) => request.kind)).toEqual(['run', 'run'])
  })

  it('compares a step once both networks have done it', () => {
    sampling.start({ teacher: job, student: job })
    const [teacher, student] = workers
    teacher!.says(start(1))
    student!.says(start(1))
    teacher!.says(step(1, 0, 1))
    teacher!.says(step(1, 1, 1))
    expect(sampling.state().sqnr.x0).toEqual([])
    student!.says(step(1, 0, 0.9))
    expect(sampling.state().sqnr.x0).toHaveLength(1)
    // An error of a tenth is 20 dB; 0.9 in float32 is off by 2e-8.
    expect(sampling.state().sqnr.x0[0]).toBeCloseTo(20, 4)
  })

  it('keeps what a network drew when only the other has something else to draw', () => {
    sampling.start({ teacher: job, student: job })
    const [teacher, student] = workers
    teacher!.says(start(1))
    for (const [i, value] of [1, 2].entries()) teacher!.says(step(1, i, value))
    const switched = { switches: '3:f', teacher: job }
    sampling.start({ teacher: job, student: { ...job, switched } })
    expect(teacher!.asked).toHaveLength(1)
    expect(sampling.state().teacher.steps).toHaveLength(2)
    student!.says(start(1))
    expect(sampling.state().student.phase).toBe('loading')
    student!.says(start(2))
    for (const [i, value] of [0.9, 1.8].entries()) student!.says(step(2, i, value))
    expect(sampling.state().sqnr.x0).toEqual([expect.closeTo(20, 4), expect.closeTo(20, 4)])
    teacher!.says({ run: 1, kind: 'end', final: Float32Array.of(2, 2), tensorsAfter: 0 })
    expect(sampling.state().teacher.phase).toBe('done')
  })

  it('draws both afresh when asked to', () => {
    sampling.start({ teacher: job, student: job })
    sampling.start({ teacher: job, student: job }, true)
    expect(workers.map(({ asked }) => asked.map((request) => request.kind))).toEqual([
      ['run', 'run'],
      ['run', 'run'],
    ])
  })

  it('does not hear what a run that was replaced still says', () => {
    sampling.start({ teacher: job, student: null })
    sampling.start({ teacher: { ...job, seed: 8 }, student: null })
    workers[0]!.says(start(1))
    workers[0]!.says(step(1, 0, 1))
    expect(sampling.state().teacher.steps).toHaveLength(0)
    expect(sampling.state().teacher.phase).toBe('loading')
  })

  it('keeps what was drawn when it is cancelled', () => {
    sampling.start({ teacher: job, student: null })
    workers[0]!.says(start(1))
    workers[0]!.says(step(1, 0, 1))
    sampling.cancel()
    expect(workers[0]!.asked.at(-1)).toEqual({ kind: 'cancel' })
    workers[0]!.says({ run: 1, kind: 'end', final: null, tensorsAfter: 0 })
    expect(sampling.state().teacher).toMatchObject({ phase: 'cancelled', tensorsAfter: 0 })
    expect(sampling.state().teacher.steps).toHaveLength(1)
  })

  it('gives up a worker that says nothing, and hires another for the next run', () => {
    sampling.start({ teacher: job, student: null })
    vi.advanceTimersByTime(watchdogMs - 1)
    expect(sampling.state().teacher.phase).toBe('loading')
    vi.advanceTimersByTime(1)
    expect(sampling.state().teacher.phase).toBe('failed')
    expect(sampling.state().teacher.fault?.problem).toContain('no sign of life')
    expect(workers[0]!.ended).toBe(true)
    sampling.start({ teacher: job, student: null })
    expect(workers).toHaveLength(2)
    expect(sampling.state().teacher.phase).toBe('loading')
  })

  it('lets a slow network take its time as long as it says something', () => {
    sampling.start({ teacher: job, student: null })
    workers[0]!.says(start(1))
    vi.advanceTimersByTime(watchdogMs - 1)
    workers[0]!.says(step(1, 0, 1))
    vi.advanceTimersByTime(watchdogMs - 1)
    expect(sampling.state().teacher.phase).toBe('sampling')
  })

  it('tells why a worker broke off', () => {
    sampling.start({ teacher: job, student: null })
    workers[0]!.onerror?.({ message: 'out of memory', preventDefault() {} } as unknown as ErrorEvent)
    expect(sampling.state().teacher.fault?.problem).toContain('out of memory')
  })

  it('shows the fault a worker reports, and hires another for the next run', () => {
    const fault = {
      file: 'teacher.safetensors',
      item: 'conv_in.weight',
      problem: 'gone',
      remedy: 'import it',
    }
    sampling.start({ teacher: job, student: null })
    workers[0]!.says({ run: 1, kind: 'fault', fault })
    expect(sampling.state().teacher).toMatchObject({ phase: 'failed', fault })
    sampling.start({ teacher: job, student: null })
    expect(workers).toHaveLength(2)
  })

  it('ends both workers when the page goes away', () => {
    sampling.start({ teacher: job, student: job })
    sampling.dispose()
    expect(workers.map((worker) => worker.ended)).toEqual([true, true])
  })
})

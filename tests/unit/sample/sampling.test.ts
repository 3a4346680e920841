import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Jobs, Sampling, watchdogMs } from '../../../app/_sample/sampling'
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
  arithmetic: 'floats',
  threads: 1,
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
  memoryBytes: 100,
})

/** Jobs of the ways named; the others have nothing to draw. */
const jobs = (some: Partial<Jobs>): Jobs => ({ full: null, simulated: null, engine: null, ...some })

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
    sampling.start(jobs({ full: job, simulated: job }))
    const other = { ...job, seed: 8 }
    sampling.start(jobs({ full: other, simulated: other }))
    expect(workers).toHaveLength(2)
    expect(workers[0]!.asked.map((request) => request.kind)).toEqual(['run', 'run'])
  })

  it('compares a step once both networks have done it', () => {
    sampling.start(jobs({ full: job, simulated: job }))
    const [teacher, student] = workers
    teacher!.says(start(1))
    student!.says(start(1))
    teacher!.says(step(1, 0, 1))
    teacher!.says(step(1, 1, 1))
    expect(sampling.state().sqnr.simulated.x0).toEqual([])
    student!.says(step(1, 0, 0.9))
    expect(sampling.state().sqnr.simulated.x0).toHaveLength(1)
    // An error of a tenth is 20 dB; 0.9 in float32 is off by 2e-8.
    expect(sampling.state().sqnr.simulated.x0[0]).toBeCloseTo(20, 4)
  })

  it('keeps what a network drew when only the other has something else to draw', () => {
    sampling.start(jobs({ full: job, simulated: job }))
    const [teacher, student] = workers
    teacher!.says(start(1))
    for (const [i, value] of [1, 2].entries()) teacher!.says(step(1, i, value))
    const switched = { switches: '3:f', teacher: job }
    sampling.start(jobs({ full: job, simulated: { ...job, switched } }))
    expect(teacher!.asked).toHaveLength(1)
    expect(sampling.state().traces.full.steps).toHaveLength(2)
    student!.says(start(1))
    expect(sampling.state().traces.simulated.phase).toBe('loading')
    student!.says(start(2))
    for (const [i, value] of [0.9, 1.8].entries()) student!.says(step(2, i, value))
    expect(sampling.state().sqnr.simulated.x0).toEqual([expect.closeTo(20, 4), expect.closeTo(20, 4)])
    teacher!.says({ run: 1, kind: 'end', final: Float32Array.of(2, 2), tensorsAfter: 0 })
    expect(sampling.state().traces.full.phase).toBe('done')
  })

  it('gives one network after the other its turn, once all of them are ready', () => {
    sampling.start(jobs({ full: job, simulated: job, engine: job }))
    const [full, simulated, engine] = workers as [StubWorker, StubWorker, StubWorker]
    const names = new Map([
      [full, 'full'],
      [simulated, 'simulated'],
      [engine, 'engine'],
    ])
    const said = new Map(workers.map((worker) => [worker, 0]))
    const turnsOf = ({ asked }: StubWorker) => asked.filter(({ kind }) => kind === 'turn').length
    const stepping = () => workers.filter((worker) => turnsOf(worker) > said.get(worker)!)
    engine.says(start(1))
    full.says(start(1))
    expect(stepping()).toEqual([])
    simulated.says(start(1))
    const order: string[] = []
    while (stepping().length > 0) {
      expect(stepping()).toHaveLength(1)
      const [worker] = stepping() as [StubWorker]
      order.push(names.get(worker)!)
      said.set(worker, said.get(worker)! + 1)
      worker.says(step(1, said.get(worker)! - 1, 1))
    }
    expect(order).toHaveLength(6)
    expect(new Set(order.slice(0, 3)).size).toBe(3)
    expect(order.slice(3)).toEqual(order.slice(0, 3))
  })

  it('goes on without a network that failed, which alone draws again when asked to', () => {
    const all = jobs({ full: job, engine: job })
    sampling.start(all)
    const [full, engine] = workers as [StubWorker, StubWorker]
    full.says(start(1))
    engine.says(start(1))
    full.says(step(1, 0, 1))
    engine.onerror?.({ message: 'unreachable', preventDefault() {} } as unknown as ErrorEvent)
    expect(sampling.state().traces.engine).toMatchObject({ phase: 'failed', fault: { item: 'one bit' } })
    full.says(step(1, 1, 1))
    full.says({ run: 1, kind: 'end', final: Float32Array.of(1, 1), tensorsAfter: 0 })
    expect(sampling.state().traces.full.phase).toBe('done')
    sampling.start(all)
    expect(workers).toHaveLength(3)
    workers[2]!.says(start(2))
    for (const index of [0, 1]) workers[2]!.says(step(2, index, 0.9))
    expect(sampling.state().traces.full.final).not.toBeNull()
    expect(sampling.state().sqnr.engine.x0).toEqual([expect.closeTo(20, 4), expect.closeTo(20, 4)])
  })

  it('draws all afresh when asked to', () => {
    sampling.start(jobs({ full: job, simulated: job }))
    sampling.start(jobs({ full: job, simulated: job }), true)
    expect(workers.map(({ asked }) => asked.map((request) => request.kind))).toEqual([
      ['run', 'run'],
      ['run', 'run'],
    ])
  })

  it('does not hear what a run that was replaced still says', () => {
    sampling.start(jobs({ full: job }))
    sampling.start(jobs({ full: { ...job, seed: 8 } }))
    workers[0]!.says(start(1))
    workers[0]!.says(step(1, 0, 1))
    expect(sampling.state().traces.full.steps).toHaveLength(0)
    expect(sampling.state().traces.full.phase).toBe('loading')
  })

  it('keeps what was drawn when it is cancelled', () => {
    sampling.start(jobs({ full: job }))
    workers[0]!.says(start(1))
    workers[0]!.says(step(1, 0, 1))
    sampling.cancel()
    expect(workers[0]!.asked.at(-1)).toEqual({ kind: 'cancel' })
    workers[0]!.says({ run: 1, kind: 'end', final: null, tensorsAfter: 0 })
    expect(sampling.state().traces.full).toMatchObject({ phase: 'cancelled', tensorsAfter: 0 })
    expect(sampling.state().traces.full.steps).toHaveLength(1)
  })

  it('gives up a worker that says nothing, and hires another for the next run', () => {
    sampling.start(jobs({ full: job }))
    vi.advanceTimersByTime(watchdogMs - 1)
    expect(sampling.state().traces.full.phase).toBe('loading')
    vi.advanceTimersByTime(1)
    expect(sampling.state().traces.full.phase).toBe('failed')
    expect(sampling.state().traces.full.fault?.problem).toContain('no sign of life')
    expect(workers[0]!.ended).toBe(true)
    sampling.start(jobs({ full: job }))
    expect(workers).toHaveLength(2)
    expect(sampling.state().traces.full.phase).toBe('loading')
  })

  it('lets a slow network take its time as long as it says something', () => {
    sampling.start(jobs({ full: job }))
    workers[0]!.says(start(1))
    vi.advanceTimersByTime(watchdogMs - 1)
    workers[0]!.says(step(1, 0, 1))
    vi.advanceTimersByTime(watchdogMs - 1)
    expect(sampling.state().traces.full.phase).toBe('sampling')
  })

  it('tells why a worker broke off', () => {
    sampling.start(jobs({ full: job }))
    workers[0]!.onerror?.({ message: 'out of memory', preventDefault() {} } as unknown as ErrorEvent)
    expect(sampling.state().traces.full.fault?.problem).toContain('out of memory')
  })

  it('shows the fault a worker reports, and hires another for the next run', () => {
    const fault = {
      file: 'teacher.safetensors',
      item: 'conv_in.weight',
      problem: 'gone',
      remedy: 'import it',
    }
    sampling.start(jobs({ full: job }))
    workers[0]!.says({ run: 1, kind: 'fault', fault })
    expect(sampling.state().traces.full).toMatchObject({ phase: 'failed', fault })
    sampling.start(jobs({ full: job }))
    expect(workers).toHaveLength(2)
  })

  it('ends its workers when the page goes away', () => {
    sampling.start(jobs({ full: job, simulated: job }))
    sampling.dispose()
    expect(workers.map((worker) => worker.ended)).toEqual([true, true])
  })
})

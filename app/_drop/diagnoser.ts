/** The diagnosing worker, with what a dead one is taken for: a fault, never a page that waits for ever. */
import { proxy, type Remote, wrap } from 'comlink'
import type { DiagnoseApi } from '../_workers/diagnose.worker'
import type { DiagnoseRequest, DiagnoseResult, OnProgress } from '../_workers/diagnose-messages'
import type { Part } from '../_workers/dropped-part'
import type { WorkerFault } from '../_workers/fault'
import type { Outlined } from '../_workers/inspect-dropped'
import type { Dropped } from './dropped'
import type { FoundFile } from './plan'

/** One forward pass of a large network may take this long. */
const watchdogMs = 120_000

export class Diagnoser {
  #worker: Worker
  #api: Remote<DiagnoseApi>
  #fail: (fault: WorkerFault) => void = () => {}

  constructor() {
    this.#worker = new Worker(new URL('../_workers/diagnose.worker.ts', import.meta.url), { type: 'module' })
    this.#api = wrap<DiagnoseApi>(this.#worker)
    this.#worker.onerror = (event) => {
      event.preventDefault()
      this.#fail(workerFault(event.message ? `it broke off: ${event.message}` : 'it could not start'))
    }
  }

  /** What each file is. A worker that dies is told as one unreadable file. */
  async inspect(dropped: Dropped[]): Promise<FoundFile[]> {
    const died = new Promise<FoundFile[]>((resolve) => {
      this.#fail = (fault) =>
        resolve(
          dropped.map(({ file: { name, size }, folder }) => ({
            kind: 'unreadable',
            name,
            folder,
            bytes: size,
            fault,
          })),
        )
    })
    return Promise.race([this.#api.inspect(dropped), died])
  }

  /** What a network is with the corrections made so far. */
  outline(part: Part, config: File | null): Promise<Outlined> {
    return this.#api.outline(part, config)
  }

  async diagnose(request: DiagnoseRequest, onProgress: OnProgress): Promise<DiagnoseResult> {
    let watchdog: ReturnType<typeof setTimeout> | undefined
    const died = new Promise<DiagnoseResult>((resolve) => {
      this.#fail = (fault) => resolve({ kind: 'fault', fault })
    })
    const watch = () => {
      clearTimeout(watchdog)
      const bark = () => this.#fail(workerFault(`it gave no sign of life for ${watchdogMs / 1000} s`))
      watchdog = setTimeout(bark, watchdogMs)
    }
    watch()
    const heard: OnProgress = (words, share) => {
      watch()
      onProgress(words, share)
    }
    try {
      return await Promise.race([this.#api.diagnose(request, proxy(heard)), died])
    } finally {
      clearTimeout(watchdog)
    }
  }

  cancel(): void {
    void this.#api.cancel()
  }

  dispose(): void {
    this.#worker.terminate()
  }
}

function workerFault(problem: string): WorkerFault {
  return {
    file: 'the diagnosing worker',
    item: '',
    problem,
    remedy: 'Drop the files again, or import them: npm run --silent cli -- import PATH',
  }
}

/** Threads of the one-bit engine in the browser: workers of a worker. */
import type { ThreadSetup } from '../../lib/engine/threads'

/** Calls `use` with what starts a thread; ends the threads when that has settled. */
export async function withThreads<T>(
  use: (spawn: (setup: ThreadSetup) => Promise<void>) => Promise<T>,
): Promise<T> {
  const workers: Worker[] = []
  const spawn = (setup: ThreadSetup) =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./engine-thread.worker.ts', import.meta.url), { type: 'module' })
      workers.push(worker)
      worker.onmessage = () => resolve()
      worker.onerror = ({ message }) => reject(new Error(`a thread did not start: ${message}`))
      worker.postMessage(setup)
    })
  try {
    return await use(spawn)
  } finally {
    for (const worker of workers) worker.terminate()
  }
}

/**
 * Lets other tasks run, so that progress is painted and a cancel arrives. Throws the signal's reason if it was
 * aborted. A task of its own, not a microtask: those run before any message does.
 */
export async function pause(signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  await nextTask()
  signal?.throwIfAborted()
}

/** Without the milliseconds that a timer of none takes: up to four of them in a browser. */
function nextTask(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve))
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}

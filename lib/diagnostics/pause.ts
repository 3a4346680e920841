/**
 * Lets other tasks run, so that progress is painted and a cancel arrives. Throws the signal's reason if it was
 * aborted. A task of its own, not a microtask: those run before any message does.
 */
export async function pause(signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  await new Promise((resolve) => setTimeout(resolve, 0))
  signal?.throwIfAborted()
}

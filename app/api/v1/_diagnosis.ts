/** Diagnosis of uploaded checkpoints, in a process of its own: whatever a file does to it, the server answers. */
import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'

/** One for the server, however often Next loads this module. */
const held = globalThis as typeof globalThis & { signscopeDiagnosis?: ChildProcess; signscopeAgain?: boolean }

/** After a failure that need not lie in the file, e.g. a full disk. */
const retryMs = 10_000

/** Starts the process unless it runs; it works until nothing is queued. It ends with the server. */
export function diagnoseSoon(): void {
  if (held.signscopeDiagnosis) {
    // It may be looking at an empty queue for the last time just now.
    held.signscopeAgain = true
    return
  }
  const script = path.join(/* turbopackIgnore: true */ process.cwd(), 'scripts/diagnose-uploads.ts')
  const child = fork(script, {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  held.signscopeDiagnosis = child
  child.on('error', (error) => console.error('diagnosis of uploads:', error))
  child.on('exit', (code) => {
    held.signscopeDiagnosis = undefined
    const again = held.signscopeAgain || code !== 0
    held.signscopeAgain = false
    if (again) setTimeout(diagnoseSoon, code === 0 ? 0 : retryMs).unref()
  })
}

/** Whose a file is that carries HOST and PID in its name. */
import { hostname } from 'node:os'

/** This machine, in letters a file name may have and without a dot. */
export function host(): string {
  return hostname().replace(/[^A-Za-z0-9-]/g, '-') || 'host'
}

/** Whether a process of this machine is still there. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

export type Started = {
  child: ChildProcess
  /** Lines of its output, complete ones only, when it has ended. */
  ended: Promise<{ lines: string[]; code: number | null; signal: NodeJS.Signals | null }>
}

/** Starts a TypeScript file of this folder as a process of its own; `before` may put a program before node. */
export function startProcess(file: string, args: readonly string[], before: readonly string[] = []): Started {
  const script = path.join(import.meta.dirname ?? '', file)
  const [program = '', ...rest] = [...before, process.execPath, '--import', 'tsx', script, ...args]
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const ended = new Promise<Awaited<Started['ended']>>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ lines: output.split('\n').slice(0, -1), code, signal }))
  })
  return { child, ended }
}

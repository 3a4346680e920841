/** A server of its own for a test, as `npm start` makes it: the built pages, a folder for its data, a free port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

export type Server = {
  url: string
  data: string
  /** Starts it, again after it was killed; the port and the data stay. */
  start(): Promise<void>
  /** Whether the process that was started last still runs; it ends with its server. */
  runs(): boolean
  /** Kills it at once, with its children: no time to tidy up. */
  kill(): Promise<void>
  /** Kills it and removes its data. */
  remove(): Promise<void>
}

export async function makeServer(env: Record<string, string> = {}): Promise<Server> {
  const port = await freePort()
  const data = mkdtempSync(path.join(tmpdir(), 'signscope-server-'))
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | null = null

  async function start() {
    const started = spawn(process.execPath, ['--import', 'tsx', 'scripts/start.ts'], {
      // A group of its own, so that all of it can be killed.
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: String(port),
        SIGNSCOPE_DATA: data,
        SIGNSCOPE_DEMO: 'none',
        ...env,
      },
    })
    child = started
    await new Promise<void>((resolve, reject) => {
      started.stdout!.on('data', (chunk: Buffer) => String(chunk).includes('ready on') && resolve())
      started.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)))
    })
  }

  async function kill() {
    const ended = child
    child = null
    if (!ended?.pid || ended.exitCode !== null) return
    const gone = new Promise((resolve) => ended.once('exit', resolve))
    process.kill(-ended.pid, 'SIGKILL')
    await gone
  }

  return {
    url,
    data,
    start,
    runs: () => child !== null && child.exitCode === null && child.signalCode === null,
    kill,
    async remove() {
      await kill()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

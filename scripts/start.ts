/**
 * Everything between `npm install` and a page.
 *
 *   npm start            build if sources changed, bring the database up to date, load the first of the demo, serve,
 *                        load the rest of the demo meanwhile
 *   npm run dev          the same without a build, on Next's development server
 *
 *   PORT            3000
 *   HOST            127.0.0.1; any other address needs a token: SIGNSCOPE_TOKEN, or one made by `token create`
 *   SIGNSCOPE_PRIVATE  1: reading needs a token too; so does SIGNSCOPE_READ_TOKEN, one that may only read
 *   SIGNSCOPE_DATA  ./data: database and weights
 *   SIGNSCOPE_DEMO  background; 'wait' loads all of the demo before it serves, 'none' nothing of it,
 *                   'RUN,RUN' only these runs, before it serves
 *   ALLOWED_HOSTS   further host names to answer to, comma-separated
 *
 * What exists is reused: a second start only serves.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, isIP } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isGuarded, isLoopback, isPrivate } from '../app/api/v1/_guard'
import { copyTfjsBinaries, ensureBuild } from './build'
import { generateClient } from './generate'
import { compileKernels } from './kernels'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const development = process.argv.includes('--dev')
const demoMode = process.env.SIGNSCOPE_DEMO || 'background'
const say = (text: string) => console.log(`signscope: ${text}`)

process.chdir(root)
process.env.NEXT_TELEMETRY_DISABLED = '1'
const host = bindAddress()
const port = process.env.PORT || '3000'
process.env.SIGNSCOPE_HOST = host

if (await isTaken()) {
  console.error(
    `signscope: port ${port} of ${host} is in use: stop the server that holds it, or choose another with PORT.`,
  )
  process.exit(2)
}

if (generateClient()) say('made the database client')
copyTfjsBinaries()
if (compileKernels()) say('compiled the kernels of the one-bit engine')
if (!development) await ensureBuild(say)
await prepareStore()
await serve()
if (demoMode === 'background') await loadRestOfDemo()

/** Some shells export HOST as the name of the machine or of a compiler target; only addresses count. */
function bindAddress(): string {
  const wanted = process.env.HOST
  if (wanted && (isIP(wanted) || wanted === 'localhost')) return wanted
  if (wanted) say(`HOST=${wanted} is not an address, using 127.0.0.1`)
  return '127.0.0.1'
}

/** Asked before the work begins: afterwards the other server would answer for this one. */
function isTaken(): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'))
    probe.listen(Number(port), host, () => probe.close(() => resolve(false)))
  })
}

async function prepareStore(): Promise<void> {
  // The store's modules import the client that was just generated.
  const { dataFolder } = await import('../lib/store/folder')
  const { migrate } = await import('../lib/store/migrate')
  const { sweepBlobs } = await import('../lib/store/blobs')
  const { sweepUploads } = await import('../lib/store/uploads')
  const { closeDb } = await import('../lib/store/db')
  process.env.SIGNSCOPE_DATA = dataFolder()
  const applied = await migrate()
  await checkExposure()
  await testStore(applied)
  const { temporary, orphans, unused } = await sweepBlobs()
  const remains = temporary + orphans + (await sweepUploads())
  say(`removed ${remains} remains of interrupted uploads and ${unused} unused files`)
  const { loadDemo } = await import('./demo')
  if (demoMode === 'background') await loadDemo({ part: 'first' })
  else if (demoMode === 'wait') await loadDemo()
  else if (demoMode !== 'none') await loadDemo({ runs: demoMode.split(',') })
  await closeDb()
}

/** What an operator wants to know first; a damaged database is neither read nor written. */
async function testStore(applied: readonly string[]): Promise<void> {
  const { dataFolder } = await import('../lib/store/folder')
  const { sqliteVersion } = await import('../lib/store/migrate')
  const { db } = await import('../lib/store/db')
  const { freeBytes } = await import('../lib/store/space')
  const { hasTokens } = await import('../lib/store/tokens')
  const { databaseFaults } = await import('../lib/store/verify')
  const faults = await databaseFaults(db(), 'quick_check')
  const free = `${(freeBytes() / 2 ** 30).toFixed(1)} GB free`
  say(`data in ${dataFolder()}, ${free}${applied.length ? `, applied ${applied.join(', ')}` : ''}`)
  say(`SQLite ${await sqliteVersion()}, database ${faults.length === 0 ? 'sound' : 'DAMAGED'}`)
  if (faults.length > 0) {
    console.error(
      `signscope: ${faults[0]}. Restore a backup into a new folder (restore --help), or look with verify.`,
    )
    process.exit(1)
  }
  const writing = isGuarded(process.env) || (await hasTokens()) ? 'with a token' : 'without a token'
  const reading = isPrivate(process.env) ? 'with a token' : 'open'
  say(`bound to ${host}; writing ${writing}, reading ${reading}`)
}

/** A server that others can reach serves nobody who may write without a token. */
async function checkExposure(): Promise<void> {
  const { listTokens } = await import('../lib/store/tokens')
  if (isLoopback(host) || process.env.SIGNSCOPE_TOKEN) return
  if ((await listTokens()).some(({ revokedAt }) => revokedAt === null)) return
  console.error(
    `signscope: ${host} is open to the network: make a token with \`npm run cli -- token create NAME\` or set SIGNSCOPE_TOKEN to a long secret, or unset HOST.`,
  )
  process.exit(2)
}

/** While the server runs; what goes wrong with the demo is told and leaves the server alone. */
async function loadRestOfDemo(): Promise<void> {
  const { loadDemo } = await import('./demo')
  const { closeDb } = await import('../lib/store/db')
  try {
    await loadDemo({ background: true })
  } catch (error) {
    say(`the rest of the demo was not loaded: ${(error as Error).message}`)
  }
  await closeDb()
}

async function serve(): Promise<void> {
  const mode = development ? ['--dev'] : []
  const server = spawn(process.execPath, ['--import', 'tsx', 'scripts/server.ts', host, port, ...mode], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_ENV: development ? 'development' : 'production' },
  })
  endTogether(server)
  const name = isLoopback(host) || host === '0.0.0.0' || host === '::' ? 'localhost' : host
  const address = `http://${isIP(name) === 6 ? `[${name}]` : name}:${port}`
  if (await isUp(server)) say(`ready on ${address}`)
}

/** The server ends when this process is told to or loses its parent; this process ends when the server does. */
function endTogether(server: ChildProcess): void {
  const parent = process.ppid
  const stop = (signal: NodeJS.Signals) => server.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal))
  const watch = setInterval(() => {
    if (process.ppid !== parent) stop('SIGTERM')
  }, 1000)
  server.on('exit', (code, signal) => {
    clearInterval(watch)
    process.exit(code ?? (signal === 'SIGKILL' ? 1 : 0))
  })
}

async function isUp(server: ChildProcess): Promise<boolean> {
  const at =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : isIP(host) === 6 ? `[${host}]` : host
  while (server.exitCode === null) {
    const answer = await fetch(`http://${at}:${port}/api/v1/health`).catch(() => null)
    if (answer?.ok) return true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return false
}

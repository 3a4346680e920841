/**
 * A process that stores checkpoints with their weights in $SIGNSCOPE_DATA.
 *
 *   importer.ts NAME COUNT BYTES LAYERS [STEP]
 *
 * One line of JSON for each that is stored: {id, sha256, ms}. With STEP it kills itself before it takes that step of its
 * second import, counted from 0; -1 prints their names instead. With $TOGETHER in the environment so many of these
 * processes wait for each other after their first import.
 */
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { storeCheckpoint } from '../../lib/store/checkpoints'
import { closeDb, db } from '../../lib/store/db'
import { watchSteps } from './steps'
import { uploadOf } from './upload'

const [name = '', count, bytes, layers, fatal] = process.argv.slice(2)
const steps: string[] = []
let watching = false
if (fatal !== undefined)
  await watchSteps((step) => {
    if (!watching) return
    if (steps.length === Number(fatal)) process.kill(process.pid, 'SIGKILL')
    steps.push(step)
  })

/** In pieces, so that there is a middle of writing. */
async function* pieces(content: Uint8Array) {
  const size = Math.ceil(content.length / 3)
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
}

async function untilStored(first: number): Promise<void> {
  while ((await db().checkpoint.count({ where: { step: 0 } })) < first) await setTimeout(100)
}

for (let step = 0; step < Number(count); step++) {
  const started = performance.now()
  watching = step === 1
  const content = randomBytes(Number(bytes))
  const sha256 = createHash('sha256').update(content).digest('hex')
  const upload = uploadOf({ name, step, sha256, bytes: Number(bytes), layers: Number(layers) })
  const { id } = await storeCheckpoint(upload, pieces(content))
  if (watching && steps.length === Number(fatal)) process.kill(process.pid, 'SIGKILL')
  watching = false
  const ms = performance.now() - started
  process.stdout.write(`${JSON.stringify({ id, sha256, ms })}\n`)
  if (step === 0) await untilStored(Number(process.env.TOGETHER ?? 1))
}
if (fatal === '-1') process.stdout.write(`${JSON.stringify(steps)}\n`)
await closeDb()

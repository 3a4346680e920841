/**
 * Puts the finished runs of the experiment (scripts/experiment.ts) into public/demo: configuration, log, checkpoints.
 * Students are packed, one bit per weight and basis, and compute with the same floats; the last checkpoint of the runs
 * in `withLatents` keeps its float weights, for the views that show them.
 *
 *   npx tsx scripts/publish-demo.ts
 *
 * Evaluations are made from what lies there then; the README has the command.
 */
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { openTensors } from '../lib/tensor/open'
import { bytesSource } from '../lib/tensor/tensor'
import { checkpointName } from '../lib/train/loop'
import { readCheckpoint, writePacked } from '../lib/unet/checkpoint'

const [from, to] = ['data/experiment', 'public/demo']
const withLatents = ['mnist-baseline', 'mnist-v1']

for (const name of readdirSync(from).sort()) {
  const source = path.join(from, name)
  const config = JSON.parse(readFileSync(path.join(source, 'config.json'), 'utf8'))
  const last = checkpointName(config.steps)
  if (!existsSync(path.join(source, last))) continue
  const target = path.join(to, name)
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  for (const file of ['config.json', 'log.jsonl'])
    copyFileSync(path.join(source, file), path.join(target, file))
  const checkpoints = readdirSync(source).filter((file) => file.endsWith('.safetensors'))
  for (const file of checkpoints) {
    const bytes = readFileSync(path.join(source, file))
    const whole = config.role === 'teacher' || (file === last && withLatents.includes(name))
    writeFileSync(path.join(target, file), whole ? bytes : await packed(file, bytes))
  }
  console.log(`${target}: ${checkpoints.length} checkpoints`)
}

async function packed(file: string, bytes: Uint8Array): Promise<Uint8Array> {
  const checkpoint = await readCheckpoint(await openTensors(bytesSource(file, bytes)))
  return writePacked(checkpoint, createHash('sha256').update(bytes).digest('hex'))
}

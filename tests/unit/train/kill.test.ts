/** SIGKILL for real: the command line's training as a process of its own, killed at random moments and resumed. */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encode } from 'fast-png'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { integers } from '../../../lib/math/rng'
import type { LogLine } from '../../../lib/train/loop'
import { studentConfig, teacherConfig, temporaryFolder, trainIn } from './toy'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = temporaryFolder()
const [config, images] = [join(folder.path, 'config.json'), join(folder.path, 'images')]

/** Everything that changes on the way: layers turn binary until step 36, axes are fitted again, a basis goes at 55. */
const recipe = {
  data: { set: 'folder', path: 'images', size: 8, pixelUnshuffle: 1 },
  steps: 75,
  snapshots: [0, 50, 75],
  lrm: { weight: 0.01, refreshEvery: 30 },
  progressive: { every: 9 },
  binarizer: { transition: 55 },
}

beforeAll(async () => {
  await startBackend()
  await trainIn(folder.path, teacherConfig)
  mkdirSync(images)
  const pixels = integers(5, 0, 256, new Int32Array(20 * 64))
  for (let i = 0; i < 20; i++) {
    const data = Uint8Array.from(pixels.subarray(i * 64, (i + 1) * 64))
    writeFileSync(
      join(images, `${String(i).padStart(2, '0')}.png`),
      encode({ width: 8, height: 8, channels: 1, data }),
    )
  }
  writeFileSync(config, JSON.stringify(studentConfig('ebb', 'step-000020.safetensors', recipe)))
})
afterAll(() => folder.remove())

/** Kills a process so many milliseconds after it has said something. */
type Kill = { said: string; delay: number }

/** Trains in folder `name` from its last state, if it has one. Returns how the process ended and what it said. */
function train(name: string, kill?: Kill): Promise<{ end: number | NodeJS.Signals | null; stderr: string }> {
  const out = join(folder.path, name)
  const flags = ['--resume', '--out', out, '--state', join(out, 'state'), '--save-every', '25']
  const child = spawn(process.execPath, ['--import', 'tsx', 'lib/cli/main.ts', 'train', config, ...flags], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let [stderr, due] = ['', kill !== undefined]
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    if (!due || !stderr.includes(kill!.said)) return
    due = false
    setTimeout(() => child.kill('SIGKILL'), kill!.delay)
  })
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ end: signal ?? code, stderr }))
  })
}

const checkpoints = (name: string) =>
  readdirSync(join(folder.path, name)).filter((f) => f.startsWith('step-'))
const logOf = (name: string) =>
  readFileSync(join(folder.path, name, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), secondsPerStep: null }))

it('a training killed at several moments ends with the checkpoints and the log of one that was left alone', async () => {
  const whole = await train('whole')
  expect(whole, whole.stderr).toMatchObject({ end: 0 })
  expect(checkpoints('whole')).toEqual([
    'step-000000.safetensors',
    'step-000050.safetensors',
    'step-000075.safetensors',
  ])
  const line = readFileSync(join(folder.path, 'whole', 'log.jsonl'), 'utf8').split('\n')[0]!
  const step = 1000 * (JSON.parse(line) as LogLine).secondsPerStep
  const [a, b, c] = [...integers(11, 0, 1000, new Int32Array(3))].map((v) => v / 1000) as [
    number,
    number,
    number,
  ]
  const kills: Kill[] = [
    // before there is a state
    { said: 'starting', delay: a * 12 * step },
    // while a checkpoint or a state is written
    { said: 'step 50/75', delay: b * 2 * step },
    // on the way from wherever it goes on
    { said: 'trained values', delay: c * 12 * step },
  ]
  for (const kill of kills) {
    const { end, stderr } = await train('killed', kill)
    expect(end, `${kill.said}: ${stderr}`).toBe('SIGKILL')
  }
  expect(checkpoints('killed')).not.toContain('step-000075.safetensors')
  const last = await train('killed')
  expect(last, last.stderr).toMatchObject({ end: 0 })
  expect(checkpoints('killed')).toEqual(checkpoints('whole'))
  for (const name of checkpoints('whole')) {
    const [one, other] = ['whole', 'killed'].map((run) => readFileSync(join(folder.path, run, name)))
    expect(other!.equals(one!), name).toBe(true)
  }
  expect(logOf('killed')).toEqual(logOf('whole'))
}, 300_000)

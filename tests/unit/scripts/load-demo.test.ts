import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { demoProgress } from '../../../lib/store/demo-progress'
import { listEvaluations } from '../../../lib/store/evaluations'
import { getRun, listRuns } from '../../../lib/store/runs'
import { countScalars } from '../../../lib/store/scalars'
import { sampleEvaluation, sampleReference } from '../store/sample-evaluation'
import { useTemporaryStore } from '../store/temporary-store'
import { studentConfig, teacherConfig, temporaryFolder, trainIn } from '../train/toy'

useTemporaryStore()
const demo = temporaryFolder()

/** A demo of three runs with two checkpoints each, and the evaluation of one of them, of one nobody has, and of real images. */
beforeAll(async () => {
  await startBackend()
  const teacher = '../toy-teacher/step-000020.safetensors'
  for (const config of [teacherConfig, studentConfig('sign', teacher), studentConfig('lmb', teacher)]) {
    const folder = path.join(demo.path, config.name)
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config))
    await trainIn(folder, config)
  }
  const known = readFileSync(path.join(demo.path, 'toy-lmb/step-000020.safetensors'))
  const sha256 = createHash('sha256').update(known).digest('hex')
  const rows = [
    sampleEvaluation({ sha256, run: 'toy-lmb', step: 20 }),
    sampleEvaluation({ sha256: 'f'.repeat(64) }),
    sampleReference('real'),
  ]
  writeFileSync(path.join(demo.path, 'evaluations.json'), JSON.stringify(rows))
}, 120_000)
afterAll(() => demo.remove())

/** The loader in a process of its own; resolves with what it said when it ends. */
function loading(onLine: (line: string, child: ChildProcess) => void = () => {}): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/demo.ts', demo.path], {
    env: process.env,
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk
    onLine(String(chunk), child)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
  })
  return new Promise((resolve) => child.on('exit', () => resolve(said)))
}

const stored = async () =>
  (await listRuns()).flatMap((run) => run.checkpoints.map(({ step }) => `${run.name} ${step}`))

it('a load that is killed goes on where it was, and ends with all runs, logs and evaluations', async () => {
  await loading((line, child) => {
    if (line.includes('demo 2/6')) child.kill('SIGKILL')
  })
  const before = await stored()
  expect(before).toContain('toy-teacher 20')
  expect(before.length).toBeLessThan(6)
  // The process that told of its progress is gone.
  expect(demoProgress()).toBeNull()

  const said = await loading()
  expect(said).toContain(`loaded ${6 - before.length} demo checkpoints`)
  expect((await stored()).sort()).toEqual(
    [
      ['toy-lmb', 0, 20],
      ['toy-sign', 0, 20],
      ['toy-teacher', 10, 20],
    ].flatMap(([name, ...steps]) => steps.map((step) => `${name} ${step}`)),
  )
  for (const name of ['toy-teacher', 'toy-lmb'])
    expect(await countScalars((await getRun(name))!.id)).toBeGreaterThanOrEqual(20)
  // What is known of a checkpoint that is not here is left out.
  expect((await listEvaluations()).map(({ subject }) => subject).sort()).toEqual(['checkpoint', 'real'])
  expect(demoProgress()).toBeNull()

  expect(await loading()).not.toContain('loaded')
}, 240_000)

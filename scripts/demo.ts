/**
 * Loads the demo runs of public/demo into the store: what `import` does, in two processes, with the training logs as
 * scalars. What is stored already is left alone. npm start calls it; by hand:
 *
 *   npx tsx scripts/demo.ts [FOLDER]
 *
 * FOLDER holds one folder per run: config.json, log.jsonl, step-*.safetensors.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { importCheckpoints, usualMeasurement, usualSamples } from '../lib/cli/import'
import type { Job } from '../lib/cli/prepare'
import type { CheckpointUpload } from '../lib/record/run'
import { scalarsOfLog } from '../lib/record/training-log'
import { closeDb } from '../lib/store/db'
import { migrate } from '../lib/store/migrate'
import { getRun } from '../lib/store/runs'
import { countScalars, replaceScalars } from '../lib/store/scalars'

const here = path.dirname(fileURLToPath(import.meta.url))
const demoFolder = path.resolve(here, '../public/demo')
const workers = 2
const say = (text: string) => console.log(`signscope: ${text}`)

/** Imports what is missing of the demo. The database must be up to date; the caller closes it. */
export async function loadDemo(folder: string = demoFolder): Promise<void> {
  const runs = runFolders(folder)
  const files = runs.flatMap((run) => checkpointsOf(run))
  const last = new Set(runs.flatMap((run) => checkpointsOf(run).slice(-1)))
  if (files.length === 0) return
  const pool = new Pool()
  let finished = 0
  const started = Date.now()
  try {
    const results = await importCheckpoints(files, {
      ...usualMeasurement,
      // half as many where one looks for the trend: drawing takes longer than the diagnosis
      samples: (file) => (last.has(file) ? usualSamples.last : usualSamples.onTheWay),
      flags: {},
      parallel: workers,
      prepare: (job) => pool.run(job),
      onDone({ file, run, step, stored, problem }) {
        finished++
        if (problem) say(`demo: ${file} was refused: ${problem}`)
        else if (stored) say(`demo ${finished}/${files.length}: ${run}, step ${step}`)
      },
    })
    for (const run of runs) await storeLog(run)
    const stored = results.filter((result) => result.stored).length
    if (stored > 0) say(`loaded ${stored} demo checkpoints in ${Math.round((Date.now() - started) / 1000)} s`)
  } finally {
    pool.close()
  }
}

function runFolders(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return names.map(({ name }) => path.join(folder, name)).sort()
}

function checkpointsOf(run: string): string[] {
  const files = readdirSync(run).filter((name) => /^step-\d+\.safetensors$/.test(name))
  return files.sort().map((name) => path.join(run, name))
}

/** The training log as scalars of the run named in its config.json; nothing to do if they are there. */
async function storeLog(folder: string): Promise<void> {
  const [config, log] = [path.join(folder, 'config.json'), path.join(folder, 'log.jsonl')]
  if (!existsSync(config) || !existsSync(log)) return
  const { name } = JSON.parse(readFileSync(config, 'utf8')) as { name: string }
  const run = await getRun(name)
  if (!run) return
  const scalars = scalarsOfLog(readFileSync(log, 'utf8'))
  if ((await countScalars(run.id)) !== scalars.length) await replaceScalars(name, scalars)
}

/** What a worker answers. */
export type Prepared = { upload: CheckpointUpload } | { problem: string }

/** Processes that diagnose, started when the first job comes. */
class Pool {
  #idle: ChildProcess[] = []
  #all: ChildProcess[] = []

  async run(job: Job): Promise<CheckpointUpload> {
    const worker = this.#idle.pop() ?? this.#start()
    const answer = await new Promise<Prepared>((resolve, reject) => {
      const fail = (code: number | null) => reject(new Error(`a demo worker ended with code ${code}`))
      worker.once('exit', fail)
      worker.once('message', (prepared: Prepared) => {
        worker.off('exit', fail)
        resolve(prepared)
      })
      worker.send(job)
    })
    this.#idle.push(worker)
    if ('problem' in answer) throw new Error(`${job.checkpoint.facts.name}: ${answer.problem}`)
    return answer.upload
  }

  /** The child inherits the TypeScript loader this process runs with. */
  #start(): ChildProcess {
    const worker = fork(path.join(here, 'demo-worker.ts'))
    this.#all.push(worker)
    return worker
  }

  close(): void {
    for (const worker of this.#all) worker.kill()
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await migrate()
  await loadDemo(process.argv[2])
  await closeDb()
}

/**
 * Loads the demo runs of public/demo into the store: what `import` does, in processes of their own, with the training
 * logs as scalars and the evaluations. What is stored already is left alone, so a load that was stopped goes on where it
 * was. npm start calls it; by hand:
 *
 *   npx tsx scripts/demo.ts [FOLDER]
 *
 * FOLDER holds one folder per run: config.json, log.jsonl, step-*.safetensors; evaluations.json beside or in them.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as z from 'zod/mini'
import { type Imported, importCheckpoints, usualMeasurement, usualSamples } from '../lib/cli/import'
import type { Job } from '../lib/cli/prepare'
import { Evaluations } from '../lib/record/evaluation'
import { compareRecipes, recipeOf } from '../lib/record/recipe'
import type { CheckpointUpload } from '../lib/record/run'
import { scalarsOfLog } from '../lib/record/training-log'
import { findBySha256 } from '../lib/store/checkpoints'
import { closeDb } from '../lib/store/db'
import { tellDemoProgress } from '../lib/store/demo-progress'
import { putEvaluations } from '../lib/store/evaluations'
import { migrate } from '../lib/store/migrate'
import { getRun } from '../lib/store/runs'
import { countScalars, replaceScalars } from '../lib/store/scalars'
import { InputError } from '../lib/tensor/error'

const here = path.dirname(fileURLToPath(import.meta.url))
const demoFolder = path.resolve(here, '../public/demo')
const say = (text: string) => console.log(`signscope: ${text}`)

export type DemoOptions = {
  folder?: string
  /** Names of the runs to load; all by default. */
  runs?: readonly string[]
  /** 'first': only what a first look needs, the last checkpoints of a teacher, its baseline and its full method. */
  part?: 'first' | 'all'
  /** One process at low priority, so that pages stay quick. */
  background?: boolean
}

/** Imports what is missing of the demo. The database must be up to date; the caller closes it. */
export async function loadDemo({
  folder = demoFolder,
  runs: wanted,
  part = 'all',
  background = false,
}: DemoOptions = {}): Promise<void> {
  const runs = demoRuns(folder).filter(({ name }) => !wanted || wanted.includes(name))
  const total = runs.reduce((sum, run) => sum + run.files.length, 0)
  const batches = demoBatches(runs).slice(0, part === 'first' ? 1 : undefined)
  const last = new Set(runs.flatMap((run) => run.files.slice(-1)))
  const pool = new Pool(background)
  const started = Date.now()
  let [done, stored] = [0, 0]
  const onDone = ({ file, run, step, stored: isNew, problem }: Imported) => {
    done++
    if (problem) say(`demo: ${file} was refused: ${problem}`)
    else if (isNew) {
      stored++
      say(`demo ${done}/${total}: ${run}, step ${step}`)
    }
    // A demo that is all there is looked through in a moment: nothing to tell.
    if (stored > 0) tellDemoProgress({ done, total })
  }
  try {
    for (const batch of batches) {
      const files = batch.flatMap((one) => one.files)
      await orTold(() =>
        importCheckpoints(files, {
          ...usualMeasurement,
          // half as many where one looks for the trend: drawing takes longer than the diagnosis
          samples: (file) => (last.has(file) ? usualSamples.last : usualSamples.onTheWay),
          flags: {},
          parallel: background ? 1 : 2,
          prepare: (job) => pool.run(job),
          onDone,
        }),
      )
      for (const { folder: own } of batch) await storeLog(own)
      await storeEvaluations(folder, runs)
    }
    const seconds = Math.round((Date.now() - started) / 1000)
    if (stored > 0) say(`loaded ${stored} demo checkpoints in ${seconds} s`)
  } finally {
    if (part === 'all') tellDemoProgress(null)
    pool.close()
  }
}

export type DemoRun = {
  name: string
  folder: string
  role: 'teacher' | 'student'
  settings: Record<string, unknown>
  /** Checkpoints, ascending by step. */
  files: string[]
}

/** The runs of a demo folder that have checkpoints, teachers first, then as in an ablation. */
export function demoRuns(folder: string): DemoRun[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const runs = entries.flatMap(({ name }): DemoRun[] => {
    const own = path.join(folder, name)
    const files = readdirSync(own).filter((file) => /^step-\d+\.safetensors$/.test(file))
    const config = path.join(own, 'config.json')
    const settings = existsSync(config)
      ? (JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>)
      : {}
    const role = settings.role === 'teacher' ? 'teacher' : 'student'
    const paths = files.sort().map((file) => path.join(own, file))
    return paths.length === 0 ? [] : [{ name, folder: own, role, settings, files: paths }]
  })
  const recipe = (run: DemoRun) => recipeOf({ ...run, method: '' })
  return runs.sort((a, b) => compareRecipes(recipe(a), recipe(b)) || (a.name < b.name ? -1 : 1))
}

type Batch = Pick<DemoRun, 'name' | 'folder' | 'files'>[]

/**
 * In what order to load: first what tells the story, the last checkpoints of the teacher with most students, of its
 * baseline and of its fullest method; then the last checkpoint of every other run; then the way there, the latest steps first.
 */
export function demoBatches(runs: readonly DemoRun[]): Batch[] {
  const [teacher] = runs
    .filter(({ role, name }) => role === 'teacher' && studentsOf(name, runs).length > 0)
    .sort((a, b) => studentsOf(b.name, runs).length - studentsOf(a.name, runs).length)
  const students = teacher ? studentsOf(teacher.name, runs) : []
  const first = [teacher, students[0], students.length > 1 ? fullest(students) : undefined]
  const leading = first.filter((run) => run !== undefined)
  const lastOf = (run: DemoRun) => ({ ...run, files: run.files.slice(-1) })
  const others = runs.filter((run) => !leading.includes(run))
  const rest = [...leading, ...others].map((run) => ({ ...run, files: run.files.slice(0, -1).reverse() }))
  return [
    leading.map(lastOf),
    ...others.map((run) => [lastOf(run)]),
    ...rest.filter(({ files }) => files.length > 0).map((run) => [run]),
  ].filter((batch) => batch.length > 0)
}

/** By the path of the teacher in their configurations. */
function studentsOf(teacher: string, runs: readonly DemoRun[]): DemoRun[] {
  return runs.filter(
    ({ settings }) =>
      typeof settings.teacher === 'string' && path.basename(path.dirname(settings.teacher)) === teacher,
  )
}

/** The student with most additions to the plain binarizer. */
function fullest(students: readonly DemoRun[]): DemoRun | undefined {
  const additions = (run: DemoRun) => recipeOf({ ...run, method: '' }).id.split('+').length
  return students.slice(1).toSorted((a, b) => additions(b) - additions(a))[0]
}

/** A bad file is told, not thrown: the others are loaded all the same. */
async function orTold(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    say(`demo: ${error.message}`)
  }
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

/** The evaluations of what is stored by now, and their references. */
async function storeEvaluations(folder: string, runs: readonly DemoRun[]): Promise<void> {
  for (const place of [folder, ...runs.map((run) => run.folder)]) {
    const file = path.join(place, 'evaluations.json')
    if (!existsSync(file)) continue
    const rows = z.parse(Evaluations, JSON.parse(readFileSync(file, 'utf8')))
    const known = await Promise.all(
      rows.map(async ({ sha256 }) => sha256 === null || (await findBySha256(sha256)).length > 0),
    )
    await putEvaluations(rows.filter((_, i) => known[i]))
  }
}

/** What a worker answers. */
export type Prepared = { upload: CheckpointUpload } | { problem: string }

/** Processes that diagnose, started when the first job comes. */
class Pool {
  #idle: ChildProcess[] = []
  #all: ChildProcess[] = []
  readonly #low: boolean

  constructor(low: boolean) {
    this.#low = low
  }

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
    if (this.#low && worker.pid !== undefined) setPriority(worker.pid, constants.priority.PRIORITY_LOW)
    this.#all.push(worker)
    return worker
  }

  close(): void {
    for (const worker of this.#all) worker.kill()
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await migrate()
  await loadDemo({ folder: process.argv[2] })
  await closeDb()
}

import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { runName } from '../diagnostics/upload'
import type { CheckpointUpload, SampleSet } from '../record/run'
import { blobFile, blobSize } from '../store/blobs'
import { findBySha256, getCheckpoint, isReadAs, storeCheckpoint } from '../store/checkpoints'
import { InputError } from '../tensor/error'
import { type GivenConfig, readAbout } from '../unet/checkpoint'
import { chooseNetwork } from '../unet/choose-network'
import { parseConfig } from '../unet/config'
import { findNetworks, weightLayers } from '../unet/networks'
import { type Noise, readNoise } from '../unet/noise'
import { wantedAgain } from '../unet/reading'
import {
  type Command,
  checkpointHelp,
  checkpointOptions,
  type Flags,
  printResult,
  progressBar,
  text,
  wholeNumber,
} from './command'
import {
  givenConfig,
  indexEnding,
  isFolder,
  noiseBeside,
  storedBytes,
  weightsFile,
  weightsInFolder,
  withTensors,
} from './open'
import { type CheckpointFile, type Job, prepareUpload } from './prepare'
import { withStore } from './with-store'

/** Flags of the commands that store checkpoints. */
export const importFlags = {
  ...checkpointOptions,
  run: { type: 'string' },
  teacher: { type: 'string' },
  'keep-weights': { type: 'boolean' },
  timesteps: { type: 'string' },
  images: { type: 'string' },
  samples: { type: 'string' },
  seed: { type: 'string' },
} satisfies Command['options']

export const measurementHelp = `  --timesteps N    timesteps of the alignment (default 20)
  --images N       images of the alignment (default 8)
  --samples N      images drawn, DDIM, 50 steps (default 16; 0 for none)
  --seed N         of their noise (default 7)`

export const importCommand: Command = {
  summary: 'diagnose checkpoints and store them, with their weights, for the dashboard',
  help: `usage: import PATH... [--run NAME] [--teacher FILE]

PATH is a checkpoint, a folder of checkpoints (searched with its subfolders) or a diffusers folder; patterns like
runs/*.ckpt are the shell's to expand. What is stored already (same content, same run) is left alone. Students are
measured against --teacher, or the teacher they name, if it is among the PATHs or stored before, or the one
in their own file, which is then stored as run NAME-teacher. The store is ./data, or $SIGNSCOPE_DATA.

  --run NAME       run to store in (default: what the checkpoint says, else the name of its file, or of its folder
                   where files are called so everywhere, as last.ckpt; files of a folder
                   that tell their step, by global_step or a name as ckpt_40000.pth, are the steps of a run named as the
                   folder)
  --teacher FILE   full-precision checkpoint the others are students of; it is stored too
  --keep-weights   store the weights of networks that cannot be run, too: only their statistics are, as a rule
${measurementHelp}
${checkpointHelp}`,
  options: importFlags,
  async run(positionals, flags) {
    if (positionals.length === 0) {
      throw new InputError({ file: 'PATH', problem: 'none given', remedy: 'See --help.' })
    }
    const results = await withStore(() => importCheckpoints(positionals, importOptionsOf(flags)))
    const stored = results.filter((result) => result.stored).length
    const failed = results.filter((result) => result.problem !== null).length
    const words = `${stored} stored, ${results.length - stored - failed} already there, ${failed} refused`
    printResult(flags, results, words)
    return failed > 0 ? 2 : 0
  },
}

/** What those flags ask for; progress and results are told on stderr. */
export function importOptionsOf(flags: Flags): ImportOptions {
  return {
    run: text(flags, 'run'),
    teacher: text(flags, 'teacher'),
    keepWeights: flags['keep-weights'] === true,
    timesteps: wholeNumber(flags, 'timesteps', usualMeasurement.timesteps, [1, 1000]),
    images: wholeNumber(flags, 'images', usualMeasurement.images, [1, 256]),
    samples: wholeNumber(flags, 'samples', usualSamples.last, [0, 256]),
    seed: wholeNumber(flags, 'seed', usualMeasurement.seed, [0, Number.MAX_SAFE_INTEGER]),
    flags,
    prepare: async (job) => {
      const progress = progressBar(job.checkpoint.facts.name)
      const upload = await prepareUpload(job, progress)
      progress(1)
      return upload
    },
    onDone: ({ file, run, step, stored, problem }) => {
      console.error(problem ?? `${file}: ${stored ? 'stored' : 'already stored'} as ${run}, step ${step}`)
    },
  }
}

/** How checkpoints are measured unless someone says otherwise: what is to be compared must be measured alike. */
export const usualMeasurement = { timesteps: 20, images: 8, seed: 7 }
/** Images drawn with a checkpoint one looks at, and with one that only shows the way there. */
export const usualSamples = { last: 16, onTheWay: 8 }

export type ImportOptions = {
  run?: string
  teacher?: string
  /** Stores the weights of networks that cannot be run as well; false by default. */
  keepWeights?: boolean
  timesteps: number
  images: number
  /** Images drawn with each checkpoint, or with the one of this path. */
  samples: number | ((path: string) => number)
  seed: number
  flags: Flags
  /** Makes the record of one checkpoint, here or in a worker. */
  prepare(job: Job): Promise<CheckpointUpload>
  /** Folder whose files are the steps of one run, if they are imported one by one. */
  series?: string
  /** How many may be prepared at once; 1 by default. */
  parallel?: number
  onDone(result: Imported): void
}

/** What became of one file. */
export type Imported = {
  file: string
  run: string
  step: number
  sha256: string
  /** Id of the stored checkpoint; null if it was refused. */
  id: string | null
  /** false if it was there already, or refused. */
  stored: boolean
  /** Why it was refused. */
  problem: string | null
}

/** A file to import, and what it says of itself. */
type Found = {
  file: CheckpointFile
  /** Whether its network can be run. */
  runs: boolean
  role: 'teacher' | 'student'
  step: number
  teacherSha256: string | null
  /** The teacher in the same file; null if it holds none. */
  ownTeacher: CheckpointFile | null
  /** What was asked for on the command line; anything else may be as it is stored. */
  asked: Parameters<typeof isReadAs>[1]
  /** Ids and shapes of the layers: the same for teacher and student. */
  layers: string
}

/**
 * Diagnoses and stores checkpoints; teachers first, so that their students find them. In a folder one bad file does
 * not stop the others: it is told in the result; tensor files that hold no network are left out. A bad file named by itself is
 * thrown as InputError.
 */
export async function importCheckpoints(paths: string[], options: ImportOptions): Promise<Imported[]> {
  const results: Imported[] = []
  const done = (result: Imported) => {
    results.push(result)
    options.onDone(result)
  }
  const named = options.teacher === undefined ? null : await findTeacher(options.teacher, options)
  const found = named ? [named] : []
  for (const path of paths) {
    const files = filesOf(path)
    for (const weights of files) {
      if (weights !== path && (await holdsNoNetwork(weights))) {
        console.error(`${weights}: left out, its tensors are of no network`)
        continue
      }
      const one = await orRefusal(weights, paths.length === 1 && files.length === 1, () =>
        describe(
          weights,
          options.series ?? (files.length > 1 && weights !== path ? path : null),
          options,
          named && 'student',
        ),
      )
      if ('problem' in one) done(one)
      else if (!named || !sameNetwork(one.file, named.file)) found.push(one)
    }
  }
  addOwnTeachers(found, named)
  nameTeachersApart(found)
  const teachers = found.filter(({ role }) => role === 'teacher')
  const students = found.filter(({ role }) => role === 'student')
  const alone = found.length === 1
  for (const group of [teachers, students]) {
    await inParallel(group, options.parallel ?? 1, async (one) => {
      const result = await orRefusal(one.file.facts.name, alone, async () => ({
        result: await importOne(one, named, found, options),
      }))
      done('result' in result ? result.result : result)
    })
  }
  return results
}

/** Whether a file is whole and its tensors are of no network: samples, say. A damaged one is told of when it is read. */
async function holdsNoNetwork(weights: string): Promise<boolean> {
  try {
    return await withTensors(weights, async (file) => findNetworks(file).length === 0)
  } catch (error) {
    if (error instanceof InputError) return false
    throw error
  }
}

function sameNetwork(a: CheckpointFile, b: CheckpointFile): boolean {
  return a.facts.sha256 === b.facts.sha256 && a.wanted.network === b.wanted.network
}

/** Adds the teachers that students bring in their own files, one for each run that has no other. */
function addOwnTeachers(found: Found[], named: Found | null): void {
  for (const own of [...found]) {
    const { role, teacherSha256, ownTeacher } = own
    if (!ownTeacher || named || role === 'teacher' || teacherSha256 !== null) continue
    if (found.some((other) => other.role === 'teacher' && other.file.run === ownTeacher.run)) continue
    found.push({
      ...own,
      file: ownTeacher,
      role: 'teacher',
      ownTeacher: null,
      asked: { network: ownTeacher.wanted.network },
    })
  }
}

/** A folder with students and their teacher names two runs. */
function nameTeachersApart(found: Found[]): void {
  const students = new Set(found.filter(({ role }) => role === 'student').map(({ file }) => file.run))
  for (const { role, file } of found)
    if (role === 'teacher' && students.has(file.run)) file.run = teacherRun(file.run)
}

/** Runs `work`; unless it was asked for by itself, a refused file becomes a result. */
async function orRefusal<T extends object>(
  file: string,
  alone: boolean,
  work: () => Promise<T>,
): Promise<T | Imported> {
  try {
    return await work()
  } catch (error) {
    if (alone || !(error instanceof InputError)) throw error
    return { file, run: '', step: 0, sha256: '', id: null, stored: false, problem: error.message }
  }
}

/** `work` on every item, at most `most` at a time, begun in order. */
async function inParallel<T>(items: T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane))
}

async function importOne(
  one: Found,
  named: Found | null,
  found: Found[],
  options: ImportOptions,
): Promise<Imported> {
  const { facts, run, path } = one.file
  const about = { file: facts.name, run, step: one.step, sha256: facts.sha256, problem: null }
  const before = (await findBySha256(facts.sha256)).find(
    (row) => row.run === run && row.step === one.step && isReadAs(row, one.asked),
  )
  const keeps = one.runs || options.keepWeights === true
  if (before && (!keeps || (await blobSize(facts.sha256)) !== null))
    return { ...about, id: before.id, stored: false }
  const teacher = one.role === 'student' ? await teacherOf(one, named, found) : null
  const { timesteps, images, seed } = options
  const samples = typeof options.samples === 'number' ? options.samples : options.samples(path)
  const upload = await options.prepare({ checkpoint: one.file, teacher, timesteps, images, samples, seed })
  const { id, duplicate } = await storeCheckpoint(upload, keeps ? storedBytes(path) : undefined)
  return { ...about, id, stored: !duplicate }
}

/** The teacher to measure a student against: --teacher, else the file it names, imported now or before; else null. */
async function teacherOf(student: Found, named: Found | null, found: Found[]): Promise<Job['teacher']> {
  const beside =
    named ??
    found.find(({ file }) => file.facts.sha256 === student.teacherSha256) ??
    found.find(({ role, file }) => role === 'teacher' && file.run === teacherRun(student.file.run)) ??
    teacherAbove(student, found)
  const sha256 = beside?.file.facts.sha256 ?? student.teacherSha256
  const [row] = sha256 === null ? [] : await findBySha256(sha256)
  const stored = row && (await getCheckpoint(row.id))
  const samples: SampleSet | null = stored?.samples ?? null
  if (beside) return { checkpoint: beside.file, samples }
  if (!stored?.hasWeights) {
    const { name } = student.file.facts
    console.error(
      `${name}: its teacher is not stored here, so only its weights are diagnosed (see --teacher)`,
    )
    return null
  }
  const { fileName, bytes, diagnosis } = stored
  const checkpoint: CheckpointFile = {
    path: blobFile(stored.sha256),
    facts: { name: fileName, sha256: stored.sha256, bytes },
    run: row!.run,
    given: { json: diagnosis.config, file: fileName },
    step: stored.step,
    wanted: wantedAgain(diagnosis),
  }
  return { checkpoint, samples }
}

/** The full-precision checkpoint of the same layers that lies in the student's folder, or the nearest above it. */
function teacherAbove(student: Found, found: Found[]): Found | undefined {
  if (student.teacherSha256 !== null) return undefined
  const folder = (one: Found) => dirname(resolve(one.file.path))
  return found
    .filter((one) => one.role === 'teacher' && one.layers === student.layers && one.ownTeacher === null)
    .filter(
      (one) => `${folder(student)}/`.startsWith(`${folder(one)}/`) && one.file.path !== student.file.path,
    )
    .sort((a, b) => folder(b).length - folder(a).length)[0]
}

/** The file of --teacher; one that is stored already keeps the run and step it is stored as. */
async function findTeacher(path: string, options: ImportOptions): Promise<Found> {
  const teacher = await describe(weightsFile(path), null, { ...options, run: undefined }, 'teacher')
  const rows = (await findBySha256(teacher.file.facts.sha256)).filter((row) => isReadAs(row, teacher.asked))
  const stored = rows.find((row) => row.run === teacher.file.run) ?? rows[0]
  if (!stored) return teacher
  const { run, step } = stored
  return { ...teacher, step, file: { ...teacher.file, run, step } }
}

const extensions = ['.safetensors', '.pt', '.pth', '.ckpt', '.bin']

/** The checkpoint files a path stands for: itself, the U-Net of a diffusers folder, or all below a folder. */
function filesOf(path: string): string[] {
  if (!isFolder(path)) return [path]
  const files = checkpointsBelow(path)
  if (files.length > 0) return files
  throw new InputError({
    file: path,
    problem: 'the folder holds no checkpoint',
    remedy: `Give a folder with files that end in ${extensions.join(', ')}.`,
  })
}

/** One of several files of a checkpoint: its index stands for it. */
const isShard = (name: string) => /-\d{5}-of-\d{5}(\.\w+)?\.safetensors$/.test(name)

function isCheckpointName(name: string): boolean {
  return (extensions.includes(extname(name).toLowerCase()) && !isShard(name)) || indexEnding.test(name)
}

/** Checkpoint files in a folder and its subfolders, by name, and indexes of shards; of a diffusers folder its U-Net. */
export function checkpointsBelow(folder: string): string[] {
  const weights = weightsInFolder(folder)
  if (weights) return [weights]
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter(({ name }) => !name.startsWith('.'))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return checkpointsBelow(path)
      return entry.isFile() && isCheckpointName(entry.name) ? [path] : []
    })
}

/**
 * Reads the head of a checkpoint file and hashes all of it. `folder` is the folder whose series it belongs to, if any; `as` is
 * what the command line says it is. A file given as the teacher that holds one means that one.
 */
async function describe(
  weights: string,
  folder: string | null,
  options: ImportOptions,
  as: Found['role'] | null,
): Promise<Found> {
  return withTensors(weights, async (file) => {
    const about = readAbout(file)
    const own = findNetworks(file).find(({ role }) => role === 'teacher')
    const asked = as === 'teacher' && own ? own.prefix : text(options.flags, 'network')
    const network = await chooseNetwork(file, asked)
    const isTeacher = network.role === 'teacher' || network.role === 'teacher-ema'
    const ownTeacher = isTeacher ? undefined : own
    const given = givenConfig(file, weights, options.flags)
    const facts = { name: ownName(weights), ...(await hashOf(weights)) }
    const binarized = Object.values(about?.manifest ?? {}).some(({ bases }) => bases > 0)
    const looksLikeStudent =
      about?.role === 'student' || binarized || ownTeacher || (network.family === 'binarydm' && !isTeacher)
    const numbered = about ? null : network.step
    const series = numbered !== null && folder !== null ? seriesName(weights) : undefined
    const generic = folder === null && isGenericName(weights) ? seriesName(weights) : undefined
    const fallback = isDiffusersName(weights) ? modelName(weights) : (series ?? generic)
    const named = runName(
      { about: { run: about?.run ?? null } },
      facts,
      options.run ?? about?.run ?? fallback,
    )
    const run = isTeacher && options.run === undefined ? teacherRun(named) : named
    const step = about ? null : (numbered ?? 0)
    const role = as ?? (looksLikeStudent ? 'student' : 'teacher')
    const mode = role === 'student' ? text(options.flags, 'mode') : undefined
    const noise = noiseBeside(weights)
    const wanted = { network: network.prefix, mode, noise }
    const checkpoint: CheckpointFile = { path: weights, facts, run, given, step, wanted }
    const isAsked = text(options.flags, 'config') !== undefined && given !== null
    const config = isAsked ? askedConfig(given, await readNoise(file, network.prefix)) : undefined
    return {
      file: checkpoint,
      runs: network.unsupported === null,
      role,
      step: step ?? about?.step ?? 0,
      teacherSha256: about?.teacherSha256 ?? null,
      ownTeacher: ownTeacher
        ? { ...checkpoint, run: teacherRun(run), wanted: { network: ownTeacher.prefix, noise } }
        : null,
      asked: { network: asked === undefined ? undefined : network.prefix, mode, config },
      layers: weightLayers(network.names, file.tensors)
        .map(({ id, shape }) => `${id} ${shape}`)
        .sort()
        .join(),
    }
  })
}

/** Run of the teacher that the files of a student's run bring along. */
function teacherRun(run: string): string {
  return `${run.slice(0, 112)}-teacher`
}

/** A configuration as it is stored: the spelling of attention is in the names, and betas of the file go before its own. */
function askedConfig({ json, file }: GivenConfig, noise: Noise | null): Record<string, unknown> {
  const { attentionNames: _, ...config } = parseConfig(json, file)
  return { ...config, ...(noise && { noise }) }
}

/** What trainings call their files whatever they train: last.ckpt, checkpoint.pth, model.safetensors. */
function isGenericName(weights: string): boolean {
  return /^(pytorch_|ema_)?(last|latest|best|final|model|checkpoint|ckpt|weights)(-v\d+)?\./i.test(
    basename(weights),
  )
}

/** Run of the checkpoints of one folder; Lightning puts them into a folder that says nothing. */
function seriesName(weights: string): string {
  const folder = dirname(resolve(weights))
  return basename(/^(checkpoints?|ckpts?)$/i.test(basename(folder)) ? dirname(folder) : folder)
}

/** The file's name, of shards that of the file they make up; in a diffusers folder, where all are called alike, with the model's. */
function ownName(weights: string): string {
  const name = basename(weights).replace(indexEnding, '$1.safetensors')
  return isDiffusersName(weights) ? `${modelName(weights)}/${name}` : name
}

function isDiffusersName(weights: string): boolean {
  return basename(weights).startsWith('diffusion_pytorch_model')
}

/** Name of a diffusers model: that of its folder. */
function modelName(weights: string): string {
  const folder = dirname(resolve(weights))
  const isPart = basename(folder) === 'unet' && existsSync(join(folder, '..', 'model_index.json'))
  return basename(isPart ? dirname(folder) : folder)
}

async function hashOf(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of storedBytes(path)) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { sha256: hash.digest('hex'), bytes }
}

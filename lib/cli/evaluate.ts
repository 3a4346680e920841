import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import * as z from 'zod/mini'
import { samplingOf } from '../diffusion/scheduler-config'
import { type Evaluation, Evaluations, mergeEvaluations } from '../record/evaluation'
import { InputError } from '../tensor/error'
import { type ImageSource, imageSets, loadImages } from '../train/data/images'
import type { Images } from '../train/data/pictures'
import { classifierTraining } from '../train/evaluation/classifier'
import { classifierOf, setName } from '../train/evaluation/classifier-file'
import { type Candidate, checkpointRow, type Drawn, draw, referenceRow } from '../train/evaluation/evaluate'
import { type Judge, makeJudge } from '../train/evaluation/judge'
import {
  constantPictures,
  gaussianPictures,
  noisePictures,
  realPictures,
} from '../train/evaluation/references'
import { type About, isQuantized, readAbout } from '../unet/checkpoint'
import { startBackend } from './backend'
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
import { evaluationTable } from './evaluation-table'
import { loadKernels } from './kernels'
import { isFolder, openCheckpoint, weightsFile, withTensors } from './open'
import { engineHelp } from './run-network'
import { sha256Of } from './sha256'

export const evaluate: Command = {
  summary: 'measure the samples of checkpoints against real images and their teacher',
  help: `usage: evaluate FILE... [--teacher FILE] [--images N] [--references] [--json] [--out FILE.json]

Draws samples of every FILE from the same noise (DDIM, eta 0; students run binarized) and compares them with as many real
images that no training saw: Frechet distance on features of a small classifier, which is trained once per image set;
precision, recall and coverage on pooled pixels. With a teacher also image by image against its samples from the same noise.
Compare only rows of one protocol: every set measure depends on the number of images.

  --teacher FILE       full-precision checkpoint the others are students of (default: the one each names, if its file is
                       among the FILEs, where the training had it, or in the same folder)
  --images N           samples of each checkpoint, and real images (default 1000)
  --steps N            sampling steps (default 25)
  --seed N             of the starting noise (default 7)
  --set SET            ${imageSets.filter((set) => set !== 'folder').join(', ')}, or a folder of images (default: what the first FILE was trained on)
  --references         also pure noise, a constant picture, and a Gaussian fitted to the pixels of the training images
  --out FILE           JSON array of all rows; rows of a file that is there are kept, measured again they are replaced
${engineHelp}
  --datasets DIR       folder for data sets (default: data/datasets)
  --classifiers DIR    folder for classifiers (default: data/classifiers)
${checkpointHelp}`,
  options: {
    ...checkpointOptions,
    teacher: { type: 'string' },
    images: { type: 'string' },
    steps: { type: 'string' },
    seed: { type: 'string' },
    set: { type: 'string' },
    references: { type: 'boolean' },
    engine: { type: 'boolean' },
    out: { type: 'string' },
    datasets: { type: 'string' },
    classifiers: { type: 'string' },
  },
  async run(positionals, flags) {
    if (positionals.length === 0) {
      throw new InputError({ file: 'FILE', problem: 'none given', remedy: 'See --help.' })
    }
    const images = wholeNumber(flags, 'images', 1000, [8, 10_000])
    const steps = wholeNumber(flags, 'steps', 25, [1, 1000])
    const seed = wholeNumber(flags, 'seed', 7, [0, Number.MAX_SAFE_INTEGER])
    const out = text(flags, 'out')
    const before = out === undefined ? [] : readEvaluations(out)
    const named = text(flags, 'teacher')
    const teacher = named === undefined ? null : await describe(named)
    const files = await Promise.all(positionals.map(describe))
    const source = await imageSource(flags, files[0]!)
    const datasets = text(flags, 'datasets') ?? 'data/datasets'
    const train = await loadImages(source, 'train', datasets)
    const test = await loadImages(source, 'test', datasets)
    const real = realPictures(test, images, seed, 'test')
    await startBackend()
    const kernels = flags.engine ? await loadKernels() : undefined
    const set = setName(source, train)
    const classifier = await trainedClassifier(set, { train, test }, flags)
    const judge = makeJudge(classifier, real, { seed, set })
    const rows: Evaluation[] = []
    const done = (row: Evaluation) => {
      rows.push(row)
      if (out !== undefined) writeEvaluations(out, mergeEvaluations(before, rows))
    }
    for (const row of referenceRows(judge, train, flags.references === true)) done(row)
    for await (const row of checkpointRows(judge, { files, teacher, steps, flags, kernels })) done(row)
    printResult(flags, rows, evaluationTable(rows))
    return 0
  },
}

/** A checkpoint file and what it says of itself, without its weights. */
type Described = { path: string; sha256: string; about: About | null }

async function describe(path: string): Promise<Described> {
  const weights = weightsFile(path)
  const about = await withTensors(weights, async (file) => readAbout(file))
  return { path, sha256: await sha256Of(weights), about }
}

/** --set, else what the checkpoint's training configuration names; a folder of it is relative to the checkpoint's. */
async function imageSource(flags: Flags, { path, about }: Described): Promise<ImageSource> {
  const named = text(flags, 'set')
  if (named !== undefined) {
    const set = imageSets.find((name) => name === named && name !== 'folder')
    if (set) return { set }
    if (isFolder(named)) return { set: 'folder', path: named, size: await pictureSize(path, flags) }
    throw new InputError({
      file: '--set',
      problem: `${named} is neither an image set nor a folder`,
      remedy: `Use ${imageSets.filter((name) => name !== 'folder').join(', ')}, or the path of a folder of images.`,
    })
  }
  const stated = z.safeParse(Settings, about?.settings)
  if (stated.success) {
    const { data } = stated.data
    return { ...data, path: data.path && resolve(dirname(path), data.path) }
  }
  throw new InputError({
    file: path,
    problem: 'it does not say which images it was trained on',
    remedy: 'Name them with --set.',
  })
}

const Settings = z.object({
  data: z.object({ set: z.enum(imageSets), path: z.optional(z.string()), size: z.optional(z.int()) }),
})

async function pictureSize(path: string, flags: Flags): Promise<number> {
  const { config, about } = (await openCheckpoint(path, flags)).checkpoint
  return config.sampleSize * about.pixelUnshuffle
}

async function trainedClassifier(set: string, images: { train: Images; test: Images }, flags: Flags) {
  const progress = progressBar(`training the classifier of ${set}`)
  const folder = text(flags, 'classifiers') ?? 'data/classifiers'
  return classifierOf(set, images, folder, {
    ...classifierTraining,
    onStep: (step, steps, loss) => progress(step / steps, `loss ${loss.toFixed(3)}`),
  })
}

function* referenceRows(judge: Judge, train: Images, all: boolean): Generator<Evaluation> {
  const { images, seed } = judge.protocol
  yield referenceRow(judge, 'real', realPictures(train, images, seed, 'train'))
  if (!all) return
  yield referenceRow(judge, 'noise', noisePictures(judge.shape, images, seed))
  yield referenceRow(judge, 'constant', constantPictures(judge.shape, images))
  yield referenceRow(judge, 'pixel-gaussian', gaussianPictures(train, images, seed))
}

/** Teachers before the first student of theirs, drawn once; checkpoints are read when their turn comes. */
async function* checkpointRows(
  judge: Judge,
  {
    files,
    teacher,
    steps,
    flags,
    kernels,
  }: {
    files: Described[]
    teacher: Described | null
    steps: number
    flags: Flags
    kernels: WebAssembly.Module | undefined
  },
): AsyncGenerator<Evaluation> {
  const teachers = new Map<string, Drawn>()
  const finished = new Set<string>()
  const read = async ({ path, sha256 }: Described): Promise<Candidate> => {
    const { checkpoint, given, scheduler } = await openCheckpoint(path, flags)
    const sampling = samplingOf(checkpoint, { scheduler, config: given })
    return { checkpoint, sha256, sampling, ...(isQuantized(checkpoint) && { kernels }) }
  }
  const drawn = async (candidate: Candidate) => {
    const progress = progressBar(`sampling ${candidate.checkpoint.about.run ?? candidate.checkpoint.name}`)
    const result = await draw(judge, candidate, {
      steps,
      onProgress: (done, total) => progress(done / total),
    })
    progress(1)
    return result
  }
  const owners = new Map<Described, Described | null>()
  for (const file of files) owners.set(file, teacher ?? (await teacherOf(file, files)))
  const wanted = new Set([...owners.values()].map((own) => own?.sha256))
  for (const [file, own] of owners) {
    for (const one of own ? [own, file] : [file]) {
      if (finished.has(one.sha256)) continue
      finished.add(one.sha256)
      const candidate = await read(one)
      const samples = await drawn(candidate)
      if (wanted.has(one.sha256)) teachers.set(one.sha256, samples)
      yield checkpointRow(judge, candidate, samples, (own && teachers.get(own.sha256)) ?? null)
    }
  }
}

/** The teacher a student names by content: among `files`, where its training had it, or in its own folder. */
async function teacherOf({ path, about }: Described, files: Described[]): Promise<Described | null> {
  const wanted = about?.teacherSha256
  if (!wanted) return null
  const given = files.find(({ sha256 }) => sha256 === wanted)
  if (given) return given
  const folder = dirname(path)
  const { teacher } = about.settings
  const beside = readdirSync(folder).filter((name) => name.endsWith('.safetensors'))
  const candidates = typeof teacher === 'string' ? [teacher, ...beside] : beside
  for (const candidate of candidates.map((name) => resolve(folder, name))) {
    if (existsSync(candidate) && (await sha256Of(candidate)) === wanted) return describe(candidate)
  }
  console.error(`${basename(path)}: its teacher was not found (see --teacher): measured without it`)
  return null
}

function readEvaluations(path: string): Evaluation[] {
  if (!existsSync(path)) return []
  try {
    return z.parse(Evaluations, JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    throw new InputError({
      file: path,
      problem: 'it is there and holds no evaluations',
      remedy: 'Give another --out, or delete it.',
    })
  }
}

/** A reader sees the rows before or the rows after. */
function writeEvaluations(path: string, rows: Evaluation[]): void {
  writeFileSync(`${path}.tmp`, `${JSON.stringify(rows, null, 2)}\n`)
  renameSync(`${path}.tmp`, path)
}

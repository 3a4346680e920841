/**
 * Reads dropped checkpoints by slice, diagnoses them and draws their samples, so that the page stays free. Nothing
 * is sent anywhere from here: the records go back to the page, which stores them.
 */
import { expose } from 'comlink'
import { parse as parseYaml } from 'yaml'
import { diagnose } from '../../lib/diagnostics/diagnose'
import { drawSamples, drawsPictures } from '../../lib/diagnostics/samples'
import { buildUpload, type FileFacts } from '../../lib/diagnostics/upload'
import { namedNetwork } from '../../lib/diagnostics/weights-only'
import type { CheckpointUpload } from '../../lib/record/run'
import { InputError } from '../../lib/tensor/error'
import { openTensors } from '../../lib/tensor/open'
import { blobSource, sizeOf, type TensorFile } from '../../lib/tensor/tensor'
import { type Checkpoint, type GivenConfig, readAbout, readCheckpoint } from '../../lib/unet/checkpoint'
import { chooseNetwork } from '../../lib/unet/choose-network'
import type { FoundFile } from '../_drop/roles'
import { startBackend } from './backend'
import { faultOf, type WorkerFault } from './fault'
import { hash } from './hash'
import { diagnoseWeightsOnly, whyUnrun } from './weights-only'

/** A pair, or a teacher by itself. */
export type DiagnoseRequest = {
  teacher: File
  student: File | null
  config: File | null
  /** Run names; empty for what the file says. */
  names: { teacher: string; student: string }
}

/** share: of all work, 0 to 1. */
export type OnProgress = (words: string, share: number) => void

export type DiagnoseResult =
  | { kind: 'done'; teacher: CheckpointUpload; student: CheckpointUpload | null }
  | { kind: 'fault'; fault: WorkerFault }
  | { kind: 'cancelled' }

/** What `import` does by default, so that both ways give the same record. */
const alignment = { timesteps: 20, images: 8, seed: 7 }
const drawing = { seed: 7, images: 16, steps: 50, sampler: 'ddim' } as const

let working: AbortController | null = null

const api = {
  /** Opens each file and says what it is; reads directories, no weights. */
  inspect(files: File[]): Promise<FoundFile[]> {
    return Promise.all(files.map(inspectFile))
  },

  async diagnose(request: DiagnoseRequest, onProgress: OnProgress): Promise<DiagnoseResult> {
    working?.abort()
    const own = new AbortController()
    working = own
    let at = request.teacher.name
    try {
      const onFile = (file: string) => {
        at = file
      }
      const weights = await diagnoseWeightsOnly(request, own.signal, onProgress, onFile)
      if (weights) return weights
      await startBackend()
      return await diagnosePair(request, own.signal, onProgress, onFile)
    } catch (error) {
      return own.signal.aborted ? { kind: 'cancelled' } : { kind: 'fault', fault: faultOf(error, at) }
    }
  },

  cancel(): void {
    working?.abort()
  },
}
export type DiagnoseApi = typeof api

expose(api)

async function inspectFile(file: File): Promise<FoundFile> {
  const { name, size: bytes } = file
  if (isConfigName(name)) return { kind: 'config', name, bytes }
  try {
    const opened = await openTensors(blobSource(name, file))
    const about = readAbout(opened)
    const network = namedNetwork(opened, await chooseNetwork(opened))
    const binarized = Object.values(about?.manifest ?? network.manifest).filter(({ bases }) => bases > 0)
    return {
      kind: 'checkpoint',
      name,
      bytes,
      run: about?.run ?? null,
      role: about?.role ?? null,
      binarized: binarized.length,
      layers: network.layers.map(({ id, shape }) => ({ id, shape })),
      unrun: whyUnrun(network),
      tensors: opened.tensors.size,
      values: valuesOf(opened),
    }
  } catch (error) {
    return { kind: 'unreadable', name, bytes, fault: faultOf(error, name) }
  }
}

const isConfigName = (name: string): boolean => /\.(json|ya?ml)$/i.test(name)

/** Values a file stands for: a byte of a bit plane holds eight. */
const valuesOf = (file: TensorFile): number =>
  [...file.tensors.values()].reduce(
    (sum, { dtype, shape }) => sum + sizeOf(shape) * (dtype === 'U8' ? 8 : 1),
    0,
  )

type Loaded = { checkpoint: Checkpoint; file: FileFacts }

async function diagnosePair(
  { teacher, student, config, names }: DiagnoseRequest,
  signal: AbortSignal,
  onProgress: OnProgress,
  onFile: (name: string) => void,
): Promise<DiagnoseResult> {
  // Shares of the whole by what takes long: the student's two networks run at every timestep, samples at every step.
  const parts = student ? [0.03, 0.03, 0.05, 0.2, 0.45, 0.24] : [0.1, 0, 0.2, 0.7]
  let part = 0
  const next = (name: string, words: string) => {
    onFile(name)
    const before = parts.slice(0, part).reduce((sum, share) => sum + share, 0)
    const share = parts[part++] ?? 0
    onProgress(words, before)
    return (done: number, total: number, what?: string) => {
      signal.throwIfAborted()
      const count = what ? `: ${done} of ${total} ${what}` : ''
      onProgress(`${words}${count}`, before + (share * done) / Math.max(1, total))
    }
  }

  const given = config && (await readConfig(config))
  const a = await load(teacher, given, next(teacher.name, `reads ${teacher.name}`))
  const b = student && (await load(student, given, next(student.name, `reads ${student.name}`)))
  if (!b) part++
  const ownDiagnosis = await diagnose(null, a.checkpoint, {
    signal,
    onProgress: next(teacher.name, 'measures the teacher’s weights'),
  })
  const ownProgress = next(teacher.name, 'draws with the teacher')
  const ownSamples = drawsPictures(a.checkpoint)
    ? await drawSamples(a.checkpoint, { ...drawing, signal }, (done, total) =>
        ownProgress(done, total, 'steps'),
      )
    : null
  const teacherUpload = buildUpload({
    ...a,
    teacher: null,
    diagnosis: ownDiagnosis,
    samples: ownSamples,
    run: names.teacher,
  })
  if (teacherUpload.run.role !== 'teacher') throw notATeacher(a.checkpoint.name)
  if (!b) return { kind: 'done', teacher: teacherUpload, student: null }
  const diagnosis = await diagnose(a.checkpoint, b.checkpoint, {
    ...alignment,
    signal,
    onProgress: next(b.checkpoint.name, 'runs both networks'),
  })
  const progress = next(b.checkpoint.name, 'draws with the student')
  const samples = drawsPictures(b.checkpoint)
    ? await drawSamples(b.checkpoint, { ...drawing, teacher: ownSamples, signal }, (done, total) =>
        progress(done, total, 'steps'),
      )
    : null
  const studentUpload = buildUpload({
    ...b,
    teacher: { ...a, run: teacherUpload.run.name },
    diagnosis,
    samples,
    run: names.student,
  })
  return { kind: 'done', teacher: teacherUpload, student: studentUpload }
}

async function readConfig(file: File): Promise<GivenConfig> {
  const text = await file.text()
  try {
    return { json: /\.json$/i.test(file.name) ? JSON.parse(text) : parseYaml(text), file: file.name }
  } catch (error) {
    throw new InputError({
      file: file.name,
      problem: `it is not ${/\.json$/i.test(file.name) ? 'JSON' : 'YAML'} (${(error as Error).message.split('\n')[0]!.slice(0, 120)})`,
      remedy: 'Drop the configuration as the training wrote it.',
    })
  }
}

/** Reads and hashes one file. What the file says of itself goes before a config beside it, as in the CLI. */
async function load(
  file: File,
  given: GivenConfig | null,
  onProgress: (done: number, total: number) => void,
): Promise<Loaded> {
  const opened = await openTensors(blobSource(file.name, file))
  const checkpoint = await readCheckpoint(opened, readAbout(opened) ? undefined : (given ?? undefined))
  return { checkpoint, file: { name: file.name, bytes: file.size, sha256: await hash(file, onProgress) } }
}

function notATeacher(file: string): InputError {
  return new InputError({
    file,
    problem: 'it calls itself a student, so it cannot be the teacher',
    remedy: 'Swap the two, or drop the full-precision checkpoint.',
  })
}

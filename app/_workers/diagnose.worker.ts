/**
 * Reads dropped checkpoints by slice, diagnoses them and draws their samples, so that the page stays free. Nothing
 * is sent anywhere from here: the records go back to the page, which stores them.
 */
import { expose } from 'comlink'
import { diagnose } from '../../lib/diagnostics/diagnose'
import { drawSamples, drawsPictures } from '../../lib/diagnostics/samples'
import type { Slot } from '../../lib/diagnostics/sweep-progress'
import { buildUpload, type FileFacts } from '../../lib/diagnostics/upload'
import type { CheckpointUpload, SampleSet } from '../../lib/record/run'
import { InputError } from '../../lib/tensor/error'
import type { Checkpoint, GivenConfig } from '../../lib/unet/checkpoint'
import type { Dropped } from '../_drop/dropped'
import type { FoundFile } from '../_drop/plan'
import { startBackend } from './backend'
import type { DiagnoseRequest, DiagnoseResult, OnProgress } from './diagnose-messages'
import { fileKey, loadPart, type Part } from './dropped-part'
import { faultOf } from './fault'
import { inspectDropped, type Outlined, outlinePart, readConfig } from './inspect-dropped'
import { diagnoseWeightsOnly } from './weights-only'

/** What `import` does by default, so that both ways give the same record. */
const alignment = { timesteps: 20, images: 8, seed: 7 }
const drawing = { seed: 7, images: 16, steps: 50, sampler: 'ddim' } as const

let working: AbortController | null = null

const api = {
  /** Opens each file and says what it is; reads directories, no weights. */
  inspect(dropped: Dropped[]): Promise<FoundFile[]> {
    return Promise.all(dropped.map(inspectDropped))
  },

  /** What one network is with the corrections made so far; reads no weights. */
  outline(part: Part, config: File | null): Promise<Outlined> {
    return outlinePart(part, config)
  },

  async diagnose(request: DiagnoseRequest, onProgress: OnProgress): Promise<DiagnoseResult> {
    working?.abort()
    const own = new AbortController()
    working = own
    let at = request.teacher.dropped.file.name
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

type Loaded = { checkpoint: Checkpoint; file: FileFacts }

/** The teacher of the students that follow one another. */
type Teacher = Loaded & { upload: CheckpointUpload; samples: SampleSet | null }
let teacherKept: { key: string; teacher: Teacher } | null = null

/** What cancelled sweeps had measured, and the axes of teachers, for as long as the page is open. */
const keptTexts = new Map<string, string>()

function keptSlot(networks: readonly [Part, Loaded][], config: File | null): Slot & { clear(): void } {
  const read = ([{ wanted, overrides }, { file }]: [Part, Loaded]) => [file.sha256, wanted, overrides]
  const name = JSON.stringify([networks.map(read), config?.name, config?.lastModified])
  return {
    read: async () => keptTexts.get(name) ?? null,
    write: async (text) => void keptTexts.set(name, text),
    clear: () => keptTexts.delete(name),
  }
}

/** Begins the next part of the work; what comes back tells how far it is. */
type Next = (name: string, words: string) => (done: number, total: number, what?: string) => void

async function diagnosePair(
  { teacher, student, config, names }: DiagnoseRequest,
  signal: AbortSignal,
  onProgress: OnProgress,
  onFile: (name: string) => void,
): Promise<DiagnoseResult> {
  // Shares of the whole by what takes long: the student's two networks run at every timestep, samples at every step.
  const parts = student ? [0.03, 0.05, 0.2, 0.03, 0.45, 0.24] : [0.1, 0.2, 0.7]
  let part = 0
  const next: Next = (name, words) => {
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
  const a = await teacherOf({ teacher, config, names }, given, next)
  if (!student) return { kind: 'done', teacher: a.upload, student: null }
  const name = student.dropped.file.name
  const b = await loadPart(student, given, next(name, `reads ${name}`))
  const timesteps = keptSlot(
    [
      [teacher, a],
      [student, b],
    ],
    config,
  )
  const diagnosis = await diagnose(a.checkpoint, b.checkpoint, {
    ...alignment,
    signal,
    kept: { axes: keptSlot([[teacher, a]], config), timesteps },
    onProgress: next(name, 'runs both networks'),
  })
  timesteps.clear()
  const progress = next(name, 'draws with the student')
  const samples = drawsPictures(b.checkpoint)
    ? await drawSamples(b.checkpoint, { ...drawing, teacher: a.samples, signal }, (done, total) =>
        progress(done, total, 'steps'),
      )
    : null
  const upload = buildUpload({
    ...b,
    teacher: { ...a, run: a.upload.run.name },
    diagnosis,
    samples,
    run: names.student,
  })
  return { kind: 'done', teacher: a.upload, student: upload }

  /** Read, measured and drawn with once, however many students follow. */
  async function teacherOf(
    request: Pick<DiagnoseRequest, 'teacher' | 'config' | 'names'>,
    given: GivenConfig | null,
    next: Next,
  ): Promise<Teacher> {
    const { wanted, overrides, dropped } = request.teacher
    const key = JSON.stringify([fileKey(dropped), wanted, overrides, config?.name, names.teacher])
    if (teacherKept?.key === key) {
      part = 3
      return teacherKept.teacher
    }
    teacherKept = null
    const { name } = dropped.file
    const loaded = await loadPart(request.teacher, given, next(name, `reads ${name}`))
    const diagnosis = await diagnose(null, loaded.checkpoint, {
      signal,
      onProgress: next(name, 'measures the teacher’s weights'),
    })
    const progress = next(name, 'draws with the teacher')
    const samples = drawsPictures(loaded.checkpoint)
      ? await drawSamples(loaded.checkpoint, { ...drawing, signal }, (done, total) =>
          progress(done, total, 'steps'),
        )
      : null
    const upload = buildUpload({ ...loaded, teacher: null, diagnosis, samples, run: names.teacher })
    if (upload.run.role !== 'teacher') throw notATeacher(name)
    teacherKept = { key, teacher: { ...loaded, upload, samples } }
    return teacherKept.teacher
  }
}

function notATeacher(file: string): InputError {
  return new InputError({
    file,
    problem: 'it calls itself a student, so it cannot be the teacher',
    remedy: 'Swap the two, or drop the full-precision checkpoint.',
  })
}

/** Everything between a checkpoint file and the record the store takes: diagnosis and same-seed samples. */
import { basename } from 'node:path'
import { diagnose } from '../diagnostics/diagnose'
import { drawSamples, drawsPictures } from '../diagnostics/samples'
import { buildUpload, type FileFacts } from '../diagnostics/upload'
import type { CheckpointUpload, SampleSet } from '../record/run'
import type { Checkpoint, GivenConfig } from '../unet/checkpoint'
import { readWanted, type Wanted } from '../unet/reading'
import { startBackend } from './backend'
import { keptSweep } from './kept-sweep'
import { withTensors } from './open'
import { diagnoseWeightsOnly } from './weights-only'

/** A checkpoint on disk. Plain data, so that a job can be handed to a worker. */
export type CheckpointFile = {
  /** Where the bytes are; `facts.name` is what their owner calls them. */
  path: string
  facts: FileFacts
  run: string
  /** From outside the file; null if it says all itself. */
  given: GivenConfig | null
  /** Training step as the file or its name tells it; null if Signscope wrote it there. */
  step: number | null
  /** Which network of the file, and how it is read; the usual where nothing is said. */
  wanted: Wanted
}

export type Job = {
  checkpoint: CheckpointFile
  /** The teacher it is measured against, with its samples where they are known. */
  teacher: { checkpoint: CheckpointFile; samples: SampleSet | null } | null
  /** DDIM steps and images of the alignment. */
  timesteps: number
  images: number
  /** Images drawn; 0 draws none. */
  samples: number
  seed: number
}

/** Share done, 0 to 1, and a few words. */
export type OnShare = (share: number, words: string) => void

const samplingSteps = 50

/**
 * Diagnoses a checkpoint and draws its samples, for which tfjs is started; of a network that cannot be run its weights
 * alone. Throws an InputError for bad files.
 */
export async function prepareUpload(job: Job, onShare: OnShare = () => {}): Promise<CheckpointUpload> {
  const upload = (await prepareWeights(job, onShare)) ?? (await prepareRun(job, onShare))
  return { ...upload, step: job.checkpoint.step ?? upload.step }
}

/** The upload of a network that cannot be run; null if it can. */
async function prepareWeights(job: Job, onShare: OnShare): Promise<CheckpointUpload | null> {
  const teacherJob = job.teacher?.checkpoint ?? null
  const result = await diagnoseWeightsOnly(
    namedFile(job.checkpoint),
    teacherJob && namedFile(teacherJob),
    (done, total, words) => onShare(done / total, words),
  )
  if (!result) return null
  const { student, teacher, diagnosis } = result
  return buildUpload({
    checkpoint: student,
    file: job.checkpoint.facts,
    teacher: teacherJob && teacher && { checkpoint: teacher, file: teacherJob.facts, run: teacherJob.run },
    diagnosis,
    samples: null,
    run: job.checkpoint.run,
  })
}

async function prepareRun(job: Job, onShare: OnShare): Promise<CheckpointUpload> {
  await startBackend()
  const checkpoint = await read(job.checkpoint)
  const teacher = job.teacher && (await read(job.teacher.checkpoint))
  const draws = job.samples > 0 && drawsPictures(checkpoint)
  const diagnosisShare = draws ? 0.7 : 1
  const measurement = { timesteps: job.timesteps, images: job.images, seed: job.seed }
  const kept = job.teacher && keptSweep(asRead(job.teacher.checkpoint), asRead(job.checkpoint), measurement)
  const diagnosis = await diagnose(teacher, checkpoint, {
    ...measurement,
    kept: kept ?? undefined,
    onProgress: (done, total, words) => onShare((diagnosisShare * done) / total, words),
  })
  const options = { seed: job.seed, images: job.samples, steps: samplingSteps, sampler: 'ddim' as const }
  const samples = draws
    ? await drawSamples(
        checkpoint,
        { ...options, teacher: firstImages(job.teacher?.samples ?? null, job.samples) },
        (done, total) => onShare(diagnosisShare + ((1 - diagnosisShare) * done) / total, 'samples'),
      )
    : null
  await kept?.clear()
  return buildUpload({
    checkpoint,
    file: job.checkpoint.facts,
    teacher:
      job.teacher && teacher
        ? { checkpoint: teacher, file: job.teacher.checkpoint.facts, run: job.teacher.checkpoint.run }
        : null,
    diagnosis,
    samples,
    run: job.checkpoint.run,
  })
}

const asRead = ({ facts, given, wanted }: CheckpointFile) => ({
  sha256: facts.sha256,
  reading: { config: given?.json ?? null, wanted },
})

const namedFile = ({ path, facts, wanted }: CheckpointFile) => ({
  path,
  name: basename(facts.name),
  network: wanted.network ?? null,
})

async function read({ path, facts, given, wanted }: CheckpointFile): Promise<Checkpoint> {
  const name = basename(facts.name)
  return withTensors(path, (file) => readWanted({ ...file, name }, given, wanted))
}

/** The first n pictures: image i is the same whatever their number. */
function firstImages(set: SampleSet | null, n: number): SampleSet | null {
  if (!set || set.images <= n) return set
  const bytes = n * set.width * set.height * set.channels
  return {
    ...set,
    images: n,
    pixels: Buffer.from(set.pixels, 'base64').subarray(0, bytes).toString('base64'),
  }
}

/** Samples of checkpoints, drawn and judged: the rows of an evaluation. */
import { imageSize, withNetwork } from '../../diagnostics/network'
import { runAtOneBit } from '../../diagnostics/one-bit'
import { pause } from '../../diagnostics/pause'
import { pixelShuffle, toByte } from '../../diffusion/pixels'
import { sample, startingNoise } from '../../diffusion/sample'
import type { Sampling } from '../../diffusion/scheduler-config'
import type { Evaluation, Subject } from '../../record/evaluation'
import { InputError } from '../../tensor/error'
import type { Checkpoint } from '../../unet/checkpoint'
import type { Pictures } from '../data/pictures'
import { type Classified, classify } from './classifier'
import { type Judge, measurePaired, measureSet } from './judge'

/** A checkpoint to be judged, and how it is sampled. */
export type Candidate = {
  checkpoint: Checkpoint
  sha256: string
  sampling: Sampling
  /** Kernels of the engine, for a student that is to run at one bit. */
  kernels?: WebAssembly.Module
}

/** A candidate's pictures with what the classifier says of them; kept of a teacher for its students. */
export type Drawn = Pictures & Classified & { sha256: string; steps: number }

export type DrawOptions = {
  steps: number
  signal?: AbortSignal
  /** Called after every step. */
  onProgress?(done: number, total: number): void
}

/** Every batch is full, so that image i comes out the same, to the bit, whatever the number of images. */
const batch = 32

/**
 * DDIM samples (eta 0) from the noise of the judge's seed: the same for every checkpoint. Runs at the checkpoint's own
 * precision on the tfjs backend that is set, or at one bit, and leaves no tensor behind. Throws an InputError if the pictures are
 * not of the judge's shape, the steps do not fit the schedule or the engine cannot run it, the signal's reason when aborted.
 */
export async function draw(
  judge: Judge,
  { checkpoint, sha256, sampling, kernels }: Candidate,
  { steps, signal, onProgress = () => {} }: DrawOptions,
): Promise<Drawn> {
  const { images, seed } = judge.protocol
  const { sampleSize: s, inChannels } = checkpoint.config
  const r = checkpoint.about.pixelUnshuffle
  const shape = [inChannels / r ** 2, s * r, s * r] as const
  checkShape(judge, checkpoint.name, shape)
  const size = imageSize(checkpoint.config)
  const batches = Math.ceil(images / batch)
  const noise = startingNoise(seed, batches * batch, size)
  const pixels = new Uint8Array(images * size)
  let visited = 0
  const run = kernels ? runAtOneBit(kernels) : withNetwork
  await run(checkpoint, async (predict) => {
    for (let n = 0; n < batches; n++) {
      let x = noise.subarray(n * batch * size, (n + 1) * batch * size)
      for (const state of sample(predict, x, {
        ...sampling,
        sampler: 'ddim',
        eta: 0,
        steps,
        seed,
        images: batch,
      })) {
        x = state.x
        visited = state.steps
        onProgress(n * state.steps + state.step, batches * state.steps)
        await pause(signal)
      }
      const shown = Uint8Array.from(pixelShuffle(x, [batch, ...shape], r), toByte)
      pixels.set(shown.subarray(0, Math.min(batch, images - n * batch) * size), n * batch * size)
    }
  })
  const pictures: Pictures = { count: images, shape, pixels }
  return { ...pictures, ...classify(judge.classifier, pictures), sha256, steps: visited }
}

function checkShape(judge: Judge, file: string, shape: Pictures['shape']): void {
  if (shape.every((d, i) => d === judge.shape[i])) return
  throw new InputError({
    file,
    problem: `its pictures are ${shape.join('x')}, those of ${judge.protocol.set} ${judge.shape.join('x')} (channels, height, width)`,
    remedy: 'Choose the image set it was trained on with --set.',
  })
}

/** The row of a checkpoint. `teacher` is null if there is none; a checkpoint is not compared with itself. */
export function checkpointRow(
  judge: Judge,
  { checkpoint, sampling, kernels }: Candidate,
  drawn: Drawn,
  teacher: Drawn | null,
): Evaluation {
  const { about } = checkpoint
  const other = teacher?.sha256 === drawn.sha256 ? null : teacher
  return {
    subject: 'checkpoint',
    run: about.run,
    step: about.run === null ? null : about.step,
    sha256: drawn.sha256,
    teacherSha256: other?.sha256 ?? null,
    protocol: judge.protocol,
    sampling: {
      sampler: 'ddim',
      steps: drawn.steps,
      eta: 0,
      schedule: sampling.schedule.name,
      clip: sampling.clip ?? sampling.schedule.clips,
      ...(kernels && { arithmetic: 'one bit' as const }),
    },
    ...measureSet(judge, drawn, drawn),
    paired: other && measurePaired(other, drawn),
  }
}

/** The row of reference pictures. */
export function referenceRow(
  judge: Judge,
  subject: Exclude<Subject, 'checkpoint'>,
  pictures: Pictures,
): Evaluation {
  return {
    subject,
    run: null,
    step: null,
    sha256: null,
    teacherSha256: null,
    protocol: judge.protocol,
    sampling: null,
    ...measureSet(judge, pictures, classify(judge.classifier, pictures)),
    paired: null,
  }
}

import type { Evaluation } from '../../../lib/record/evaluation'

export const sampleProtocol: Evaluation['protocol'] = {
  images: 1000,
  seed: 7,
  set: 'mnist',
  split: 'test',
  width: 28,
  height: 28,
  channels: 1,
  features: 'penultimate layer of a small classifier',
  classifier: 'mnist-seed1-v1',
  classifierAccuracy: 0.985,
  pooledValues: 196,
  neighbours: 3,
  coverageNeighbours: 5,
}

/** A row for tests; every field a test is about is given by the test. */
export function sampleEvaluation(changes: Partial<Evaluation> = {}): Evaluation {
  return {
    subject: 'checkpoint',
    run: 'w1a4-lmb',
    step: 1000,
    sha256: 'a'.repeat(64),
    teacherSha256: 'b'.repeat(64),
    protocol: sampleProtocol,
    sampling: { sampler: 'ddim', steps: 25, eta: 0, clip: true, schedule: 'ddim' },
    frechetDistance: 100,
    precision: 0.5,
    recall: 0.5,
    coverage: 0.5,
    confidence: 0.75,
    classShares: [0.5, 0.5],
    paired: { cosine: 0.875, ssim: 0.5, psnr: 16, agreement: 0.5 },
    ...changes,
  }
}

/** A reference row: nothing was sampled and nothing is paired. */
export function sampleReference(
  subject: Exclude<Evaluation['subject'], 'checkpoint'>,
  changes: Partial<Evaluation> = {},
): Evaluation {
  return sampleEvaluation({
    subject,
    run: null,
    step: null,
    sha256: null,
    teacherSha256: null,
    sampling: null,
    paired: null,
    ...changes,
  })
}

/**
 * What an evaluation found out about samples: one row per checkpoint, and one per reference row that tells how the same
 * measures read on images of known quality. An evaluation file is a JSON array of rows. Rows are comparable if their
 * `protocol` is equal (`protocolKey`), and those of checkpoints if their `sampling` is, too.
 * Higher is better for everything but `frechetDistance`. null means "not measured".
 */
import * as z from 'zod/mini'
import { scheduleNames } from './run'

const finite = z.number()
const share = z.number().check(z.minimum(0), z.maximum(1))
const count = z.int().check(z.positive())
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/))

/**
 * Where the images of a row come from. `checkpoint`: sampled. The others are references: `real` training images,
 * `noise` the starting noise itself, `constant` one grey picture n times, `pixel-gaussian` samples of a Gaussian with the
 * mean and covariance of the training images' pixels.
 */
export const subjects = ['checkpoint', 'real', 'noise', 'constant', 'pixel-gaussian'] as const
export type Subject = (typeof subjects)[number]

/** How the images were measured: the same for every row of one evaluation. */
export const EvaluationProtocol = z.object({
  /** Number of images in the row, and of real held-out images it is measured against. Set measures depend on it. */
  images: count,
  /** Of the starting noise (image i depends on seed and i alone), and of the choice of real images. */
  seed: z.int(),
  /** Image set: mnist, fashion-mnist, cifar10, or the name of a folder of images. */
  set: z.string(),
  /** Part of the set the images are measured against; no training sees it. */
  split: z.literal('test'),
  width: count,
  height: count,
  channels: z.union([z.literal(1), z.literal(3)]),
  /** Features of frechetDistance, confidence, classShares and agreement. */
  features: z.literal('penultimate layer of a small classifier'),
  /** Identifies the classifier: set, seed and version. */
  classifier: z.string(),
  /** Its accuracy on the whole held-out split, 0 to 1. */
  classifierAccuracy: share,
  /** Features of precision, recall and coverage: pixels average-pooled to this many values. */
  pooledValues: count,
  /** k of precision and recall. */
  neighbours: count,
  /** k of coverage. */
  coverageNeighbours: count,
})
export type EvaluationProtocol = z.infer<typeof EvaluationProtocol>

/** How a checkpoint was sampled; null for references. */
export const EvaluationSampling = z.object({
  sampler: z.enum(['ddim', 'ddpm']),
  steps: count,
  /** Noise of ddim: 0 is deterministic. */
  eta: finite,
  schedule: z.enum(scheduleNames),
  /** Whether predicted x_0 was clipped to [-1, 1]. */
  clip: z.boolean(),
  /** The network ran at one bit, in the packed engine; absent where it ran in floats. */
  arithmetic: z.optional(z.literal('one bit')),
})
export type EvaluationSampling = z.infer<typeof EvaluationSampling>

/**
 * Means over images against the teacher's images from the same noise, on the pictures as shown (bytes). Higher is better
 * for all.
 */
export const Paired = z.object({
  /** Of pixels in [-1, 1]; from -1 to 1. */
  cosine: finite,
  /** Structural similarity (Wang et al. 2004), at most 1. */
  ssim: finite,
  /** Peak signal-to-noise ratio in dB, peak 255; equal images count as 100. */
  psnr: finite,
  /** Share of images the classifier puts in the same class as the teacher's, 0 to 1. */
  agreement: share,
})
export type Paired = z.infer<typeof Paired>

export const Evaluation = z.object({
  subject: z.enum(subjects),
  /** Name of the run, step and sha256 of the file of a checkpoint; null for references and where the file does not say. */
  run: z.nullable(z.string()),
  step: z.nullable(z.int()),
  sha256: z.nullable(hash),
  /** Checkpoint that `paired` compares with. */
  teacherSha256: z.nullable(hash),
  protocol: EvaluationProtocol,
  sampling: z.nullable(EvaluationSampling),
  /**
   * Squared Frechet distance between Gaussians fitted to the classifier's features of the row and of the real images;
   * 0 is best. Not an FID: that is on features of Inception.
   */
  frechetDistance: z.number().check(z.minimum(0)),
  /** Share of the images that lie among the real ones (Kynkaanniemi et al. 2019). */
  precision: share,
  /** Share of the real images that lie among the row's. */
  recall: share,
  /** Share of the real images with one of the row's in their neighbourhood (Naeem et al. 2020); near 0: collapse. */
  coverage: share,
  /** Mean of the classifier's largest probability. */
  confidence: share,
  /** Share of the images per class, by the classifier; sums to 1. */
  classShares: z.array(share),
  /** null for the teacher itself, for references and without a teacher. */
  paired: z.nullable(Paired),
})
export type Evaluation = z.infer<typeof Evaluation>

/** What an evaluation file holds. */
export const Evaluations = z.array(Evaluation)

/** Equal for rows measured alike, whatever the order of fields. */
export function protocolKey(protocol: EvaluationProtocol): string {
  return sortedJson(protocol)
}

/** Identifies a row: what was measured (by content, not by file name), how it was sampled, how it was measured. */
export function evaluationKey({ subject, sha256, sampling, protocol }: Evaluation): string {
  return [subject, sha256, sampling && sortedJson(sampling), protocolKey(protocol)].join(' ')
}

function sortedJson(fields: Record<string, unknown>): string {
  return JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The rows of `before` and `after`; where both have a row, that of `after`, in the place of the old one. */
export function mergeEvaluations(before: Evaluation[], after: Evaluation[]): Evaluation[] {
  return [...new Map([...before, ...after].map((row) => [evaluationKey(row), row])).values()]
}

/**
 * Set measures of pictures against real held-out ones, and paired measures against the teacher's pictures. The classifier's
 * features rank noise above good samples in precision and recall (a few real outliers have huge neighbourhoods), so these
 * two and coverage are taken on pooled pixels.
 */
import { pictureCosine } from '../../diffusion/pixels'
import { fitGaussian, frechetDistance, type Gaussian } from '../../math/frechet'
import { manifoldCoverage } from '../../math/manifold'
import { psnr, ssim } from '../../math/similarity'
import type { Evaluation, EvaluationProtocol, Paired } from '../../record/evaluation'
import type { Images, Pictures } from '../data/pictures'
import { type Classified, classify, featureCount } from './classifier'
import type { TrainedClassifier } from './classifier-file'

/** What every row of one evaluation is measured against and with. */
export type Judge = {
  protocol: EvaluationProtocol
  shape: Pictures['shape']
  classifier: TrainedClassifier
  /** Of the classifier's features of the real images. */
  gaussian: Gaussian
  /** Pooled pixels of the real images. */
  pooled: Float32Array
}

/** A judge that compares pictures with as many real ones, drawn with `seed` from the held-out images of `set`. */
export function makeJudge(
  classifier: TrainedClassifier,
  real: Images,
  { seed, set }: { seed: number; set: string },
): Judge {
  const { count: images, shape } = real
  const [channels, height, width] = shape
  const pooled = poolPixels(real)
  const { name, accuracy } = classifier
  return {
    protocol: {
      images,
      seed,
      set,
      split: 'test',
      width,
      height,
      channels: channels === 1 ? 1 : 3,
      features: 'penultimate layer of a small classifier',
      classifier: name,
      classifierAccuracy: accuracy,
      pooledValues: pooled.length / images,
      neighbours: 3,
      coverageNeighbours: 5,
    },
    shape,
    classifier,
    gaussian: fitGaussian(classify(classifier, real).features, featureCount),
    pooled,
  }
}

export type SetMeasures = Pick<
  Evaluation,
  'frechetDistance' | 'precision' | 'recall' | 'coverage' | 'confidence' | 'classShares'
>

/** Measures as many pictures as the judge has real ones; `classified` is what the judge's classifier says of them. */
export function measureSet(judge: Judge, pictures: Pictures, classified: Classified): SetMeasures {
  const { gaussian, pooled, protocol, classifier } = judge
  const { features, classes, confidences } = classified
  const counts = new Array<number>(classifier.classes).fill(0)
  for (const found of classes) counts[found]! += 1
  return {
    frechetDistance: frechetDistance(gaussian, fitGaussian(features, featureCount)),
    ...manifoldCoverage(pooled, poolPixels(pictures), protocol.pooledValues, protocol),
    confidence: confidences.reduce((sum, p) => sum + p, 0) / confidences.length,
    classShares: counts.map((n) => n / classes.length),
  }
}

/** Means over images of how near pictures are to the teacher's from the same noise, image by image. */
export function measurePaired(
  teacher: Pictures & Pick<Classified, 'classes'>,
  student: Pictures & Pick<Classified, 'classes'>,
): Paired {
  const { count, shape } = teacher
  const [c, h, w] = shape
  const plane = h * w
  const at = ({ pixels }: Pictures, first: number, length: number) => pixels.subarray(first, first + length)
  let [similarity, ratio, agreed] = [0, 0, 0]
  for (let i = 0; i < count; i++) {
    const image = i * c * plane
    for (let p = image; p < image + c * plane; p += plane)
      similarity += ssim(at(teacher, p, plane), at(student, p, plane), h, w) / c
    ratio += psnr(at(teacher, image, c * plane), at(student, image, c * plane))
    if (teacher.classes[i] === student.classes[i]) agreed++
  }
  const centred = ({ pixels }: Pictures) => Float32Array.from(pixels, (v) => v / 127.5 - 1)
  return {
    // never null: no byte stands for 0
    cosine: pictureCosine(centred(teacher), centred(student), count)!,
    ssim: similarity / count,
    psnr: ratio / count,
    agreement: agreed / count,
  }
}

const pooledTarget = 200

/** Means of f x f pixels, f such that about 200 values are left: (N, C*H/f*W/f). */
export function poolPixels({ count, shape: [c, h, w], pixels }: Pictures): Float32Array {
  const f = poolFactor(c, h, w)
  const [h2, w2] = [h / f, w / f]
  const pooled = new Float32Array(count * c * h2 * w2)
  for (let plane = 0; plane < count * c; plane++) {
    for (let i = 0; i < h; i++) {
      const row = (plane * h2 + Math.floor(i / f)) * w2
      const from = (plane * h + i) * w
      for (let j = 0; j < w; j++) pooled[row + Math.floor(j / f)]! += pixels[from + j]! / (f * f)
    }
  }
  return pooled
}

/** The common divisor of h and w that leaves a number of values nearest to 200, as a ratio. */
function poolFactor(c: number, h: number, w: number): number {
  const divisors = Array.from({ length: Math.min(h, w) }, (_, i) => i + 1).filter(
    (f) => h % f === 0 && w % f === 0,
  )
  const away = (f: number) => Math.abs(Math.log((c * h * w) / (f * f) / pooledTarget))
  return divisors.reduce((best, f) => (away(f) < away(best) ? f : best))
}

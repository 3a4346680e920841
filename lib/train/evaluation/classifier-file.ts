/** Classifiers as safetensors files: trained when an evaluation first needs one, read afterwards. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import * as z from 'zod/mini'
import { InputError } from '../../tensor/error'
import { openFileSource } from '../../tensor/file-source'
import { openTensors } from '../../tensor/open'
import { writeSafetensors } from '../../tensor/safetensors'
import type { ImageSource } from '../data/images'
import type { Images } from '../data/pictures'
import {
  accuracy,
  type Classifier,
  type ClassifierTraining,
  classifierShapes,
  classifierTraining,
  classifierVersion,
  trainClassifier,
} from './classifier'

/** `name` identifies it; `accuracy` is on the whole held-out split, 0 to 1. */
export type TrainedClassifier = Classifier & { name: string; accuracy: number }

/** SSIM takes windows of 11x11. */
const leastPixels = 12

const metadataKey = 'signscope-classifier'

const Facts = z.object({
  name: z.string(),
  shape: z.tuple([z.int(), z.int(), z.int()]),
  classes: z.int(),
  accuracy: z.number().check(z.minimum(0), z.maximum(1)),
})

/** What an image set is called: its name, or that of the folder with a hash of its training images. */
export function setName({ set, path }: ImageSource, train: Images): string {
  if (set !== 'folder' || path === undefined) return set
  const hash = createHash('sha256').update(train.pixels).update(train.labels).digest('hex')
  return `${basename(resolve(path)).replace(/[^\w.-]/g, '_')}-${hash.slice(0, 8)}`
}

/**
 * The classifier of an image set, out of `folder` or trained and stored there. Throws an InputError for a set of one class,
 * for images too small to judge and for a file that is not what its name says.
 */
export async function classifierOf(
  set: string,
  { train, test }: { train: Images; test: Images },
  folder: string,
  training: ClassifierTraining = classifierTraining,
): Promise<TrainedClassifier> {
  const [, height, width] = train.shape
  if (height % 2 !== 0 || width % 2 !== 0 || Math.min(height, width) < leastPixels) {
    throw new InputError({
      file: set,
      problem: `its images are ${width}x${height} pixels; ${leastPixels} or more, and an even number, can be judged`,
      remedy: 'Bring the images to another size.',
    })
  }
  const classes = train.labels.reduce((most, label) => Math.max(most, label), 0) + 1
  if (classes < 2) {
    throw new InputError({
      file: set,
      problem: 'its images are of one class, and samples are judged by a classifier',
      remedy: 'Put the images of each class into a folder of its own.',
    })
  }
  const name = `${set}-seed${training.seed}-v${classifierVersion}`
  const path = join(folder, `${name}.safetensors`)
  if (existsSync(path)) return readClassifier(path)
  const classifier = await trainClassifier(train, classes, training)
  const made = { ...classifier, name, accuracy: accuracy(classifier, test) }
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${path}.tmp`, classifierBytes(made))
  renameSync(`${path}.tmp`, path)
  return made
}

function classifierBytes({ weights, ...facts }: TrainedClassifier): Uint8Array {
  const tensors = new Map([...weights].map(([name, tensor]) => [name, { tensor, dtype: 'F32' as const }]))
  return writeSafetensors(tensors, new Map([[metadataKey, JSON.stringify(facts)]]))
}

async function readClassifier(path: string): Promise<TrainedClassifier> {
  const source = await openFileSource(path)
  try {
    const file = await openTensors(source)
    const facts = readFacts(path, file.metadata.get(metadataKey))
    const weights: Classifier['weights'] = new Map()
    for (const [name, shape] of classifierShapes(facts.shape, facts.classes)) {
      const { data } = await file.read(name)
      weights.set(name, { shape, data })
    }
    return { ...facts, weights }
  } finally {
    await source.close()
  }
}

function readFacts(path: string, text: string | undefined): z.infer<typeof Facts> {
  try {
    return z.parse(Facts, JSON.parse(text ?? ''))
  } catch {
    throw new InputError({
      file: path,
      item: metadataKey,
      problem: 'it does not say which classifier it holds',
      remedy: 'Delete the file: it is trained again when it is needed.',
    })
  }
}

/** A miniature teacher with upstream's weights, and students binarized from it without training. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { postTrainingBinarize, type Scales } from '../../../lib/quant/binarizer'
import { manifestFor } from '../../../lib/quant/manifest'
import { openTensors } from '../../../lib/tensor/open'
import { bytesSource } from '../../../lib/tensor/tensor'
import { type Checkpoint, readCheckpoint } from '../../../lib/unet/checkpoint'

const folder = join(import.meta.dirname, '../../fixtures/ddim_s1')

export async function readTeacher(): Promise<Checkpoint> {
  const bytes = readFileSync(join(folder, 'model.safetensors'))
  const json: unknown = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
  return readCheckpoint(await openTensors(bytesSource('model.safetensors', bytes)), {
    json,
    file: 'config.json',
  })
}

/** alpha: step of every binarized layer's input at 4 bits; without it inputs stay floats. */
export function binarized(
  teacher: Checkpoint,
  method: 'sign' | 'lmb',
  bases: 1 | 2,
  alpha?: number,
): Checkpoint {
  const activationBits = alpha === undefined ? 32 : 4
  const manifest = manifestFor(teacher.layers, { method, bases, activationBits, where: 'all' })
  const scales = new Map<string, Scales>()
  for (const { id } of teacher.layers) {
    if (manifest[id]!.bases === 0) continue
    const { sigma1, sigma2 } = postTrainingBinarize(
      teacher.tensors.get(`${id}.weight`)!,
      method,
      bases,
    ).scales
    scales.set(id, { sigma1, sigma2: sigma2 ?? undefined, alpha })
  }
  return { ...teacher, name: `${method}.safetensors`, manifest, scales }
}

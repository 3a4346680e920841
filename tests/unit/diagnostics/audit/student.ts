/** A student without a fault, made from a miniature teacher by moving weights and scales as a training does. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { timeInputOf } from '../../../../lib/diagnostics/audit/time-input'
import { normal, uniform } from '../../../../lib/math/rng'
import type { Scales } from '../../../../lib/quant/binarizer'
import { codeRange } from '../../../../lib/quant/lsq'
import { manifestFor } from '../../../../lib/quant/manifest'
import { initScales } from '../../../../lib/quant/scales'
import { openTensors } from '../../../../lib/tensor/open'
import { bytesSource, type Tensor } from '../../../../lib/tensor/tensor'
import { type Checkpoint, readCheckpoint } from '../../../../lib/unet/checkpoint'

const folder = join(import.meta.dirname, '../../../fixtures/diffusers_new_s1')

export async function readTeacher(): Promise<Checkpoint> {
  const bytes = readFileSync(join(folder, 'diffusion_pytorch_model.safetensors'))
  const json: unknown = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
  return readCheckpoint(await openTensors(bytesSource('teacher.safetensors', bytes)), {
    json,
    file: 'config.json',
  })
}

/**
 * LMB with two bases in every binarized layer and 4-bit inputs: weights moved by a tenth of their size, scales by up to a fifth, the
 * steps of the time projections spread around what 4 bits start with.
 */
export function trainedStudent(teacher: Checkpoint): Checkpoint {
  const manifest = manifestFor(teacher.layers, {
    method: 'lmb',
    bases: 2,
    activationBits: 4,
    where: 'all',
  })
  const tensors = new Map(teacher.tensors)
  const scales = new Map<string, Scales>()
  const start = (2 * timeInputOf(teacher)!) / Math.sqrt(codeRange(4).Qp)
  for (const [i, { id }] of teacher.layers.entries()) {
    if (manifest[id]!.bases === 0) continue
    const weight = moved(teacher.tensors.get(`${id}.weight`)!, i)
    tensors.set(`${id}.weight`, weight)
    const { sigma1, sigma2 } = initScales(weight.data, weight.shape[0]!, 2)
    scales.set(id, {
      sigma1: stretched(sigma1, 2 * i),
      sigma2: stretched(sigma2!, 2 * i + 1),
      alpha: start * (0.8 + 0.4 * ((i % 7) / 6)),
    })
  }
  return {
    ...teacher,
    name: 'student.safetensors',
    manifest,
    tensors,
    scales,
    origin: 'signscope',
    about: { ...teacher.about, manifest, role: 'student', step: 1000 },
  }
}

function moved({ shape, data }: Tensor, stream: number): Tensor {
  const size = data.reduce((sum, v) => sum + Math.abs(v), 0) / data.length
  const noise = normal(3, stream, new Float32Array(data.length))
  return { shape, data: data.map((v, i) => v + 0.1 * size * noise[i]!) }
}

/** Scales times 0.8 to 1.2. */
function stretched(scale: Float32Array, stream: number): Float32Array {
  const factors = uniform(4, stream, new Float32Array(scale.length))
  return scale.map((s, o) => s * (0.8 + 0.4 * factors[o]!))
}

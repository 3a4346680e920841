import { integers } from '../../lib/math/rng'
import { writeSafetensors } from '../../lib/tensor/safetensors'

/** A safetensors file with one tensor of `count` values; others for another seed. */
export function weightsOf(seed: number, count: number): Uint8Array {
  const data = Float32Array.from(integers(seed, 0, 1000, new Int32Array(count)))
  return writeSafetensors(new Map([['w', { tensor: { shape: [count], data }, dtype: 'F32' }]]))
}

/** The upstream fixtures: small networks of the real classes, and what upstream's own code computes with them. */
import { fileURLToPath } from 'node:url'
import { openCheckpoint, readTensor, withTensors } from '../../../lib/cli/open'
import type { Tensor } from '../../../lib/tensor/tensor'
import type { Checkpoint } from '../../../lib/unet/checkpoint'

export const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url))

/** Every folder with the file or folder a user would name. */
export const networks = [
  { folder: 'ddim_s1', path: `${fixtures}/ddim_s1/model.safetensors` },
  { folder: 'ddim_s2_pt', path: `${fixtures}/ddim_s2_pt/model.pt` },
  { folder: 'diffusers_new_s1', path: `${fixtures}/diffusers_new_s1` },
  { folder: 'diffusers_old_s1', path: `${fixtures}/diffusers_old_s1` },
  { folder: 'ldm8_s1_ckpt', path: `${fixtures}/ldm8_s1_ckpt/model.ckpt` },
]

/**
 * Relative L2 distance allowed for outputs and activations: plain ports of these networks measure 1.2e-6 on wasm,
 * the smallest mistake worth catching (GroupNorm epsilon) 1e-5.
 */
export const tolerance = 4e-6

/** Clipping after the division by a small sqrt(alpha_bar) magnifies rounding; ports measure up to 7e-5. */
export const clippedTolerance = 3e-4

/** Students; which network they are is a matter of the reading, so they have tests of their own. */
const students = [{ folder: 'binarydm_s1', path: `${fixtures}/binarydm_s1/model.safetensors` }]

export async function checkpointOf(folder: string): Promise<Checkpoint> {
  const { path } = [...networks, ...students].find((n) => n.folder === folder)!
  return (await openCheckpoint(path, { config: `${fixtures}/${folder}/config.json` })).checkpoint
}

/** Names in io.safetensors of a folder. */
export function namesIn(folder: string): Promise<string[]> {
  return withTensors(`${fixtures}/${folder}/io.safetensors`, async (file) => [...file.tensors.keys()])
}

export function expected(folder: string, name: string): Promise<Tensor> {
  return readTensor(`${fixtures}/${folder}/io.safetensors:${name}`)
}

/** |a - b| / |a|, with NaN for different lengths. */
export function distance(reference: ArrayLike<number>, other: ArrayLike<number>): number {
  if (reference.length !== other.length) return Number.NaN
  let [difference, energy] = [0, 0]
  for (let i = 0; i < reference.length; i++) {
    difference += (reference[i]! - other[i]!) ** 2
    energy += reference[i]! ** 2
  }
  return Math.sqrt(difference / energy)
}

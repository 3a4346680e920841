/** Legal files with bits flipped or the end cut off; equal seeds give equal damage. */
import { integers } from '../../lib/math/rng'
import { bytesSource, sizeOf } from '../../lib/tensor/tensor'
import { flipped } from './build/bytes'
import type { Case } from './case'
import { corpus } from './corpus'
import { judge, type Verdict } from './verdict'

/** Twenty small files of every container. */
export const undamaged: Case[] = [
  'header-length-spells-gzip.safetensors',
  'json-escaped-names.safetensors',
  'json-metadata.safetensors',
  'layout-odd-offsets.safetensors',
  'layout-scalar-and-empty.safetensors',
  'names-look-alikes.safetensors',
  'legal-half.safetensors',
  'zip-as-torch-writes-it.pt',
  'zip-with-zip64-sizes.pt',
  'zip-little-endian-mark.pt',
  'tensor-transposed.pt',
  'legal-protocol-4.pt',
  'legal-lightning.ckpt',
  'legal-training-list.pth',
  'legacy.pth',
  'legacy-part-of-a-storage.pth',
  'npy-fortran-3d.npy',
  'npy-version-3.npy',
  'npz-stored.npz',
  'npz-compressed.npz',
].map((file) => corpus.find((of) => of.file === file && 'tensors' in of)!)

/** One to four flipped bits, or every fourth time an end that is missing. */
export function damaged(bytes: Uint8Array, seed: number): Uint8Array {
  const [kind, flips, ...places] = integers(seed, 0, 2 ** 30, new Int32Array(6))
  if (kind! % 4 === 0) return bytes.subarray(0, places[0]! % bytes.length)
  return places
    .slice(0, 1 + (flips! % 4))
    .reduce((out, place) => flipped(out, (place >> 3) % bytes.length, 1 << (place & 7)), bytes)
}

/** Verdict number `seed`, on one of the twenty files. `wrong` is '' for a refusal and for tensors that are whole. */
export async function fuzz(seed: number): Promise<{ file: string; verdict: Verdict['kind']; wrong: string }> {
  const { file, bytes } = undamaged[seed % undamaged.length]!
  const verdict = await judge(bytesSource('file', damaged(bytes(), seed)))
  return { file, verdict: verdict.kind, wrong: wrongIn(verdict) }
}

function wrongIn(verdict: Verdict): string {
  if (verdict.kind === 'crash') return verdict.message
  if (verdict.kind === 'refused')
    return verdict.message.length > 300 ? `${verdict.message.length} characters` : ''
  const torn = verdict.tensors.find(({ shape, values }) => sizeOf(shape) !== values.length)
  return torn ? `${torn.values.length} values of shape [${torn.shape}]` : ''
}

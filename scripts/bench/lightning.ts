/** A PyTorch Lightning checkpoint of latent diffusion, of any size, written as a stream: random weights, raw and averaged. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { normal } from '../../lib/math/rng'
import { crc32 } from '../../lib/tensor/crc32'
import { rowMajorStrides } from '../../lib/tensor/strided'
import { sizeOf } from '../../lib/tensor/tensor'
import { op, tensorOps } from '../../tests/unit/tensor/archive'
import { concat, little } from '../../tests/unit/tensor/fixture'

/** Normal values that all tensors are cut from, one after the other again where a tensor is longer. */
const pool = 2 ** 24

/**
 * Writes {state_dict: {model.diffusion_model.NAME, model_ema.NAME without dots}} as torch.save does, F32, the second half if
 * it is wanted; the bytes written.
 */
export function writeLightning(
  path: string,
  shapes: readonly [name: string, shape: number[]][],
  { averaged }: { averaged: boolean },
): number {
  const longest = Math.max(...shapes.map(([, shape]) => sizeOf(shape)))
  const values = new Float32Array(pool + longest)
  values.set(normal(1, 0, new Float32Array(pool)).map((v) => v * 0.05))
  for (let at = pool; at < values.length; at += pool) values.copyWithin(at, 0, pool)
  const bytes = new Uint8Array(values.buffer)
  const tensors = [
    ...shapes.map(([name, shape]) => [`model.diffusion_model.${name}`, shape] as const),
    ...(averaged ? shapes : []).map(
      ([name, shape]) => [`model_ema.diffusion_model${name.replaceAll('.', '')}`, shape] as const,
    ),
  ]
  const file = openSync(path, 'w')
  const directory: Uint8Array[] = []
  let at = 0
  const put = (data: Uint8Array) => {
    writeSync(file, data)
    at += data.length
  }
  const member = (name: string, data: Uint8Array) => {
    const encoded = new TextEncoder().encode(name)
    const facts = concat(
      ...[little(0, 2), little(0, 2), little(0, 4), little(crc32(data), 4), little(data.length, 4)],
      ...[little(data.length, 4), little(encoded.length, 2), little(0, 2)],
    )
    directory.push(
      concat('PK\x01\x02', little(20, 2), little(20, 2), facts, little(0, 10), little(at, 4), encoded),
    )
    put(concat('PK\x03\x04', little(20, 2), facts, encoded))
    put(data)
  }
  member('archive/data.pkl', pickleOf(tensors))
  for (const [i, [, shape]] of tensors.entries()) {
    const length = 4 * sizeOf(shape)
    const start = (i * 4 * 65537) % (4 * pool)
    member(`archive/data/${i}`, bytes.subarray(start, start + length))
  }
  const start = at
  for (const entry of directory) put(entry)
  const size = at - start
  put(
    concat(
      ...['PK\x05\x06', little(0, 4), little(directory.length, 2), little(directory.length, 2)],
      ...[little(size, 4), little(start, 4), little(0, 2)],
    ),
  )
  closeSync(file)
  return at
}

function pickleOf(tensors: (readonly [name: string, shape: number[]])[]): Uint8Array {
  const parts = tensors.map(([name, shape], i) =>
    Uint8Array.from([
      ...op.text(name),
      ...tensorOps({ key: String(i), numel: sizeOf(shape), shape, strides: rowMajorStrides(shape) }),
    ]),
  )
  const open = [...op.emptyDict, ...op.mark]
  return concat(
    Uint8Array.from([...op.proto, ...open, ...op.text('state_dict'), ...open]),
    ...parts,
    Uint8Array.from([...op.setItems, ...op.setItems, ...op.stop]),
  )
}

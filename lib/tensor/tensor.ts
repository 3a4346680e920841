import { InputError } from './error'

/** Element types as safetensors spells them. */
export type DType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL'

export const bytesPerElement: Record<DType, number> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
}

/** What a file says of a tensor before any of its bytes are read. Row-major. */
export type TensorInfo = { dtype: DType; shape: number[] }

/** A tensor in memory: row-major float32, whatever dtype it was stored in. */
export type Tensor = { shape: number[]; data: Float32Array }

/** Names are arbitrary text from files (`__proto__` included), hence a Map and never an object. */
export type TensorMap = Map<string, Tensor>

/** Bytes that can be read by slice: a dropped File, an open file on disk, a buffer. */
export type ByteSource = {
  /** The name its owner knows it by; appears in errors. */
  name: string
  size: number
  /** Bytes [start, end). Throws an InputError if the range leaves the source. */
  read(start: number, end: number): Promise<Uint8Array>
}

export type PlainValue = number | string | boolean

/** An opened checkpoint: the directory is known, tensors are read one by one. */
export type TensorFile = {
  name: string
  container: 'safetensors' | 'safetensors-sharded' | 'torch-zip' | 'torch-legacy' | 'npy' | 'npz'
  /**
   * Tensors in the order of the file. In a torch file that is no plain state dict, a name is the path of keys and list
   * indices that leads to the tensor: `state_dict/model.diffusion_model.out.2.weight`, `4/conv_in.weight`.
   */
  tensors: Map<string, TensorInfo>
  /** safetensors `__metadata__`; empty elsewhere. */
  metadata: Map<string, string>
  /** Plain values of a torch file by their paths (`global_step`, `3`); empty elsewhere. */
  values: Map<string, PlainValue>
  /** Of a checkpoint in shards: the one file that holds the same, which is what it is hashed and stored as. */
  joined?: Joined
  /** Reads one tensor and converts it to float32. Throws an InputError for an unknown name. */
  read(name: string): Promise<Tensor>
}

/** A file made of others: a header, then bytes [start, end) of each, in this order. */
export type Joined = { header: Uint8Array; parts: { name: string; start: number; end: number }[] }

/** Most axes a tensor may have, as in PyTorch and NumPy. */
export const maxRank = 64

/** Number of elements of a shape; 1 for a scalar (shape []). */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1)
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i])
}

/** A ByteSource over bytes already in memory. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(start, end) {
      if (start < 0 || end > bytes.length || start > end) throw outOfRange(name, start, end, bytes.length)
      return bytes.subarray(start, end)
    },
  }
}

/** A ByteSource over a browser File or Blob; nothing is read until asked for. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    async read(start, end) {
      if (start < 0 || end > blob.size || start > end) throw outOfRange(name, start, end, blob.size)
      try {
        return new Uint8Array(await blob.slice(start, end).arrayBuffer())
      } catch {
        // A dropped File only refers to the disk: browsers refuse to read it once it was changed or removed.
        throw new InputError({
          file: name,
          problem: 'it can no longer be read',
          remedy: 'It may have been changed or moved: choose it again.',
          code: 'not_found',
        })
      }
    },
  }
}

export function outOfRange(name: string, start: number, end: number, size: number): InputError {
  return new InputError({
    file: name,
    problem: `bytes ${start} to ${end} are needed, the file has ${size}`,
    remedy: 'It looks truncated: download or copy it again.',
    code: 'truncated',
  })
}

export function noSuchTensor(file: string, name: string): InputError {
  return new InputError({
    file,
    item: name,
    problem: 'there is no such tensor',
    remedy: 'Choose one of the names the file lists.',
    code: 'missing_tensor',
  })
}

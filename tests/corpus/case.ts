/** What every reader must make of a file: all of its tensors, value by value, or a refusal with the right words. */

export type ExpectedTensor = { name: string; dtype: string; shape: number[]; values: ArrayLike<number> }

export type Case = {
  /** Its name, which readers do not go by. */
  file: string
  /** Equal on every machine. */
  bytes(): Uint8Array
} & ({ tensors: ExpectedTensor[] } | { says: string })

/** A file that is refused, in words that contain `says`. */
export function refused(file: string, says: string, bytes: () => Uint8Array): Case {
  return { file, says, bytes }
}

/** A file that is read, with these tensors in this order. */
export function read(file: string, tensors: ExpectedTensor[], bytes: () => Uint8Array): Case {
  return { file, tensors, bytes }
}

export function t(
  name: string,
  shape: number[],
  values: ArrayLike<number>,
  dtype: string = 'F32',
): ExpectedTensor {
  return { name, dtype, shape, values }
}

/** NumPy arrays whose header is any text. */
import { concat, latin1, little, type Part, utf8 } from './bytes'

export type NpyHeader = { descr?: string; fortran?: string; shape?: string }

/** The dict literal numpy.save writes; values are pasted as Python. */
export function npyHeader({ descr = "'<f4'", fortran = 'False', shape = '(2, 3)' }: NpyHeader = {}): string {
  return `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }`
}

/** `length` overrides the header length; `version` 1 has two bytes for it, later ones four. */
export function npy(
  head: string,
  data: Part,
  { version = 1, length }: { version?: number; length?: number } = {},
): Uint8Array {
  const width = version === 1 ? 2 : 4
  const padded = utf8(`${head.padEnd(Math.ceil((head.length + 9 + width) / 64) * 64 - 9 - width)}\n`)
  return concat(latin1('\x93NUMPY'), [version, 0], little(length ?? padded.length, width), padded, data)
}

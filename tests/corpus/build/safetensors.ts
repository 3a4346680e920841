/** A safetensors file whose header is any text and whose length field any number. */
import { concat, little, type Part, utf8 } from './bytes'

/** `length` overrides the length field. */
export function safetensors(header: Part, data: Part = '', length?: bigint): Uint8Array {
  const text = typeof header === 'string' ? utf8(header) : concat(header)
  return concat(little(length ?? text.length, 8), text, data)
}

/** The JSON of one tensor of the header; the shape and the offsets are pasted as they are. */
export function entry(name: string, dtype: string, shape: unknown[], offsets: unknown[]): string {
  return `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${offsets}]}`
}

export function header(...entries: string[]): string {
  return `{${entries.join(',')}}`
}

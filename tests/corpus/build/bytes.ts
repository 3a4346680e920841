/** Bytes put together by hand. */

/** Text stands for its UTF-8. */
export type Part = Uint8Array | readonly number[] | string

export function concat(...parts: readonly Part[]): Uint8Array {
  const all = parts.map((part) =>
    typeof part === 'string' ? utf8(part) : part instanceof Uint8Array ? part : Uint8Array.from(part),
  )
  const out = new Uint8Array(all.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of all) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** One byte per character. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0))
}

/** n as a little-endian integer of so many bytes; negative ones in two's complement. */
export function little(n: number | bigint, bytes: number): number[] {
  if (bytes <= 4 && typeof n === 'number')
    return Array.from({ length: bytes }, (_, i) => (n >>> (8 * i)) & 0xff)
  const whole = BigInt.asUintN(8 * bytes, BigInt(n))
  return Array.from({ length: bytes }, (_, i) => Number((whole >> BigInt(8 * i)) & 0xffn))
}

/** Bytes of any typed array. */
export function raw(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
}

/** Little-endian float32. */
export function f32(...values: number[]): Uint8Array {
  return raw(Float32Array.from(values))
}

/** `bytes` with the bits of `mask` flipped at one place; counted from the end if negative. */
export function flipped(bytes: Uint8Array, at: number, mask = 0x55): Uint8Array {
  const out = bytes.slice()
  const place = at < 0 ? bytes.length + at : at
  out[place] = out[place]! ^ mask
  return out
}

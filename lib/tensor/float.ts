/**
 * Stored bytes <-> float32. Bytes are little-endian, as in every container read here, and so is every machine
 * this runs on; they may start at any address, because safetensors does not align its data.
 */
import { bytesPerElement, type DType } from './tensor'

/**
 * Float32 values of `bytes`, which hold whole elements of `dtype`. F32 keeps every bit, NaN payloads too. A copy, unless the
 * bytes are F32 and have a buffer to themselves: a large layer need not be in memory twice.
 */
export function toFloat32(dtype: DType, bytes: Uint8Array): Float32Array {
  const n = bytes.length / bytesPerElement[dtype]
  if (!Number.isInteger(n)) throw new RangeError(`${bytes.length} bytes are not whole ${dtype} elements`)
  if (dtype === 'F32' && bytes.byteLength === bytes.buffer.byteLength) return new Float32Array(bytes.buffer)
  const out = new Float32Array(n)
  if (dtype === 'F32') {
    new Uint8Array(out.buffer).set(bytes)
    return out
  }
  const { buffer, byteOffset } = aligned(bytes, bytesPerElement[dtype])
  switch (dtype) {
    case 'F64':
      out.set(new Float64Array(buffer, byteOffset, n))
      break
    case 'F16':
      widen(new Uint16Array(buffer, byteOffset, n), out, (h) => halves()[h]!)
      break
    case 'BF16':
      widen(new Uint16Array(buffer, byteOffset, n), out, (b) => b << 16)
      break
    case 'I64': {
      const x = new BigInt64Array(buffer, byteOffset, n)
      for (let i = 0; i < n; i++) out[i] = nearest(x[i]!)
      break
    }
    case 'I32':
      out.set(new Int32Array(buffer, byteOffset, n))
      break
    case 'I16':
      out.set(new Int16Array(buffer, byteOffset, n))
      break
    case 'I8':
      out.set(new Int8Array(buffer, byteOffset, n))
      break
    case 'U8':
      out.set(bytes)
      break
    case 'BOOL':
      for (let i = 0; i < n; i++) out[i] = bytes[i] === 0 ? 0 : 1
      break
  }
  return out
}

/**
 * Bytes of `data` stored as `dtype`. Floats round to the nearest, ties to even; F16 and BF16 overflow to infinity.
 * Throws a RangeError for a value an integer dtype cannot hold exactly.
 */
export function fromFloat32(dtype: DType, data: Float32Array): Uint8Array {
  const n = data.length
  const bytes = new Uint8Array(n * bytesPerElement[dtype])
  const { buffer } = bytes
  switch (dtype) {
    case 'F32':
      bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      break
    case 'F64':
      new Float64Array(buffer).set(data)
      break
    case 'F16':
      narrow(data, new Uint16Array(buffer), half)
      break
    case 'BF16':
      narrow(data, new Uint16Array(buffer), brain)
      break
    case 'I64': {
      const out = new BigInt64Array(buffer)
      for (let i = 0; i < n; i++) out[i] = BigInt(whole(data[i]!, dtype, -(2 ** 63), 2 ** 63 - 1024))
      break
    }
    case 'I32':
      fill(new Int32Array(buffer), data, dtype, -(2 ** 31), 2 ** 31 - 1)
      break
    case 'I16':
      fill(new Int16Array(buffer), data, dtype, -32768, 32767)
      break
    case 'I8':
      fill(new Int8Array(buffer), data, dtype, -128, 127)
      break
    case 'U8':
      fill(bytes, data, dtype, 0, 255)
      break
    case 'BOOL':
      fill(bytes, data, dtype, 0, 1)
      break
  }
  return bytes
}

/** A copy with the bytes of each element reversed: big-endian to little-endian and back. */
export function swapBytes(bytes: Uint8Array, bytesPerElement: number): Uint8Array {
  const out = new Uint8Array(bytes.length)
  for (let i = 0; i < bytes.length; i += bytesPerElement)
    for (let j = 0; j < bytesPerElement; j++) out[i + j] = bytes[i + bytesPerElement - 1 - j]!
  return out
}

/** The same bytes at an address a typed array may start at; copied only if they are not there already. */
function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : bytes.slice()
}

/** Works on bit patterns: passing NaNs through float variables could change their payload. */
function widen(from: Uint16Array, to: Float32Array, bits: (x: number) => number): void {
  const out = new Uint32Array(to.buffer)
  for (let i = 0; i < from.length; i++) out[i] = bits(from[i]!)
}

function narrow(from: Float32Array, to: Uint16Array, bits: (x: number) => number): void {
  const x = new Uint32Array(from.buffer, from.byteOffset, from.length)
  for (let i = 0; i < x.length; i++) to[i] = bits(x[i]!)
}

function fill(
  out: Int32Array | Int16Array | Int8Array | Uint8Array,
  data: Float32Array,
  dtype: DType,
  lo: number,
  hi: number,
): void {
  for (let i = 0; i < out.length; i++) out[i] = whole(data[i]!, dtype, lo, hi)
}

function whole(x: number, dtype: DType, lo: number, hi: number): number {
  if (!Number.isInteger(x) || x < lo || x > hi) throw new RangeError(`${x} cannot be stored as ${dtype}`)
  return x
}

/** Beyond 2^53 a sticky bit stands for the bits a double would round away, so that float32 rounds once, not twice. */
function nearest(x: bigint): number {
  if (-(2n ** 53n) <= x && x <= 2n ** 53n) return Number(x)
  return Number((x & ~0x7ffn) | ((x & 0x7ffn) === 0n ? 0n : 0x800n))
}

let halfTable: Uint32Array | undefined

/** Float32 bit pattern of each of the 65,536 halves, made at first use. */
function halves(): Uint32Array {
  halfTable ??= Uint32Array.from({ length: 65536 }, (_, h) => halfBits(h))
  return halfTable
}

function halfBits(h: number): number {
  const sign = (h & 0x8000) << 16
  const exponent = (h >> 10) & 31
  const fraction = h & 0x3ff
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13)
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13)
  if (fraction === 0) return sign
  const shift = Math.clz32(fraction) - 21 // brings the leading one of a subnormal to bit 10
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)
}

/** Half nearest to the float32 with bits x. */
function half(x: number): number {
  const sign = (x >>> 16) & 0x8000
  const magnitude = x & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff)
  if (magnitude >= 0x477ff000) return sign | 0x7c00 // 65520 and above
  if (magnitude <= 0x33000000) return sign // up to 2^-25, the tie included
  if (magnitude >= 0x38800000) return sign | roundedShift(magnitude - 0x38000000, 13)
  const fraction = (magnitude & 0x7fffff) | 0x800000
  return sign | roundedShift(fraction, 126 - (magnitude >>> 23)) // subnormal: multiples of 2^-24
}

/** bfloat16 nearest to the float32 with bits x. */
function brain(x: number): number {
  if ((x & 0x7fffffff) > 0x7f800000) return (x >>> 16) | 0x40
  return (x + 0x7fff + ((x >>> 16) & 1)) >>> 16
}

/** x / 2^shift to the nearest integer, ties to even. A carry into the exponent is the right next number. */
function roundedShift(x: number, shift: number): number {
  const q = x >>> shift
  const rest = x & ((1 << shift) - 1)
  const tie = 1 << (shift - 1)
  return rest > tie || (rest === tie && q & 1) ? q + 1 : q
}

/** Bytes of a packed checkpoint as its file has them, by what they are spent on. */
import { bytesPerElement, sizeOf, type TensorInfo } from '../tensor/tensor'

export type PackedParts = {
  /** Planes of the first basis. */
  sign: number
  secondBasis: number
  /** Codes of layers kept at 8 bits. */
  eightBit: number
  /** sigma1, sigma2, steps of 8-bit weights. */
  scales: number
  /** LSQ steps of inputs. */
  alpha: number
  /** Kept layers, biases, norms. */
  floats: number
  /** Axes of low-rank mimicking. */
  axes: number
  /** Names, shapes, manifest, settings. */
  header: number
}

/** How the names of a packed file end, by part; other tensors are floats. */
const endings: [keyof PackedParts, RegExp][] = [
  ['sign', /\.plane1$/],
  ['secondBasis', /\.plane2$/],
  ['eightBit', /\.codes$/],
  ['scales', /\.(sigma[12]|step)$/],
  ['alpha', /\.alpha$/],
  ['axes', /^lrm\..*\.axes$/],
]

/** The parts of a file of `bytes` bytes with these tensors; they add up to it. */
export function packedParts(tensors: ReadonlyMap<string, TensorInfo>, bytes: number): PackedParts {
  const parts: PackedParts = {
    sign: 0,
    secondBasis: 0,
    eightBit: 0,
    scales: 0,
    alpha: 0,
    floats: 0,
    axes: 0,
    header: bytes,
  }
  for (const [name, { dtype, shape }] of tensors) {
    const size = sizeOf(shape) * bytesPerElement[dtype]
    const part = endings.find(([, ending]) => ending.test(name))?.[0] ?? 'floats'
    parts[part] += size
    parts.header -= size
  }
  return parts
}

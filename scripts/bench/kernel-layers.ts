/** The layers a kernel is measured and checked on, and who takes part. */

export type BenchLayer = {
  name: string
  channels: number
  outputs: number
  kernel: 1 | 3
  /** Height and width. */
  size: number
}

function layer(kernel: 1 | 3, size: number, channels: number, outputs: number): BenchLayer {
  const name = `${kernel}x${kernel} ${size}x${size} ${channels}->${outputs}`
  return { name, channels, outputs, kernel, size }
}

/** Those of the U-Nets people binarize, from the largest image to the smallest. */
export const timedLayers: readonly BenchLayer[] = [
  layer(3, 32, 128, 128),
  layer(3, 16, 256, 256),
  layer(3, 8, 256, 256),
  layer(3, 4, 256, 256),
  layer(3, 32, 64, 64),
  layer(1, 16, 256, 768),
]

/** A layer whose integers are checked and not timed. `constant` sets every input; its weights then are all +1. */
export type CheckedCase = BenchLayer & { constant?: number }

/** 4608 products of the largest size, which 16 bits do not hold, and channels that fill no vector. */
export const checkedCases: readonly CheckedCase[] = [
  { ...layer(3, 8, 512, 64), constant: 7 },
  { ...layer(3, 8, 512, 64), constant: -8 },
  layer(3, 8, 512, 64),
  layer(3, 6, 3, 5),
  layer(3, 6, 21, 37),
  layer(1, 6, 17, 70),
]

export const macs = ({ channels, outputs, kernel, size }: BenchLayer): number =>
  channels * outputs * kernel ** 2 * size ** 2

export const contestants = [
  'one-bit',
  'one-bit-two-bases',
  'one-bit-strict',
  'tfjs-wasm-fp32',
  'ort-fp32',
  'ort-uint8',
] as const
export type ContestantName = (typeof contestants)[number]
